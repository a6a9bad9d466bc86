// Many people at once for some minutes: applicants look up, read, save and submit; officers read the queue, claim and
// decide. What each kind of act took, what went wrong, and how the server's memory went.
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { desk, peopleOf, siteOf, subjectOf } from '../harness/desk.mjs';
import { cookieOf, signedIn } from '../harness/http.mjs';
import { invented } from './invented.mjs';
import { ask, memoryMb, processorMs, spread } from './load.mjs';

/** People of whom one is an officer. */
const PER_OFFICER = 50;
const OFFICER = '审核员东城';
/** A person may have ten; officers share them. */
const SESSIONS = 8;
/** Websites of this run begin so. */
const TITLE = '某某站';
/** Who signs in at the same time, while everybody comes. */
const AT_THE_DOOR = 8;

/** Milliseconds until the next act of one person: never less than half of the mean, never more than one and a half. */
const thinking = (mean) => mean * (0.5 + Math.random());

class Account {
  times = new Map();
  errors = [];

  note(kind, took) {
    if (!this.times.has(kind)) this.times.set(kind, []);
    this.times.get(kind).push(took);
  }

  wrong(kind, what) {
    this.errors.push(`${kind}: ${what}`);
  }
}

/** One person over connections that are kept, with an address of their own. */
class Person {
  #headers;

  constructor(server, agent, account, number, cookie) {
    Object.assign(this, { server, agent, account, number });
    const address = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
    this.#headers = { cookie, origin: server.url, 'x-forwarded-for': address };
  }

  async #send(kind, path, options, isGood) {
    try {
      const { headers, ...rest } = options;
      const answer = await ask(this.agent, this.server.url + path, { ...rest, headers: { ...this.#headers, ...headers } });
      this.account.note(kind, answer.took);
      if (!isGood(answer)) this.account.wrong(kind, `${answer.status} at ${path}: ${answer.text.slice(0, 200)}`);
      return answer;
    } catch (error) {
      this.account.wrong(kind, `${path}: ${error.message}`);
      return { status: 0, text: '' };
    }
  }

  page(kind, path) {
    return this.#send(kind, path, {}, (answer) => answer.status === 200);
  }

  async call(kind, name, data) {
    const body = JSON.stringify(data);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const answer = await this.#send(kind, `/api/${name}`, { method: 'POST', headers, body }, (answer) => answer.status === 200);
    return answer.status === 200 ? JSON.parse(answer.text) : undefined;
  }

  post(kind, path, form) {
    const body = new URLSearchParams(form).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) };
    return this.#send(kind, path, { method: 'POST', headers, body }, (answer) => answer.status === 303);
  }
}

/** Signs somebody in and gives them a subject; what they need for the rest. */
async function arrive(server, agent, account, number) {
  const who = invented(number);
  const { context, send, fileSubject } = await signedIn(server.url, who);
  const picture = await send();
  await fileSubject(subjectOf(who, picture));
  const cookie = await cookieOf(context);
  await context.dispose();
  const person = new Person(server, agent, account, number, cookie);
  return Object.assign(person, { who, picture, sites: 0, draft: undefined });
}

/** The next step of the person's website: a first save, three more of what is typed, the people, the submit. */
async function fileOn(person) {
  const save = async (kind, step, answers) => {
    const { id = null, version = null } = person.draft ?? {};
    const draft = { procedure: 'website_new', step, draft: id, record: null, subject: null, version, overwrite: false, answers };
    const saved = await person.call(kind, 'save_draft', { draft });
    if (saved?.Ok) person.draft = { ...saved.Ok, saves: (person.draft?.saves ?? 0) + 1 };
    else if (saved) person.account.wrong(kind, JSON.stringify(saved).slice(0, 200));
  };
  const domain = `p${person.number}s${person.sites}.cn`;
  const site = { ...siteOf(domain), 'site.name': `${TITLE}${person.number}第${person.sites}`, 'isp.region': '110101' };
  const saves = person.draft?.saves ?? 0;
  if (saves < 4) return save('save a draft', 'site', site);
  if (saves === 4) return save('save a draft', 'people', peopleOf(person.who, person.picture));
  const { id, version } = person.draft;
  const submitted = await person.call('submit', 'submit', { draft: id, version, subject: null, key: `key-${id}` });
  if (submitted && !submitted.Filing) person.account.wrong('submit', JSON.stringify(submitted).slice(0, 200));
  person.draft = undefined;
  person.sites += 1;
}

