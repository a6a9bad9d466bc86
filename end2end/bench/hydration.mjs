// What a page's scripts take of the browser's main thread until it reacts, on a processor slowed down four times: all scripts
// (wasm with them) from the first of the page until it is hydrated; all tasks meanwhile, in which the browser also draws what
// it was sent; the longest of them; and what comes after that, a first key among it. It is the processor's time at full speed,
// four times: the browser's own slowing down counts what other programs take. It prints the figures; it is no test, as they depend on the machine. After `make build` and a build of the
// server: SERVER_BIN=… SITE_DIR=… CHROMIUM=… node bench/hydration.mjs
import { chromium } from '@playwright/test';
import { setTimeout as pause } from 'node:timers/promises';
import { startServer } from '../harness/server.mjs';
import { person, signInAs } from '../harness/test.mjs';
import { desk, siteOf, subjectOf } from '../harness/desk.mjs';

const SLOWDOWN = 4;
const RUNS = Number(process.env.RUNS ?? 5);
const CATEGORIES = ['toplevel', 'devtools.timeline', 'blink.user_timing', 'v8', 'loading'];

const server = await startServer({});
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox', '--disable-background-networking'] });

// What tells the moment. It is the last thing the page's start does.
const MARK = "new MutationObserver(() => performance.mark('hydrated')).observe(document, { subtree: true, attributeFilter: ['data-hydrated'] }); performance.mark('begins')";

async function visitor(name) {
  const page = await (await browser.newContext({ baseURL: server.url, locale: 'zh-CN' })).newPage();
  await page.addInitScript(MARK);
  const who = person(name);
  await signInAs(page, who);
  return { page, who };
}

const middle = (all) => all.sort((one, other) => one - other)[Math.floor(all.length / 2)];

/** Tasks of the page's main thread in milliseconds of processor time: until it is hydrated, and after. */
function tasksOf(events) {
  const mark = (name) => events.filter((event) => event.name === name && event.cat.includes('user_timing')).at(-1);
  const [begins, hydrated] = [mark('begins'), mark('hydrated')];
  const own = (event) => event.pid === hydrated.pid && event.tid === hydrated.tid;
  const tasks = events.filter((event) => own(event) && event.ph === 'X' && event.name === 'ThreadControllerImpl::RunTask');
  // One task may run inside another's time.
  tasks.sort((one, other) => one.ts - other.ts || other.dur - one.dur);
  let end = -Infinity;
  const outer = tasks.filter((task) => task.ts >= end && ((end = task.ts + task.dur), true));
  const scripts = events.filter((event) => own(event) && event.ts > begins.ts && /^(v8.evaluateModule|EvaluateScript|v8.compileModule)$/.test(event.name));
  const first = Math.min(...scripts.map((event) => event.ts));
  const time = (task) => (SLOWDOWN * (task.tdur ?? task.dur)) / 1000;
  const SCRIPT = /^(v8\.(evaluateModule|compileModule|compile|wasm\.\w+)|EvaluateScript|FunctionCall|RunMicrotasks|TimerFire|BlinkScheduler_PerformMicrotaskCheckpoint)$/;
  const running = events.filter((event) => own(event) && event.ph === 'X' && SCRIPT.test(event.name) && event.ts >= first && event.ts <= hydrated.ts);
  running.sort((one, other) => one.ts - other.ts || other.dur - one.dur);
  let left = -Infinity;
  const script = running.filter((event) => event.ts >= left && ((left = event.ts + event.dur), true)).map(time);
  const before = outer.filter((task) => task.ts + task.dur > first && task.ts <= hydrated.ts).map(time);
  const after = outer.filter((task) => task.ts > hydrated.ts).map(time);
  return { script, before, after };
}

async function measure(name, { page }, path) {
  const runs = [];
  for (let run = 0; run < RUNS; run += 1) {
    await page.goto('about:blank');
    const client = await page.context().newCDPSession(page);
    await browser.startTracing(page, { categories: CATEGORIES });
    await page.goto(path, { waitUntil: 'commit' });
    // Nothing is asked of the page meanwhile: that would run in it.
    await pause(1500);
    await client.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key: 'Tab', code: 'Tab', windowsVirtualKeyCode: 9 });
    await client.send('Input.dispatchKeyEvent', { type: 'keyUp', key: 'Tab', code: 'Tab', windowsVirtualKeyCode: 9 });
    await pause(1500);
    const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
    await client.detach();
    runs.push(tasksOf(traceEvents));
  }
  const sum = (all) => all.reduce((total, one) => total + one, 0);
  const most = (all) => Math.max(0, ...all);
  const of = (figure) => middle(runs.map(figure)).toFixed(0).padStart(5);
  console.log(`${name}: until hydrated ${of((run) => sum(run.script))} ms of scripts, ${of((run) => sum(run.before))} of all tasks, longest ${of((run) => most(run.before))}; afterwards ${of((run) => sum(run.after))}, longest ${of((run) => most(run.after))}`);
}

const [known, fresh] = [await visitor('量测人'), await visitor('新来人')];
const own = desk(known.page, server.url);
await own.fileSubject(subjectOf(known.who, await own.send()));
const domains = Array.from({ length: 50 }, (_, at) => `site${at}.example-bench.cn`);
const draft = await own.save('website_new', 'site', undefined, {
  ...siteOf('example-bench.cn'),
  'site.other_domains': domains,
  'site.home_urls': domains.map((domain) => `https://${domain}/`),
});

console.log(`main thread on a processor slowed down ${SLOWDOWN}×, median of ${RUNS}, of the processor's time`);
await measure('/subject/new', fresh, '/subject/new');
await measure('/website/new/site, 50 domains and 50 addresses', known, `/website/new/site?draft=${draft.id}`);
await measure('/website/new/site', known, `/website/new/site?draft=`);
await measure('/lookup', fresh, '/lookup');
await browser.close();
await server.stop();
