// A person who uses the platform by requests alone, without a browser: cookies, sign-in, and what `desk()` offers.
import { request } from '@playwright/test';
import { desk } from './desk.mjs';

/** Signs an invented person in, see `person()`. Close `context` with `dispose()`. */
export async function signedIn(baseURL, who) {
  const context = await request.newContext({ baseURL, extraHTTPHeaders: { origin: baseURL } });
  const choice = await (await context.get('/auth/login?next=/')).text();
  const hidden = [...choice.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)];
  const form = Object.fromEntries(hidden.map(([, name, value]) => [name, value.replaceAll('&amp;', '&')]));
  const answer = await context.post('/idp/authorize', {
    form: { ...form, identity: 'other', name: who.name, phone_number: who.mobile, id_number: who.idNumber },
  });
  if (!answer.ok() || new URL(answer.url()).pathname.startsWith('/idp')) {
    throw new Error(`nobody was signed in: ${answer.status()} at ${new URL(answer.url()).pathname}`);
  }
  return { context, ...desk({ request: context }, baseURL) };
}
