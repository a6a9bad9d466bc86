// How long from a key to what it paints, in a website with 50 domains and 50 addresses, on a processor slowed down
// four times. It prints the figures; it is no test, as they depend on the machine. After `make build` and a build of the
// server: SERVER_BIN=… SITE_DIR=… CHROMIUM=… node bench/typing.mjs
import { chromium } from '@playwright/test';
import { startServer } from '../harness/server.mjs';
import { person, signInAs } from '../harness/test.mjs';
import { desk, siteOf, subjectOf } from '../harness/desk.mjs';

const SLOWDOWN = 4;
const KEYS = 60;

const server = await startServer({});
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox', '--disable-background-networking'] });
const page = await (await browser.newContext({ baseURL: server.url, locale: 'zh-CN' })).newPage();
const who = person('量测人');
await signInAs(page, who);
const own = desk(page, server.url);
await own.fileSubject(subjectOf(who, await own.send()));
const domains = Array.from({ length: 50 }, (_, at) => `site${at}.example-bench.cn`);
const draft = await own.save('website_new', 'site', undefined, {
  ...siteOf('example-bench.cn'),
  'site.other_domains': domains,
  'site.home_urls': domains.map((domain) => `https://${domain}/`),
});
await page.goto(`/website/new/site?draft=${draft.id}`);
await page.locator('body[data-hydrated]').waitFor();
const client = await page.context().newCDPSession(page);
await client.send('Emulation.setCPUThrottlingRate', { rate: SLOWDOWN });

/** Durations from the key to the next frame after it, in milliseconds. */
async function typed(label) {
  const field = page.getByLabel(label, { exact: true });
  await field.focus();
  await page.evaluate(() => {
    window.painted = [];
    addEventListener('keydown', (event) => {
      const since = event.timeStamp;
      requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => window.painted.push(performance.now() - since);
        channel.port2.postMessage(null);
      });
    }, { capture: true });
  });
  for (let key = 0; key < KEYS; key += 1) await page.keyboard.type('a', { delay: 60 });
  await page.waitForTimeout(300);
  const all = (await page.evaluate(() => window.painted)).sort((one, other) => one - other);
  const at = (share) => all[Math.min(all.length - 1, Math.floor(all.length * share))].toFixed(1);
  console.log(`${label}: ${all.length} keys, median ${at(0.5)} ms, p95 ${at(0.95)} ms, p98 ${at(0.98)} ms, most ${at(1)} ms`);
}

console.log(`from a key to its paint, processor slowed down ${SLOWDOWN}×, 50 domains and 50 addresses`);
for (const label of ['网站名称', '从域名', '网站访问地址']) {
  await page.reload();
  await page.locator('body[data-hydrated]').waitFor();
  await typed(label);
}
await browser.close();
await server.stop();
