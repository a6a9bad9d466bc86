// Measures the release build and writes docs/performance.md; `make bench`. Minutes, not seconds.
//   node bench/run.mjs [--filings 100000,1000000] [--databases sqlite,postgres] [--people 1000] [--minutes 10]
//     [--seconds 4] [--before SERVER --before-commit HASH] [--only pages,questions,live,people,forms] [--write FILE]
// `--before` is the server of another commit, measured in the same run over a database that this build has filled: it must
// know its shape.
import { parseArgs } from 'node:util';
import { isInstalled } from '../harness/cluster.mjs';
import { standalone } from './browser.mjs';
import { filledServer } from './filled.mjs';
import { measureHydration } from './hydration.mjs';
import { measureLive } from './live.mjs';
import { measurePages } from './pages.mjs';
import { simulate } from './people.mjs';
import { report } from './report.mjs';
import { measureTyping } from './typing.mjs';

const { values } = parseArgs({
  options: {
    filings: { type: 'string', default: '100000,1000000' },
    databases: { type: 'string', default: 'sqlite,postgres' },
    people: { type: 'string', default: '1000' },
    minutes: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '4' },
    only: { type: 'string', default: 'pages,questions,live,people,forms' },
    before: { type: 'string' },
    'before-commit': { type: 'string', default: 'another build' },
    write: { type: 'string' },
  },
});
const sizes = values.filings.split(',').map(Number);
const wanted = new Set(values.only.split(','));
const python = process.env.PYTHON ?? 'python3';
const bare = process.env.BARE_AXUM;
const databases = values.databases.split(',').filter((database) => database !== 'postgres' || isInstalled());

const found = { pages: [], questions: [], live: [], people: [], hydration: [], typing: [] };

/** Over one filled database: everything that reads first, then the crowd. */
async function measure({ database, filings, before }) {
  console.log(`${database}, ${filings} filings${before ? ', before' : ''}`);
  const server = await filledServer({ database, filings, binary: before });
  try {
    console.log(`  filled in ${server.filledIn.toFixed(0)} s`);
    const isSmallest = filings === sizes[0];
    if (wanted.has('pages') && isSmallest) {
      const pages = await measurePages(server, { bare: before ? undefined : bare, python, seconds: Number(values.seconds) });
      found.pages.push({ database, filings, isBefore: Boolean(before), pages });
    }
    if (before) return;
    if (wanted.has('questions')) {
      const told = await server.run('bench');
      console.log(told);
      found.questions.push({ database, filings, filledIn: server.filledIn, told });
    }
    if (wanted.has('live') && isSmallest) {
      found.live.push({ database, filings, ...(await measureLive(server)) });
      console.log(found.live.at(-1));
    }
    if (wanted.has('people') && isSmallest) {
      const crowd = await simulate(server, { people: Number(values.people), minutes: Number(values.minutes) });
      for (const sentence of crowd.errors.slice(0, 10)) console.log(`  ${sentence}`);
      found.people.push({ database, filings, ...crowd });
    }
  } finally {
    await server.stop();
  }
}

// Each with a server of its own, as each files a subject for the same person.
if (wanted.has('forms')) {
  await standalone(async (own) => (found.hydration = await measureHydration(own)));
  await standalone(async (own) => (found.typing = await measureTyping(own)));
  console.log(found.hydration, found.typing);
  await report(found, values);
}
const asksDatabases = ['pages', 'questions', 'live', 'people'].some((part) => wanted.has(part));
for (const database of asksDatabases ? databases : []) {
  if (values.before && wanted.has('pages')) {
    await measure({ database, filings: sizes[0], before: values.before });
  }
  for (const filings of sizes) await measure({ database, filings });
  // Whoever ends it early keeps what there is.
  await report(found, values);
}
if (found.people.some(({ errors }) => errors.length > 0) || found.live.some(({ failed }) => failed > 0)) process.exitCode = 1;
