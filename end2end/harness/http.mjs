// A person who uses the platform by requests alone, without a browser: cookies, sign-in, and what `desk()` offers.
import { request } from '@playwright/test';
import { desk } from './desk.mjs';

/** Signs a person in, see `person()` or the name of a sample person. Close `context` with `dispose()`. */
export async function signedIn(baseURL, who) {
  const context = await request.newContext({ baseURL, extraHTTPHeaders: { origin: baseURL } });
  await signInBy(context, who);
  return { context, ...desk({ request: context }, baseURL) };
}

/** What a browser would send as the `cookie` of the signed-in. */
export async function cookieOf(context) {
  const { cookies } = await context.storageState();
  return cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
}

/** Sends what a browser sends when a person signs in, and follows where it is led; the cookies stay in the context. */
export async function signInBy(context, who) {
  const page = await context.get('/auth/login?next=/');
  const html = await page.text();
  const hidden = [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)];
  const asked = Object.fromEntries(hidden.map(([, name, value]) => [name, value.replaceAll('&amp;', '&')]));
  const answer = await context.post('/idp/authorize', {
    form: { ...asked, ...identityOf(html, who) },
    headers: { origin: new URL(page.url()).origin },
  });
  const { pathname } = new URL(answer.url());
  if (!answer.ok() || /^\/(idp|auth)\//.test(pathname)) throw new Error(`nobody was signed in: ${answer.status()} at ${pathname}`);
}

/** A sample person is a button of the provider's page; whoever is made up is typed in. */
function identityOf(html, who) {
  if (typeof who !== 'string') return { identity: 'other', name: who.name, phone_number: who.mobile, id_number: who.idNumber };
  const buttons = [...html.matchAll(/name="identity" value="([^"]+)"><b>([^<]+)<\/b>/g)];
  const found = buttons.find(([, , name]) => name === who);
  if (!found) throw new Error(`the provider does not know ${who}`);
  return { identity: found[1] };
}
