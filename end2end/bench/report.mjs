// What was measured, as docs/performance.md: ratios first, as they hold on other machines too.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

const table = (head, rows) => [head, head.map((word, at) => (at === 0 ? '---' : '--:')), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
const ms = (value) => (value === undefined || Number.isNaN(value) ? '' : value.toFixed(value < 10 ? 2 : 1));

function commit() {
  const git = (...args) => execFileSync('git', args, { encoding: 'utf8' }).trim();
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') ? ', with changes' : '');
  } catch {
    return 'unknown';
  }
}

function pagesOf({ database, filings, pages }, before) {
  const bare = pages.find(({ name }) => name === 'bare axum');
  const of = (name) => before?.pages.find((page) => page.name === name);
  const head = ['page', '× bare', 'processor ms', ...(before ? ['before'] : []), 'answers a second', 'p95 ms', 'KB'];
  const rows = pages.map((page) => [
    page.name,
    bare ? (page.processor / bare.processor).toFixed(1) : '',
    ms(page.processor),
    ...(before ? [ms(of(page.name)?.processor)] : []),
    page.perSecond.toFixed(0),
    ms(page.p95),
    (page.bytes / 1000).toFixed(0),
  ]);
  return `### ${database}, ${filings.toLocaleString('en')} filings\n\n${table(head, rows)}`;
}

function crowdOf({ database, filings, people, officers, minutes, acts, errors, memory, busy, perSecond }) {
  const rows = acts.map((act) => [act.kind, act.count, ms(act.median), ms(act.p95), ms(act.p99), ms(act.most)]);
  return `### ${database}, ${filings.toLocaleString('en')} filings before

${people} applicants and ${officers} officers for ${minutes} minutes: ${perSecond.toFixed(0)} requests a second, ${errors.length} errors, ${busy.toFixed(0)} % of one core.
Memory of the server at the beginning and after each minute, in MB: ${memory.join(', ')}.

${table(['act', 'times', 'median ms', 'p95 ms', 'p99 ms', 'longest ms'], rows)}`;
}

function pagesSection({ pages, seconds, earlier }) {
  const before = (database) => pages.find((one) => one.isBefore && one.database === database);
  const now = pages.filter((one) => !one.isBefore);
  return `Processor time of the server per request, database apart, over ${seconds} seconds of requests on four connections. *Bare* is \`server/examples/bare_axum.rs\`: an axum
handler that asks the same database once for the queue's rows and writes them into a page of the same size. The ratio holds on other machines, the
milliseconds do not.${now.length < pages.length ? ` *Before* is ${earlier}, over the same filings.` : ''}

${now.map((one) => pagesOf(one, before(one.database))).join('\n\n')}`;
}

function questionsSection(questions) {
  const one = ({ database, filings, filledIn, told }) => `### ${database}, ${filings.toLocaleString('en')} filings (filled in ${filledIn.toFixed(0)} s)\n\n${told.trim()}`;
  return `Without the wire: \`server bench\`, 200 times each.

${questions.map(one).join('\n\n')}`;
}

function liveSection(all) {
  const [{ desks, perSecond, seconds }] = all;
  const share = (value) => `${value.toFixed(1)} %`;
  const head = ['', 'nobody decides', 'nobody listens', 'both', 'behind: median ms', 'p95', 'most', 'asked for rows', 'KB each', 'failed'];
  const rows = all.map((one) => [
    `${one.database}, ${one.filings.toLocaleString('en')} filings`,
    ...[one.idle, one.alone, one.busy].map(share),
    ...[one.behind.median, one.behind.p95, one.behind.most].map((value) => value.toFixed(0)),
    `${one.asked} times`,
    (one.bytes / one.asked / 1000).toFixed(1),
    one.failed,
  ]);
  return `${desks} pages of 审核队列 listen while ${perSecond} filings a second are claimed and given back, for ${seconds} seconds: processor time of the server as a
share of one core, and how long a desk was behind.

${table(head, rows)}`;
}

function formsSection({ hydration, typing }) {
  const whole = (value) => value.toFixed(0);
  const alive = hydration.map((row) => [row.name, whole(row.scripts), whole(row.tasks), whole(row.longest)]);
  const keys = typing.map((row) => [row.name, row.keys, ...[row.median, row.p95, row.p98, row.most].map(ms)]);
  return `Processor time of the page's main thread in Chromium, times four, as on a telephone. Until a page reacts, from its first script: its scripts (WebAssembly among
them), all tasks (with parsing, style, layout and paint), and the longest task. Then from a key to its paint in the website's step with 50 domains and 50 addresses.

${table(['page', 'scripts ms', 'all tasks ms', 'longest ms'], alive)}

${table(['question', 'keys', 'median ms', 'p95 ms', 'p98 ms', 'longest ms'], keys)}`;
}

/** When, of what and where is measured; as it was before anything is written. */
const ORIGIN = (() => {
  const processor = cpus();
  const machine = `${processor.length} cores (${processor[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB`;
  const system = process.platform === 'linux' ? `Linux ${/^\d+\.\d+/.exec(release())?.[0]}` : process.platform;
  return `*${new Date().toISOString().slice(0, 10)}, commit ${commit()}; ${machine}, ${system}.*`;
})();

/** The sections of an earlier report, by their headings. */
function sectionsOf(file) {
  try {
    const [, ...sections] = readFileSync(file, 'utf8').trim().split(/\n(?=## )/);
    return new Map(sections.map((section) => [section.split('\n', 1)[0], section.trim()]));
  } catch {
    return new Map();
  }
}

/** Writes the sections that were measured; the others stay as an earlier run wrote them. */
export async function report(found, { write, seconds, 'before-commit': earlier }) {
  const measured = [
    ['## What a page costs', found.pages.length && pagesSection({ pages: found.pages, seconds, earlier })],
    ['## What the questions of lists take', found.questions.length && questionsSection(found.questions)],
    ['## Desks that are open', found.live.length && liveSection(found.live)],
    ['## What a form takes of the browser', found.hydration.length && formsSection(found)],
    ['## Many people at once', found.people.length && found.people.map(crowdOf).join('\n\n')],
  ];
  const kept = write ? sectionsOf(write) : new Map();
  const sections = measured.map(([heading, text]) => (text ? `${heading}\n\n${ORIGIN}\n\n${text}` : kept.get(heading)));
  const text = `# Performance

Written by \`make bench\`, which says of each section when, of which commit and where. Release build; the database, the server and whoever asks
share the machine. How it is measured stands in [testing.md](testing.md#benchmarks).

${sections.filter(Boolean).join('\n\n')}
`;
  if (write) writeFileSync(write, text);
  else console.log(text);
}
