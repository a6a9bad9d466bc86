// Three servers on one PostgreSQL, behind a real nginx. One of them is killed every few seconds while people submit and
// desks listen; each comes back after two seconds. Nothing acknowledged may be lost or doubled, desks have to hear of each
// filing within three seconds of its answer, and nobody is signed out.
//   node faults/servers.mjs [--seconds 120] [--every 5] [--pace 3] [--servers 3]
import { rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { startServer, freePort, freshDirectory } from '../harness/server.mjs';
import { isInstalled, startCluster } from '../harness/cluster.mjs';
import { hasNginx, startNginx } from '../harness/nginx.mjs';
import { signedIn } from '../harness/http.mjs';
import { Crew, isGood } from './work.mjs';
import { Desk } from './desks.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    every: { type: 'string', default: '5' },
    pace: { type: 'string', default: '3' },
    servers: { type: 'string', default: '3' },
  },
});
const [seconds, every, pace, many] = [values.seconds, values.every, values.pace, values.servers].map(Number);
/** So long a desk may be behind. */
const BEHIND = 3000;
const DESKS = 6;

if (!isInstalled() || !hasNginx()) {
  console.log('several servers: PostgreSQL or nginx is not installed ... skipped\n\n  0 passed\n  1 skipped');
  process.exit(0);
}

const undo = [];
const stumbles = [];
try {
  const cluster = await startCluster();
  undo.push(() => cluster.end());
  const front = await freePort();
  // Keys, files and the embedded provider's own key are one for all.
  const shared = await freshDirectory();
  undo.push(() => rm(shared, { recursive: true, force: true }));
  const ports = [];
  for (let n = 0; n < many; n += 1) ports.push(await freePort());
  const env = { DATABASE_URL: cluster.url, BEIAN_PUBLIC_URL: `http://127.0.0.1:${front}`, DATA_DIR: shared, BEIAN_TRUSTED_PROXIES: '127.0.0.1/32', RUST_LOG: 'warn' };
  const servers = [];
  for (const port of ports) {
    const server = await startServer({ port, env });
    undo.push(() => server.stop());
    servers.push(server);
  }
  const nginx = await startNginx({ port: front, servers: ports, identity: ports[0] });
  undo.push(() => nginx.stop());

  const crew = await Crew.gather({ url: nginx.url }, 6);
  undo.push(() => crew.leave());
  const officers = [];
  for (let n = 0; n < DESKS; n += 1) officers.push(await signedIn(nginx.url, '审核员东城'));
  const desks = await Promise.all(officers.map((officer) => Desk.open(nginx.url, officer)));
  undo.push(async () => desks.forEach((desk) => desk.close()));
  const submits = Math.ceil(seconds * pace);
  await crew.prepare(submits);

  // People submit at an even pace; whoever gets no answer asks again with the same key, as the page does.
  const acknowledged = new Map();
  let retried = 0;
  const submit = async (draft) => {
    for (let tries = 0; tries < 8; tries += 1) {
      const answer = await crew.submit(draft, { timeout: 10_000 });
      if (answer === 'acknowledged') {
        acknowledged.set(draft.filing, Date.now());
        return;
      }
      retried += 1;
      await pause(300);
    }
  };
  let kills = 0;
  let over = false;
  const killing = (async () => {
    for (let at = 0; !over; at += 1) {
      await pause(every * 1000);
      if (over) break;
      const victim = servers[at % servers.length];
      await victim.kill();
      kills += 1;
      pause(2000).then(() => victim.start()).catch((error) => stumbles.push(`a server did not come back: ${error.message.split('\n')[0]}`));
    }
  })();
  // Sessions live on: somebody looks at a page all the time.
  let looked = 0;
  const looking = (async () => {
    while (!over) {
      const page = await officers[0].context.get('/review/queue', { timeout: 10_000, maxRedirects: 0 }).catch(() => undefined);
      looked += 1;
      const status = page?.status() ?? 0;
      if (status !== 200 && status !== 503 && status !== 0) stumbles.push(`a page of the signed-in was answered with ${status}`);
      await pause(200);
    }
  })();
  const under = [];
  for (const draft of crew.waiting) {
    under.push(submit(draft));
    await pause(1000 / pace);
  }
  await Promise.all(under);
  over = true;
  await Promise.all([killing, looking]);
  await pause(BEHIND);
  for (const until = Date.now() + 20_000; ; await pause(200)) {
    const well = await Promise.all(servers.map(async (server) => (await fetch(`${server.url}/healthz`).catch(() => undefined))?.status === 200));
    if (well.every(Boolean)) break;
    if (Date.now() > until) throw new Error('not all servers came back');
  }

  const behind = [];
  for (const desk of desks) {
    for (const [filing, at] of acknowledged) {
      // A desk that was told to read anew sees what is there by then.
      const heard = desk.heard.get(filing) ?? (desk.again > at ? desk.again : undefined);
      if (heard === undefined) stumbles.push(`a desk never heard of ${filing}`);
      else behind.push(Math.max(0, heard - at));
    }
  }
  behind.sort((one, other) => one - other);
  const most = behind.at(-1) ?? 0;
  if (most > BEHIND) stumbles.push(`a desk was ${most} ms behind`);
  const { figures, log, told } = await crew.account(servers[0]);
  const interrupted = desks.reduce((sum, desk) => sum + desk.interrupted, 0);
  if (kills > 0 && interrupted === 0) stumbles.push('no desk was interrupted: the kills did not strike');

  told.concat(stumbles).slice(0, 20).forEach((sentence) => console.log(`  ${sentence}`));
  console.log('\n| servers | seconds | kills | acknowledged | asked again | lost | doubled | half-written | without a sentence | desks interrupted | desk behind p50 | p95 | most |');
  console.log('|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|');
  const at = (share) => behind[Math.floor(behind.length * share)] ?? 0;
  console.log(`| ${[many, seconds, kills, acknowledged.size, retried, figures.lost, figures.doubled, figures.half, figures.silent, interrupted, `${at(0.5)} ms`, `${at(0.95)} ms`, `${most} ms`].join(' | ')} |`);
  const good = isGood(figures) && stumbles.length === 0 && log === 'whole' && acknowledged.size === submits;
  console.log(`\nseveral servers: ${looked} pages looked at meanwhile, the audit log is ${log} ... ${good ? 'ok' : 'FAILED'}`);
  console.log(good ? '\n  1 passed' : '\n  0 passed\n  1 failed');
  process.exitCode = good ? 0 : 1;
} finally {
  for (const step of undo.reverse()) await step().catch((error) => console.error(String(error)));
}
