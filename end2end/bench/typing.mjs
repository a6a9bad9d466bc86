// What a key costs until it is painted, in a website with 50 domains and 50 addresses, on a processor slowed down four times:
// the processor's time of the page's main thread from the key to the end of the frame after it, at full speed, four times,
// as the browser's own slowing down counts what other programs take; and the longest task of all, what is looked at in the
// rests between keys among them. It prints the figures; it is no test, as they depend on the machine. After `make build`
// and a build of the server: SERVER_BIN=… SITE_DIR=… CHROMIUM=… node bench/typing.mjs
import { setTimeout as pause } from 'node:timers/promises';
import { isMain, longSite, share, SLOWDOWN, standalone, tasksIn, timeOf } from './browser.mjs';

const KEYS = 60;
const CATEGORIES = ['toplevel', 'devtools.timeline', 'blink'];
const KEY = { key: 'a', code: 'KeyA', windowsVirtualKeyCode: 65 };

/** What each key took until the frame after it was there, and each task, in milliseconds. */
function keysOf(events) {
  const keys = events.filter((event) => event.name === 'EventDispatch' && event.args?.data?.type === 'keydown');
  const own = events.filter((event) => event.pid === keys[0].pid && event.tid === keys[0].tid);
  const tasks = tasksIn(own, /^ThreadControllerImpl::RunTask$/);
  const paints = own.filter((event) => event.ph === 'X' && event.name === 'WebFrameWidgetImpl::UpdateLifecycle');
  const frames = tasks.filter((task) => paints.some((paint) => paint.ts >= task.ts && paint.ts < task.ts + task.dur));
  const cost = (key) => {
    const frame = frames.find((task) => task.ts > key.ts);
    const between = tasks.filter((task) => frame && task.ts + task.dur > key.ts && task.ts <= frame.ts);
    return between.reduce((total, task) => total + timeOf(task), 0);
  };
  return { keys: keys.map(cost), tasks: tasks.map(timeOf) };
}

async function typed({ page, browser }, path, label) {
  await page.goto(path);
  await page.locator('body[data-hydrated]').waitFor();
  await page.getByLabel(label, { exact: true }).focus();
  await pause(500);
  const client = await page.context().newCDPSession(page);
  await browser.startTracing(page, { categories: CATEGORIES });
  for (let key = 0; key < KEYS; key += 1) {
    await client.send('Input.dispatchKeyEvent', { type: 'keyDown', text: KEY.key, ...KEY });
    await client.send('Input.dispatchKeyEvent', { type: 'keyUp', ...KEY });
    await pause(60);
  }
  await pause(300);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  await client.detach();
  const { keys, tasks } = keysOf(traceEvents);
  const of = (part) => share(keys, part);
  return { name: label, keys: keys.length, median: of(0.5), p95: of(0.95), p98: of(0.98), most: of(1), longest: Math.max(...tasks) };
}

/** Rows of name and figures, for a server that is started and a browser. */
export async function measureTyping({ server, browser }) {
  const { known, draft } = await longSite(server, browser);
  const rows = [];
  for (const label of ['网站名称', '从域名', '网站访问地址']) {
    rows.push(await typed(known, `/website/new/site?draft=${draft.id}`, label));
  }
  await known.page.context().close();
  return rows;
}

if (isMain(import.meta)) {
  await standalone(async (own) => {
    console.log(`from a key to its paint, processor slowed down ${SLOWDOWN}×, 50 domains and 50 addresses, of the processor's time`);
    for (const { name, keys, median, p95, p98, most, longest } of await measureTyping(own)) {
      const of = (figure) => figure.toFixed(1);
      console.log(`${name}: ${keys} keys, median ${of(median)} ms, p95 ${of(p95)} ms, p98 ${of(p98)} ms, most ${of(most)} ms; longest task ${of(longest)} ms`);
    }
  });
}
