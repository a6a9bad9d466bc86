// Typed text that could not be saved is kept in this browser (R77): sealed with a key that only a page of the
// signed-in person has, and no longer than a day. Runs on every page, so that what is over goes with whoever
// opens the next one.
const PREFIX = 'kept/';
const LONGEST = 24 * 60 * 60 * 1000;

const bytesOf = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
const textOf = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
const imported = (key, use) => crypto.subtle.importKey('raw', bytesOf(key), 'AES-GCM', false, [use]);
// Bound to its place: what is moved under another name does not open.
const suite = (name, iv) => ({ name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(name) });

// One after the other, so that nothing begun earlier writes what was forgotten since.
let last = Promise.resolve();
const inTurn = (work) => (last = last.then(work).catch(() => null));

const drop = (isOver) => {
  for (const name of Object.keys(localStorage)) {
    if (name.startsWith(PREFIX) && isOver(localStorage.getItem(name))) localStorage.removeItem(name);
  }
};
// What has no time in front was written by an older version, in the open.
const isOld = (value) => !(Math.abs(Date.now() - Number(value.split('.')[0])) < LONGEST);

globalThis.kept = {
  keep: (key, name, text) =>
    inTurn(async () => {
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const plain = new TextEncoder().encode(text);
      const sealed = await crypto.subtle.encrypt(suite(name, iv), await imported(key, 'encrypt'), plain);
      localStorage.setItem(name, [Date.now(), textOf(iv), textOf(new Uint8Array(sealed))].join('.'));
    }),
  find: (key, name) =>
    inTurn(async () => {
      const value = localStorage.getItem(name);
      if (value === null || isOld(value)) return null;
      const [, iv, sealed] = value.split('.');
      const how = suite(name, bytesOf(iv));
      return new TextDecoder().decode(
        await crypto.subtle.decrypt(how, await imported(key, 'decrypt'), bytesOf(sealed)),
      );
    }),
  forget: (name) => inTurn(() => localStorage.removeItem(name)),
};

const tidy = () => inTurn(() => drop(isOld));
tidy();
setInterval(tidy, 10 * 60 * 1000);
// The answer to 退出 clears the storage as well; browsers that do not know how are left with nothing either.
addEventListener('submit', (event) => {
  if (event.target.getAttribute('action') === '/auth/logout') inTurn(() => drop(() => true));
});
