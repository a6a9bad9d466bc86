// What the measurements in a browser share: who looks at which page, and reading the browser's trace.
import { chromium } from '@playwright/test';
import { pathToFileURL } from 'node:url';
import { startServer } from '../harness/server.mjs';
import { person, signInAs } from '../harness/test.mjs';
import { desk, siteOf, subjectOf } from '../harness/desk.mjs';

/** A processor of a cheap telephone, as Lighthouse takes it. */
export const SLOWDOWN = 4;

/** Somebody who is signed in, with a page of their own. */
export async function visitor(server, browser, name, script) {
  const page = await (await browser.newContext({ baseURL: server.url, locale: 'zh-CN' })).newPage();
  if (script) await page.addInitScript(script);
  const who = person(name);
  await signInAs(page, who);
  return { page, who, browser };
}

/** Somebody with the draft of a website that has 50 domains and 50 addresses. */
export async function longSite(server, browser, script) {
  const known = await visitor(server, browser, '量测人', script);
  const own = desk(known.page, server.url);
  await own.fileSubject(subjectOf(known.who, await own.send()));
  const domains = Array.from({ length: 50 }, (_, at) => `site${at}.example-bench.cn`);
  const draft = await own.save('website_new', 'site', undefined, {
    ...siteOf('example-bench.cn'),
    'site.other_domains': domains,
    'site.home_urls': domains.map((domain) => `https://${domain}/`),
  });
  return { known, draft };
}

/** The outermost events of a name in a thread's trace, in their order: one task may run inside another's time. */
export function tasksIn(events, name) {
  const all = events.filter((event) => event.ph === 'X' && name.test(event.name));
  all.sort((one, other) => one.ts - other.ts || other.dur - one.dur);
  let end = -Infinity;
  return all.filter((event) => event.ts >= end && ((end = event.ts + event.dur), true));
}

/** Milliseconds of the slow processor. */
export const timeOf = (event) => (SLOWDOWN * (event.tdur ?? event.dur)) / 1000;

const sorted = (all) => all.toSorted((one, other) => one - other);
export const share = (all, part) => sorted(all)[Math.min(all.length - 1, Math.floor(all.length * part))];
export const median = (all) => share(all, 0.5);

/** Whether the module is the program that was called. */
export const isMain = ({ url }) => url === pathToFileURL(process.argv[1] ?? '').href;

/** Measures with a server and a browser of its own. */
export async function standalone(measure) {
  const server = await startServer({});
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox', '--disable-background-networking'] });
  try {
    await measure({ server, browser });
  } finally {
    await browser.close();
    await server.stop();
  }
}
