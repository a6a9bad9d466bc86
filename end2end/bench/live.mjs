// What it costs that desks are open: so many pages of 审核队列 listen, so many decisions a second are made, and each page
// asks as its browser would (app/src/pages/review/live.rs: a list at most every 2.5 s, soon where it shows the row, within
// 1.6 s otherwise; ROWS=no asks for the whole page 400 ms after each change, as pages did before). It prints the
// processor time of the server while it does so and while nobody decides, and how long a desk was behind. It is no test,
// as the figures depend on the machine. After `make build` and a release build with the feature dev:
// SERVER_BIN=… SITE_DIR=… node bench/live.mjs
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { cookieOf, signedIn } from '../harness/http.mjs';
import { person } from '../harness/people.mjs';
import { filledServer } from './filled.mjs';
import { ask as askFor, processorMs, spread } from './load.mjs';

const DESKS = Number(process.env.DESKS ?? 200);
const OFFICERS = Number(process.env.OFFICERS ?? 10);
const PER_SECOND = Number(process.env.PER_SECOND ?? 5);
const SECONDS = Number(process.env.SECONDS ?? 20);
const FILINGS = Number(process.env.FILINGS ?? 50_000);
const asksForRows = process.env.ROWS !== 'no';
const [GATHER, SPREAD, EVERY] = asksForRows ? [400, 1_600, 2_500] : [400, 0, 0];

const server = await filledServer({ database: 'sqlite', filings: FILINGS });

const administrator = await signedIn(server.url, '管理员');
const officers = [];
for (let n = 0; n < OFFICERS; n += 1) {
  const who = person(`量测${'甲乙丙丁戊己庚辛壬癸'[n % 10]}${'甲乙丙丁戊己庚辛壬癸'[Math.floor(n / 10) % 10]}`);
  await administrator.act('appoint', { name: who.name, id_no: who.idNumber, role: 'reviewer', region: '110000' });
  const officer = await signedIn(server.url, who);
  officer.cookie = await cookieOf(officer.context);
  officers.push(officer);
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 400 });
const counted = { asked: 0, bytes: 0, failed: 0, events: 0 };

/** Asks for an address as this officer. */
const get = (officer, address) => askFor(agent, server.url + address, { headers: { cookie: officer.cookie } });

/** When each change happened, by the filing. */
const happened = new Map();
const behind = [];

/** A page of the queue that listens. */
async function openDesk(officer) {
  const shown = new Set([...(await get(officer, '/review/queue')).text.matchAll(/data-row="([0-9a-f-]{36})"/g)].map(([, id]) => id));
  let [told, timer, planned, last] = [new Set(), undefined, Infinity, 0];
  const ask = async () => {
    const ids = [...told];
    [told, timer, planned, last] = [new Set(), undefined, Infinity, Date.now()];
    const address = asksForRows && ids.length <= 40 ? `/review/rows?&rows=${ids.join(',')}` : '/review/queue';
    const { status, bytes } = await get(officer, address);
    counted.asked += 1;
    counted.bytes += bytes;
    if (status !== 200) counted.failed += 1;
    for (const id of ids) if (happened.has(id)) behind.push(Date.now() - happened.get(id));
  };
  const plan = () => {
    const soon = [...told].some((id) => shown.has(id));
    const wait = Math.max(GATHER + (soon ? 0 : Math.random() * SPREAD), last + EVERY - Date.now());
    if (planned <= Date.now() + wait) return;
    clearTimeout(timer);
    planned = Date.now() + wait;
    timer = setTimeout(() => ask().catch(() => (counted.failed += 1)), wait);
  };
  return new Promise((resolve, reject) => {
    http.get(`${server.url}/review/events`, { agent: false, headers: { cookie: officer.cookie } }, (stream) => {
      if (stream.statusCode !== 200) reject(new Error(`stream: ${stream.statusCode}`));
      stream.setEncoding('utf8');
      stream.on('data', (piece) => {
        for (const [, id] of piece.matchAll(/data: ?(?:arrived|changed) (\S+)/g)) {
          counted.events += 1;
          told.add(id);
        }
        if (told.size) plan();
        resolve();
      });
      stream.on('error', () => {});
    }).on('error', reject);
  });
}

for (let n = 0; n < DESKS; n += 1) await openDesk(officers[n % OFFICERS]);

/** Processor time of so many seconds, as a share of one core. */
async function measured(seconds, work) {
  const [from, since] = [processorMs(server.pid()), Date.now()];
  await work(seconds);
  return (100 * (processorMs(server.pid()) - from)) / (Date.now() - since);
}

/**
 * Two changes that every desk hears of, as a decision has: it is claimed, and leaves the officer's hands. It is given back
 * instead of decided, since the answers of invented filings cannot be opened.
 */
async function decide(officer, id) {
  await officer.act('claim', { filing: id });
  happened.set(id, Date.now());
  await officer.act('release', { filing: id });
  happened.set(id, Date.now());
}

const open = async (after) => officers[0].ask('queue', { request: { state: 'pending', procedure: '', region: '', claimed_by: '', age: '', search: '', sort: '', after } });
const pending = [];
for (let after = ''; after !== null && pending.length < PER_SECOND * SECONDS * 2; ) {
  const page = await open(after);
  pending.push(...page.rows.map(({ id }) => id));
  after = page.next ?? null;
}

/** Decides at the pace, with or without anybody who listens. */
async function work(seconds) {
  const all = [];
  const until = Date.now() + seconds * 1_000;
  for (let n = 0; Date.now() < until; n += 1) {
    all.push(decide(officers[n % OFFICERS], pending[n % pending.length]).catch((error) => { counted.failed += 1; if (process.env.VERBOSE) console.log(error.message); }));
    await pause(1_000 / PER_SECOND);
  }
  await Promise.all(all);
}

console.log(`${DESKS} desks of ${OFFICERS} officers, ${PER_SECOND} decisions a second for ${SECONDS} s, ${asksForRows ? 'rows' : 'whole pages'}`);
console.log(`idle: ${(await measured(5, () => pause(5_000))).toFixed(1)} % of one core`);
const busy = await measured(SECONDS, work);
await pause(4_000);
const late = spread(behind);
console.log(`with decisions: ${busy.toFixed(1)} % of one core (of which the decisions themselves: see DESKS=0)`);
console.log(`heard ${counted.events}, asked ${counted.asked} times for ${Math.round(counted.bytes / Math.max(counted.asked, 1))} bytes each, failed ${counted.failed}`);
if (behind.length) console.log(`behind: median ${late.median} ms, p95 ${late.p95} ms, most ${late.most} ms`);
agent.destroy();
await server.stop();
process.exit(0);
