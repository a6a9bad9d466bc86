// From one step of a form to another without a new page. The server draws the next page as always; its main part takes
// the place of this one's, and address, way back, title and focus follow. What is no page of the same form, and
// whatever goes wrong, is left to the browser.
{
  const main = () => document.getElementById('main');
  const islandsIn = (part) => [...part.querySelectorAll('leptos-island')];
  const placeOf = ({ pathname, search }) => pathname + search;
  // `/website/new` of `/website/new/site`.
  const formOf = ({ origin, pathname }) => /^\/\w+\/(new|change)(?=\/|$)/.test(pathname) && origin + pathname.split('/', 3).join('/');
  const isOfThisForm = (url) => Boolean(formOf(url)) && formOf(url) === formOf(location);
  // Scripts and style carry their hash: a newer release needs a whole page.
  const releaseOf = (page) =>
    [...page.head.querySelectorAll('script, link')].map((part) => part.getAttribute('src') ?? part.getAttribute('href') ?? part.textContent).join();

  let here = placeOf(location);
  // The draft that was made on this page: what was drawn or visited before does not know it.
  let draft = null;
  let visits = 0;
  // When a page came in the place of another.
  let shown = -Infinity;

  // Where a page begins for whoever does not see it: where an address points to, what asks for it, the step, the title.
  // A page that comes in the place of itself, with a dialog or without, stays where it was.
  const arrive = (hash, top) => {
    const target = hash && document.getElementById(decodeURIComponent(hash.slice(1)));
    const at = [target, ...['[autofocus]', '[aria-current=step]', 'h1'].map((part) => main().querySelector(part))].find(Boolean);
    if (at?.matches('h1')) at.tabIndex = -1;
    at?.focus({ preventScroll: true });
    return target ? target.scrollIntoView({ block: 'center' }) : scrollTo(0, top);
  };

  // Here, and on no way to anywhere.
  const rest = () => {
    visits += 1;
    main().inert = false;
    main().removeAttribute('aria-busy');
  };

  const visit = async (href, isBack) => {
    const url = new URL(href, location);
    const isBefore = isOfThisForm(url) && !['draft', 'fresh'].some((known) => url.searchParams.has(known));
    if (draft && isBefore) url.search = `?draft=${draft}`;
    const load = () => {
      rest();
      return isBack ? location.reload() : location.assign(url);
    };
    if (!isOfThisForm(url) || !globalThis.islands) return load();
    const own = (visits += 1);
    // What would be typed now would be lost.
    main().inert = true;
    main().setAttribute('aria-busy', 'true');
    const answer = await fetch(url, { headers: { accept: 'text/html' } }).catch(() => null);
    const text = await answer?.text().catch(() => '');
    // Overtaken by a later press.
    if (own !== visits) return;
    const page = new DOMParser().parseFromString(text ?? '', 'text/html');
    const next = page.getElementById('main');
    const isKnown = next && islandsIn(next).every((island) => islands[island.dataset.component]);
    if (!answer?.ok || !isKnown || releaseOf(page) !== releaseOf(document) || !isOfThisForm(new URL(answer.url))) return load();

    const address = answer.url + url.hash;
    const isSame = new URL(address).pathname === new URL(here, location).pathname;
    const top = isBack ? (history.state?.top ?? 0) : isSame ? scrollY : 0;
    if (isBack) {
      history.replaceState(history.state, '', address);
    } else {
      history.replaceState({ top: scrollY }, '');
      history.pushState(null, '', address);
    }
    here = placeOf(location);
    document.title = page.title;
    // What was focused tells the form that it is left, which must be there to hear it.
    const before = main();
    before.replaceWith(next);
    dispatchEvent(new Event('left'));
    // An island keeps hold of the place where it ends, and with that of everything around.
    for (const part of [...before.querySelectorAll('form.form'), before]) part.replaceChildren();
    arrive(url.hash, top);
    shown = performance.now();
    for (const island of islandsIn(next)) islands[island.dataset.component](island);
  };

  // The form may have something to save first; it calls what it is given, with whether it is saved.
  const leave = (go) => {
    if (dispatchEvent(new CustomEvent('leaving', { cancelable: true, detail: go }))) go(true);
  };

  globalThis.steps = {
    visit,
    // A draft goes out while the page is left for good. Nobody waits for the answer.
    send: (draft) => {
      const headers = { 'content-type': 'application/json' };
      fetch('/api/save_draft', { method: 'POST', keepalive: true, headers, body: `{"draft":${draft}}` }).catch(() => null);
    },
    // The page that is here has another address from now on.
    rename: (href) => {
      const url = new URL(href, location);
      draft = url.searchParams.get('draft');
      for (const link of main().querySelectorAll('.steps a')) link.href = `${link.dataset.step}${url.search}`;
      if (placeOf(location) !== here) return;
      history.replaceState(history.state, '', href);
      here = placeOf(location);
    },
  };

  const follow = (event, href) => {
    const url = new URL(href, location);
    if (event.defaultPrevented || !isOfThisForm(url) || placeOf(url) === here) return;
    event.preventDefault();
    leave((isSaved) => isSaved && visit(url));
  };
  // The second press of a double one belongs to the page that was pressed first.
  const LEAVES = '[name=go]:is([value=next], [value=previous], [value=submit])';
  addEventListener(
    'click',
    (event) => {
      if (event.detail > 1 && performance.now() - shown < 600 && event.target.closest?.(LEAVES)) event.preventDefault();
    },
    true,
  );
  addEventListener('click', (event) => {
    const link = event.target.closest?.('#main a[href]');
    const isPlain = !(event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (link && isPlain && !link.target && !link.hasAttribute('download')) follow(event, link.href);
  });
  addEventListener('submit', (event) => {
    const { target: form, submitter } = event;
    // Controls may be called as its properties are.
    if (/^post$/i.test(form.getAttribute('method'))) return;
    const url = new URL(form.getAttribute('action') ?? '', location);
    url.search = new URLSearchParams(new FormData(form, submitter));
    follow(event, url);
  });
  // A dialog is part of the address: closed by Escape it goes from there, and the focus back to what opened it.
  addEventListener(
    'close',
    ({ target: dialog }) => {
      const url = new URL(location);
      if (dialog.open || !dialog.closest('#main') || !formOf(url) || placeOf(url) !== here) return;
      const opener = document.querySelector(`[name=go][value="find:${CSS.escape(url.searchParams.get('find') ?? '')}"]`);
      for (const known of [...url.searchParams.keys()]) if (!['draft', 'record', 'fresh'].includes(known)) url.searchParams.delete(known);
      history.replaceState(history.state, '', url);
      here = placeOf(location);
      opener?.focus();
    },
    true,
  );
  // What the browser kept of a page does not know what was saved on leaving it.
  addEventListener('pageshow', ({ persisted }) => persisted && formOf(location) && location.reload());
  // Addresses that differ in what follows `#` alone are of one page.
  addEventListener('popstate', () => {
    if (placeOf(location) === here) return rest();
    const url = location.href;
    // Unsaved text is kept in this browser, and is there again on coming back.
    leave(() => visit(url, true));
  });
}
