// What it costs that desks are open: so many pages of 审核队列 listen, so many decisions a second are made, and each page
// asks as its browser would (app/src/pages/review/live.rs: a list at most every 2.5 s, soon where it shows the row, within
// 1.6 s otherwise). Measured is the processor time of the server meanwhile, and how long a desk was behind.
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { cookieOf, signedIn } from '../harness/http.mjs';
import { person } from '../harness/people.mjs';
import { ask, processorMs, spread } from './load.mjs';

const [GATHER, SPREAD, EVERY] = [400, 1_600, 2_500];
/** More at once and a page asks for itself anew. */
const MOST_ROWS = 40;
const OFFICERS = 10;

/** What all desks did together. */
class Counted {
  asked = 0;
  bytes = 0;
  failed = 0;
  events = 0;
  /** When each change happened, by the filing. */
  happened = new Map();
  behind = [];
}

async function officersOf(server) {
  const administrator = await signedIn(server.url, '管理员');
  const officers = [];
  for (let n = 0; n < OFFICERS; n += 1) {
    const who = person(`量测${'甲乙丙丁戊己庚辛壬癸'[n]}`);
    await administrator.act('appoint', { name: who.name, id_no: who.idNumber, role: 'reviewer', region: '110000' });
    const officer = await signedIn(server.url, who);
    officers.push(Object.assign(officer, { cookie: await cookieOf(officer.context) }));
  }
  return officers;
}

/** A page of the queue that listens. @returns what closes it */
async function openDesk(get, url, officer, counted) {
  const shown = new Set([...(await get(officer, '/review/queue')).text.matchAll(/data-row="([0-9a-f-]{36})"/g)].map(([, id]) => id));
  let [told, timer, planned, last] = [new Set(), undefined, Infinity, 0];
  const refresh = async () => {
    const ids = [...told];
    [told, timer, planned, last] = [new Set(), undefined, Infinity, Date.now()];
    const { status, bytes } = await get(officer, ids.length <= MOST_ROWS ? `/review/rows?&rows=${ids.join(',')}` : '/review/queue');
    counted.asked += 1;
    counted.bytes += bytes;
    if (status !== 200) counted.failed += 1;
    for (const id of ids) if (counted.happened.has(id)) counted.behind.push(Date.now() - counted.happened.get(id));
  };
  const plan = () => {
    const soon = [...told].some((id) => shown.has(id));
    const wait = Math.max(GATHER + (soon ? 0 : Math.random() * SPREAD), last + EVERY - Date.now());
    if (planned <= Date.now() + wait) return;
    clearTimeout(timer);
    planned = Date.now() + wait;
    timer = setTimeout(() => refresh().catch(() => (counted.failed += 1)), wait);
  };
  return new Promise((resolve, reject) => {
    const request = http.get(`${url}/review/events`, { agent: false, headers: { cookie: officer.cookie } }, (stream) => {
      if (stream.statusCode !== 200) reject(new Error(`stream: ${stream.statusCode}`));
      stream.setEncoding('utf8');
      stream.on('data', (piece) => {
        for (const [, id] of piece.matchAll(/data: ?(?:arrived|changed) (\S+)/g)) {
          counted.events += 1;
          told.add(id);
        }
        if (told.size) plan();
        resolve(() => { clearTimeout(timer); request.destroy(); });
      });
      stream.on('error', () => {});
    }).on('error', reject);
  });
}

/** Processor time while something happens, as a share of one core. */
async function share(server, work) {
  const [from, since] = [processorMs(server.pid()), Date.now()];
  await work();
  return (100 * (processorMs(server.pid()) - from)) / (Date.now() - since);
}

/**
 * @returns the share of one core that the server needs while nobody decides (`idle`), while officers decide and nobody
 *   listens (`alone`), and with all desks open (`busy`); how long desks were behind in ms; and what they asked
 */
export async function measureLive(server, { desks = 200, perSecond = 5, seconds = 20 } = {}) {
  const officers = await officersOf(server);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 2 * desks });
  const get = (officer, address) => ask(agent, server.url + address, { headers: { cookie: officer.cookie } });
  const counted = new Counted();

  const pending = [];
  for (let after = ''; after !== null && pending.length < perSecond * seconds * 2; ) {
    const request = { state: 'pending', procedure: '', region: '', claimed_by: '', age: '', search: '', sort: '', after };
    const page = await officers[0].ask('queue', { request });
    pending.push(...page.rows.map(({ id }) => id));
    after = page.next ?? null;
  }
  /**
   * Two changes that every desk hears of, as a decision has: it is claimed, and leaves the officer's hands. It is given
   * back instead of decided, since the answers of invented filings cannot be opened.
   */
  const decide = async (officer, id) => {
    for (const act of ['claim', 'release']) {
      // Before it is sent: a desk may ask before the answer is here, and a filing comes up more than once.
      counted.happened.set(id, Date.now());
      await officer.act(act, { filing: id });
    }
  };
  const decisions = async () => {
    const all = [];
    const until = Date.now() + seconds * 1_000;
    for (let n = 0; Date.now() < until; n += 1) {
      all.push(decide(officers[n % OFFICERS], pending[n % pending.length]).catch(() => (counted.failed += 1)));
      await pause(1_000 / perSecond);
    }
    await Promise.all(all);
  };

  const alone = await share(server, decisions);
  const open = [];
  for (let n = 0; n < desks; n += 1) open.push(await openDesk(get, server.url, officers[n % OFFICERS], counted));
  const idle = await share(server, () => pause(5_000));
  const busy = await share(server, decisions);
  await pause(EVERY + SPREAD);
  for (const close of open) close();
  agent.destroy();
  const { asked, bytes, failed, events } = counted;
  return { desks, perSecond, seconds, idle, alone, busy, behind: spread(counted.behind), asked, bytes, failed, events };
}