const LOOKS = ['n1001.example.com', '启明云帆网络科技有限公司', '星河', 'n777.example.com'];

async function applicantActs(person) {
  const dice = Math.random();
  if (dice < 0.2) {
    const asked = LOOKS[Math.floor(Math.random() * LOOKS.length)];
    return person.page('look-up', `/lookup?q=${encodeURIComponent(asked)}`);
  }
  if (dice < 0.32) return person.page('home', '/');
  if (dice < 0.44) return person.page('my filings', '/mine/filings');
  if (dice < 0.52) return person.page('a form', '/website/new');
  return fileOn(person);
}

async function officerActs(person) {
  const dice = Math.random();
  if (dice < 0.3) return person.page('queue', '/review/queue');
  if (dice < 0.4) return person.page('dashboard', '/review');
  if (dice < 0.5) return person.call('search', 'queue', { request: { state: 'all', search: `p${Math.floor(Math.random() * 900)}s0.cn` } });
  // What the people of this run have filed, as the seeded ones cannot be opened.
  const request = { state: 'pending', sort: 'newest' };
  const list = await person.call('search', 'queue', { request });
  const rows = list?.rows.filter(({ title }) => title.startsWith(TITLE)) ?? [];
  const row = rows[Math.floor(Math.random() * rows.length)];
  if (!row) return undefined;
  await decide(person, row.id);
}

/** Somebody else may be quicker: then there is nothing to claim, which is no error. */
async function decide(person, filing) {
  const review = await person.call('one filing on the desk', 'review', { id: filing, look: null });
  if (!review?.may_decide) return;
  await person.post('claim', '/act/claim', { filing });
  const held = await person.call('one filing on the desk', 'review', { id: filing, look: null });
  if (!held?.sign_off) return;
  const signed = Object.fromEntries(held.sign_off.map((_, point) => [`sign.${point}`, 'yes']));
  await person.post('decide', '/act/decide', { filing, version: String(held.version), decision: 'approve', note: '', ...signed });
}

/** @returns what happened; `errors` is to be empty */
export async function simulate(server, { people, minutes, mean = 20_000 }) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
  const account = new Account();
  const crowd = [];
  const numbers = Array.from({ length: people }, (_, at) => at + 1);
  const begunArriving = performance.now();
  await Promise.all(Array.from({ length: AT_THE_DOOR }, async () => {
    for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
      crowd.push(await arrive(server, agent, account, number));
    }
  }));
  const arrivedIn = (performance.now() - begunArriving) / 1000;
  const sessions = [];
  for (let at = 0; at < SESSIONS; at += 1) {
    const { context } = await signedIn(server.url, OFFICER);
    sessions.push(await cookieOf(context));
    await context.dispose();
  }
  const officers = Array.from({ length: Math.ceil(people / PER_OFFICER) }, (_, at) =>
    new Person(server, agent, account, people + 1 + at, sessions[at % SESSIONS]));
  console.log(`  ${people} people and ${officers.length} officers are there after ${arrivedIn.toFixed(0)} s`);
  const until = performance.now() + minutes * 60_000;
  const memory = [memoryMb(server.pid()).now];
  const used = processorMs(server.pid());
  const live = async (person, act) => {
    await pause(Math.random() * mean);
    while (performance.now() < until) {
      await act(person);
      await pause(thinking(mean));
    }
  };
  const watch = async () => {
    while (performance.now() < until) {
      await pause(Math.min(60_000, Math.max(1, until - performance.now())));
      memory.push(memoryMb(server.pid()).now);
    }
  };
  await Promise.all([watch(), ...crowd.map((person) => live(person, applicantActs)), ...officers.map((person) => live(person, officerActs))]);
  const seconds = minutes * 60;
  agent.destroy();
  const acts = [...account.times].map(([kind, times]) => ({ kind, ...spread(times) }));
  return {
    people,
    officers: officers.length,
    minutes,
    acts: acts.sort((one, other) => other.count - one.count),
    errors: account.errors,
    memory,
    busy: (processorMs(server.pid()) - used) / 10 / seconds,
    perSecond: acts.reduce((sum, act) => sum + act.count, 0) / seconds,
  };
}
