// Breaks things while people submit, on both databases, and prints what came of it:
//   node faults/run.mjs [--short] [--rounds N] [--submits N] [--only NAME] [--database sqlite|postgres]
// Ends with 1 where anything acknowledged was lost, doubled or half-written, or somebody got no sentence.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { startServer } from '../harness/server.mjs';
import { isInstalled, startCluster } from '../harness/cluster.mjs';
import { ROUNDS } from './rounds.mjs';
import { Crew, isGood, nothing } from './work.mjs';

const run = promisify(execFile);
const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    submits: { type: 'string' },
    only: { type: 'string' },
    database: { type: 'string' },
  },
});
const rounds = Number(values.rounds ?? (values.short ? 1 : 10));
const submits = Number(values.submits ?? (values.short ? 16 : 60));
const root = process.getuid?.() === 0;

/** A small file system of its own, where we may mount one. */
async function smallDisk(megabytes) {
  const place = await mkdtemp(path.join(tmpdir(), 'beian-faults-disk-'));
  await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0711`, 'tmpfs', place]);
  return { place, end: () => run('umount', ['-l', place]).then(() => rm(place, { recursive: true, force: true })) };
}

async function oneRound(round, database, at) {
  const undo = [];
  try {
    const disk = round.needs === 'small' ? await smallDisk(database === 'sqlite' ? 24 : 220) : undefined;
    if (disk) undo.push(disk.end);
    const cluster = database === 'postgres' ? await startCluster(disk?.place) : undefined;
    if (cluster) undo.push(cluster.end);
    const server = await startServer({
      parent: database === 'sqlite' ? disk?.place : undefined,
      env: { ...(cluster ? { DATABASE_URL: cluster.url } : {}), ...round.env },
    });
    undo.push(() => server.stop());
    await round.before?.({ server });
    const crew = await Crew.gather(server, Math.min(6, Math.ceil(submits / 8)));
    undo.push(() => crew.leave());
    await crew.prepare(submits);
    await round.break({ server, crew, cluster, small: disk?.place, at, share: (part) => Math.ceil(submits * part) });
    const account = await crew.account(server);
    if (round.mustRefuse && account.figures.refused === 0) throw new Error('the fault did not strike: nothing was refused');
    if (round.mustInterrupt && account.figures.unanswered === 0) throw new Error('the fault did not strike: everything was answered');
    return account;
  } finally {
    for (const step of undo.reverse()) await step().catch((error) => console.error(String(error)));
  }
}

const rows = [];
const skipped = [];
for (const database of ['sqlite', 'postgres']) {
  if (values.database && values.database !== database) continue;
  for (const round of ROUNDS) {
    if (round.databases && !round.databases.includes(database)) continue;
    if (values.only && round.name !== values.only) continue;
    if (database === 'postgres' && !isInstalled()) {
      skipped.push(`${round.name} on ${database}: PostgreSQL is not installed`);
      continue;
    }
    if (round.needs === 'small' && !root) {
      skipped.push(`${round.name} on ${database}: only root may mount a small file system`);
      continue;
    }
    const sum = nothing();
    const began = Date.now();
    let broken;
    for (let at = 0; at < rounds && !broken; at += 1) {
      try {
        const { figures, told } = await oneRound(round, database, at);
        for (const what of Object.keys(sum)) sum[what] += figures[what];
        for (const sentence of told) console.log(`  ${database}, ${round.name}, round ${at + 1}: ${sentence}`);
      } catch (error) {
        broken = error;
        console.log(`  ${database}, ${round.name}, round ${at + 1}: ${error.stack ?? error}`);
      }
    }
    const good = !broken && isGood(sum);
    rows.push({ database, round: round.name, ...sum, good });
    console.log(`faults: ${round.name} on ${database}, ${rounds} × ${submits} submits, ${Math.round((Date.now() - began) / 1000)} s ... ${good ? 'ok' : 'FAILED'}`);
  }
}

console.log('\n| database | fault | acknowledged | refused | unanswered | lost | doubled | half-written | without a sentence |');
console.log('|---|---|---|---|---|---|---|---|---|');
for (const row of rows) {
  const { database, round, acknowledged, refused, unanswered, lost, doubled, half, silent } = row;
  console.log(`| ${[database, round, acknowledged, refused, unanswered, lost, doubled, half, silent].join(' | ')} |`);
}
const failed = rows.filter((row) => !row.good).length;
for (const what of skipped) console.log(`${what} ... skipped`);
console.log(`\n  ${rows.length - failed} passed`);
if (failed > 0) console.log(`  ${failed} failed`);
if (skipped.length > 0) console.log(`  ${skipped.length} skipped`);
process.exitCode = failed > 0 ? 1 : 0;
