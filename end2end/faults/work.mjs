// What people do while something breaks, and the account of it afterwards. Everything goes over HTTP, as browsers do
// it: what was answered with a filing's id is acknowledged and has to be there, whole and once.
import { allOf, peopleOf, siteOf, subjectOf } from '../harness/desk.mjs';
import { signedIn } from '../harness/http.mjs';
import { person } from '../harness/test.mjs';

/** What people are told says how to go on; the page has a sentence of its own for an error with a ticket. */
const SENTENCE = /请|稍后|重新|没有丢失|"ticket"/;

export const nothing = () => ({ acknowledged: 0, refused: 0, unanswered: 0, lost: 0, doubled: 0, half: 0, silent: 0 });

export const isGood = (figures) => ['lost', 'doubled', 'half', 'silent'].every((what) => figures[what] === 0);

/** People with a subject each, who prepare website filings and submit them all at once. */
export class Crew {
  #members = [];
  #made = 0;
  drafts = [];

  static async gather(server, size) {
    const crew = new Crew();
    for (let n = 0; n < size; n += 1) {
      const who = person('韩测试');
      const member = await signedIn(server.url, who);
      member.picture = await member.send();
      member.people = peopleOf(who, member.picture);
      await member.fileSubject(subjectOf(who, member.picture));
      crew.#members.push(member);
    }
    return crew;
  }

  /** Saves so many drafts that are ready to be submitted. */
  async prepare(count) {
    for (let n = 0; n < count; n += 1) {
      this.#made += 1;
      const member = this.#members[n % this.#members.length];
      const title = `断电站${this.#made}号`;
      const answers = { ...siteOf(`fault${this.#made}x${process.pid}.cn`), 'site.name': title };
      const site = await member.save('website_new', 'site', undefined, answers);
      const draft = await member.save('website_new', 'people', site, member.people);
      const byForm = Math.floor(n / this.#members.length) % 2 === 1;
      this.drafts.push({ ...draft, member, title, byForm, filing: undefined, answer: undefined });
    }
  }

  get waiting() {
    return this.drafts.filter((draft) => draft.answer === undefined);
  }

  get acknowledged() {
    return this.drafts.filter((draft) => draft.answer === 'acknowledged');
  }

  /** Submits one draft and writes down what it was told. A `timeout` in milliseconds breaks the request off. */
  async submit(draft, { timeout = 60_000 } = {}) {
    try {
      const { filing, told } = await (draft.byForm ? submitForm(draft, timeout) : submitCall(draft, timeout));
      draft.answer = filing ? 'acknowledged' : 'refused';
      draft.filing = filing;
      draft.told = told;
    } catch (error) {
      draft.answer = 'unanswered';
      draft.told = String(error).split('\n')[0];
    }
    return draft.answer;
  }

  /** Submits all that waits at once, and calls `after` at each answer. */
  submitAll(after = () => {}, options = () => ({})) {
    return Promise.all(this.waiting.map(async (draft) => {
      await this.submit(draft, options());
      await after(draft);
    }));
  }

  /** A save upon a version that is gone: answered with a conflict, and its transaction rolled back. */
  async conflict() {
    const { id, member, title } = this.drafts.find((draft) => draft.answer !== 'acknowledged') ?? this.drafts[0];
    const draft = { procedure: 'website_new', step: 'site', draft: id, record: null, subject: null, version: 1, overwrite: false, answers: { 'site.name': title } };
    await member.context.post('/api/save_draft', { data: { draft }, timeout: 20_000 }).catch(() => {});
  }

  /**
   * Looks at everything after the fault, asks again with the same keys, and looks once more. The figures of what
   * should never be, and sentences about each.
   */
  async account(server) {
    const figures = nothing();
    const told = [];
    const note = (what, sentence) => {
      figures[what] += 1;
      told.push(`${what}: ${sentence}`);
    };
    for (const member of this.#members) {
      const own = this.drafts.filter((draft) => draft.member === member);
      const left = new Set((await allOf(member.ask, 'drafts', { procedure: '' })).map((row) => row.id));
      const before = await filingsOf(member);
      for (const draft of own) {
        const filings = before.filter((row) => row.title === draft.title);
        figures[draft.answer ?? 'unanswered'] += 1;
        if (draft.answer === 'acknowledged' && !filings.some((row) => row.id === draft.filing)) note('lost', draft.title);
        if (draft.answer === 'refused' && !SENTENCE.test(draft.told)) note('silent', `${draft.title}: ${draft.told}`);
        if (filings.length > 1) note('doubled', draft.title);
        if ((filings.length > 0) === left.has(draft.id)) {
          note('half', `${draft.title}: ${filings.length} filings and ${left.has(draft.id) ? 'its draft' : 'no draft'}`);
        }
        for (const { id } of filings) {
          const view = await member.ask('filing', { id });
          const steps = view.history.length;
          if (view.row.state !== 'pending' || steps !== 1) note('half', `${draft.title}: ${view.row.state}, ${steps} events`);
        }
      }
      // Whoever got no answer asks again: the same key makes the same filing, and never a second (R75).
      for (const draft of own) {
        const first = draft.filing ?? before.find((row) => row.title === draft.title)?.id;
        await this.submit(draft);
        if (draft.answer !== 'acknowledged') note('lost', `${draft.title} cannot be submitted any more: ${draft.told}`);
        else if (first && draft.filing !== first) note('doubled', `${draft.title} became another filing`);
      }
      const after = await filingsOf(member);
      if (after.length !== own.length) note('doubled', `${after.length} filings of ${own.length} drafts`);
      if (new Set(after.map((row) => row.reference)).size !== after.length) note('doubled', 'a reference');
    }
    const log = await server.run('verify-audit').then(() => 'whole', (error) => `BROKEN ${error.stdout ?? error}`.trim());
    if (log !== 'whole') note('half', `the audit log: ${log}`);
    return { figures, log, told };
  }

  async leave() {
    for (const { context } of this.#members) await context.dispose();
  }
}

/** As the wasm does it. */
async function submitCall({ id, version, member }, timeout) {
  const data = { draft: id, version, subject: null, key: `key-${id}` };
  const response = await member.context.post('/api/submit', { data, timeout });
  const text = await response.text();
  return { filing: response.ok() ? JSON.parse(text).Filing : undefined, told: `${response.status()} ${text}` };
}

/** As the button 【提交】 does it without scripts; the answer leads to the receipt. */
async function submitForm({ id, version, member, answer }, timeout) {
  const multipart = { draft: id, version: String(version), key: `key-${id}`, go: 'submit' };
  // The first try may have saved the step; the page that says so offers to go on.
  if (answer) multipart.overwrite = 'yes';
  const response = await member.context.post('/form/website/new/notice', { multipart, timeout, maxRedirects: 0 });
  const { location } = response.headers();
  const filing = /[?&]receipt=([0-9a-f-]+)/.exec(location ?? '')?.[1];
  if (filing) return { filing, told: location };
  // What there is to say stands on this page, or on the next one.
  const html = await (location ? await member.context.get(location, { timeout }) : response).text();
  const sentences = [...html.matchAll(/<(h1|p)[^>]*>(.*?)<\/\1>/gs)].map(([, , text]) => text.replace(/<[^>]*>/g, ''));
  return { filing, told: `${response.status()} ${location ?? ''} ${sentences.join(' ')}` };
}

const filingsOf = async (member) =>
  (await allOf(member.ask, 'filings', { procedure: 'website_new', state: '' })).filter((row) => row.title.startsWith('断电站'));
