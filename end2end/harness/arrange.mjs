// What a spec only needs to be there, made by `desk.mjs` without pages: a subject in force, a website of it, a
// decision, a code, a later hour. What a spec is about, it walks through the pages.
import { expect, request as playwright } from '@playwright/test';
import { decideAs, desk, peopleOf, siteOf, subjectOf, unitOf } from './desk.mjs';
import { signedIn } from './http.mjs';

/** Files 新增主体 for whoever is signed in on this page, as a unit or, without a name, as a person. */
export async function fileSubject(page, baseURL, person, name) {
  const own = desk(page, baseURL);
  const picture = await own.send();
  return own.fileSubject(name ? unitOf(person, picture, name) : subjectOf(person, picture));
}

/** Files 新办网站申请 for the current subject. */
export async function fileWebsite(page, baseURL, person, { name = '示例站', domain }) {
  const own = desk(page, baseURL);
  const picture = await own.send();
  return own.fileSite({ ...siteOf(domain), 'site.name': name }, peopleOf(person, picture));
}

/** Sessions of officers, by server and name: they need not sign in anew for every test. */
const sessions = new Map();

/** The officer's session of earlier, where it still counts: a person has so many, and the pages of tests made others. */
async function again(baseURL, storageState) {
  const request = await playwright.newContext({ baseURL, storageState });
  if ((await request.get('/sessions')).ok()) return request;
  await request.dispose();
  return undefined;
}

/** An officer without a browser, who decides what he is told; `request` is his. Close it after use. */
export async function officer(baseURL, name = '审核员东城') {
  const key = `${baseURL} ${name}`;
  let request = sessions.has(key) ? await again(baseURL, sessions.get(key)) : undefined;
  if (!request) {
    const { context } = await signedIn(baseURL, name);
    sessions.set(key, await context.storageState());
    await context.dispose();
    request = await playwright.newContext({ baseURL, storageState: sessions.get(key) });
  }
  return {
    request,
    decide: (filing, decision = 'approve', note = '') => decideAs({ request }, baseURL, filing, decision, { note }),
    close: () => request.dispose(),
  };
}

/** A subject and a website of it, both approved, of whoever is signed in on this page. */
export async function inForce(page, baseURL, person, { name, domain = `s${person.idNumber.slice(-6).toLowerCase()}${Date.now() % 1e6}.cn` } = {}) {
  const subject = await fileSubject(page, baseURL, person, name);
  const website = await fileWebsite(page, baseURL, person, { domain });
  const reviewer = await officer(baseURL);
  await reviewer.decide(subject);
  await reviewer.decide(website);
  await reviewer.close();
  const { ask } = desk(page, baseURL);
  const view = await ask('my_subject', {});
  const websites = await ask('records', { business: 'website', after: '' });
  return { subject: view.row.id, website: websites.rows[0].id, domain };
}

/** The codes sent to a number, as the telephone would show them (R72), the newest first. */
export async function codesSentTo(page, baseURL, mobile) {
  return (await messagesTo(page, baseURL, mobile)).map((text) => /验证码 (\d{6})/.exec(text)?.[1]).filter(Boolean);
}

/** The messages of /dev/outbox to this number, the newest first. */
export async function messagesTo(page, baseURL, mobile) {
  const html = await (await page.request.get(`${baseURL}/dev/outbox`)).text();
  return [...html.matchAll(/<tr>(.*?)<\/tr>/gs)].map((row) => row[1]).filter((row) => row.includes(mobile));
}

/**
 * Puts the clock of a server started with `env: { BEIAN_FORWARD_CLOCK: 'true' }` forward. Sessions end after
 * half an hour of rest: `awake` are pages whose people stay signed in meanwhile.
 */
export async function later(server, seconds, awake = []) {
  sessions.clear();
  const hop = awake.length > 0 ? 20 * 60 : seconds;
  for (let left = seconds; left > 0; left -= hop) {
    const response = await fetch(`${server.url}/dev/clock`, {
      method: 'POST',
      headers: { origin: server.url, 'content-type': 'application/x-www-form-urlencoded' },
      body: `seconds=${Math.min(left, hop)}`,
      redirect: 'manual',
    });
    expect(response.status).toBe(303);
    for (const page of awake) await page.request.get(`${server.url}/sessions`);
  }
}
