// What a page's scripts take of the browser's main thread until it reacts, on a processor slowed down four times: all scripts
// (wasm with them) from the first of the page until it is hydrated; all tasks meanwhile, in which the browser also draws what
// it was sent; the longest of them; and what comes after that, a first key among it. It is the processor's time at full
// speed, four times: the browser's own slowing down counts what other programs take. It prints the figures; it is no test, as
// they depend on the machine. After `make build` and a build of the server:
// SERVER_BIN=… SITE_DIR=… CHROMIUM=… node bench/hydration.mjs
import { setTimeout as pause } from 'node:timers/promises';
import { isMain, longSite, median, SLOWDOWN, standalone, tasksIn, timeOf, visitor } from './browser.mjs';

/** So often each page is begun. */
const RUNS = Number(process.env.RUNS ?? 9);
const CATEGORIES = ['toplevel', 'devtools.timeline', 'blink.user_timing', 'v8', 'loading'];

// What tells the moment. It is the last thing the page's start does.
const MARK = "new MutationObserver(() => performance.mark('hydrated')).observe(document, { subtree: true, attributeFilter: ['data-hydrated'] }); performance.mark('begins')";

const SCRIPT = /^(v8\.(evaluateModule|compileModule|compile|wasm\.\w+)|EvaluateScript|FunctionCall|RunMicrotasks|TimerFire|BlinkScheduler_PerformMicrotaskCheckpoint)$/;

/** Tasks of the page's main thread in milliseconds of processor time: until it is hydrated, and after. */
function tasksOf(events) {
  const mark = (name) => events.filter((event) => event.name === name && event.cat.includes('user_timing')).at(-1);
  const [begins, hydrated] = [mark('begins'), mark('hydrated')];
  const own = (event) => event.pid === hydrated.pid && event.tid === hydrated.tid;
  const outer = tasksIn(events.filter(own), /^ThreadControllerImpl::RunTask$/);
  const scripts = events.filter((event) => own(event) && event.ts > begins.ts && /^(v8.evaluateModule|EvaluateScript|v8.compileModule)$/.test(event.name));
  const first = Math.min(...scripts.map((event) => event.ts));
  const script = tasksIn(events.filter((event) => own(event) && event.ts >= first && event.ts <= hydrated.ts), SCRIPT).map(timeOf);
  const before = outer.filter((task) => task.ts + task.dur > first && task.ts <= hydrated.ts).map(timeOf);
  const after = outer.filter((task) => task.ts > hydrated.ts).map(timeOf);
  return { script, before, after };
}

/** The figures of one page, each the median of `RUNS`, in milliseconds. */
async function measure(name, { page, browser }, path) {
  const found = [];
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
    found.push(tasksOf(traceEvents));
  }
  const sum = (all) => all.reduce((total, one) => total + one, 0);
  const most = (all) => Math.max(0, ...all);
  const of = (figure) => median(found.map(figure));
  return {
    name,
    scripts: of((run) => sum(run.script)),
    tasks: of((run) => sum(run.before)),
    longest: of((run) => most(run.before)),
    after: of((run) => sum(run.after)),
    longestAfter: of((run) => most(run.after)),
  };
}

/** Rows of name and figures, for a server that is started and a browser. */
export async function measureHydration({ server, browser }) {
  const fresh = await visitor(server, browser, '新来人', MARK);
  const { known, draft } = await longSite(server, browser, MARK);
  const rows = [
    await measure('/subject/new', fresh, '/subject/new'),
    await measure('/website/new/site, 50 domains and 50 addresses', known, `/website/new/site?draft=${draft.id}`),
    await measure('/website/new/site', known, '/website/new/site?draft='),
    await measure('/lookup', fresh, '/lookup'),
  ];
  await Promise.all([fresh, known].map(({ page }) => page.context().close()));
  return rows;
}

if (isMain(import.meta)) {
  await standalone(async (own) => {
    console.log(`main thread on a processor slowed down ${SLOWDOWN}×, median of ${RUNS}, of the processor's time`);
    for (const { name, scripts, tasks, longest, after, longestAfter } of await measureHydration(own)) {
      const of = (figure) => figure.toFixed(0).padStart(5);
      console.log(`${name}: until hydrated ${of(scripts)} ms of scripts, ${of(tasks)} of all tasks, longest ${of(longest)}; afterwards ${of(after)}, longest ${of(longestAfter)}`);
    }
  });
}
