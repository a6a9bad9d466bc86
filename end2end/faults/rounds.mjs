// The ways in which things break. `mustRefuse` and `mustInterrupt` say what shows that it really did. Each gets a server, the crew's drafts and, on PostgreSQL, the cluster; it breaks
// something while submits are under way and has everything running again when it returns.
import { execFile } from 'node:child_process';
import { rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Calls `strike` once, when so many of the submits are acknowledged. */
function whenAcknowledged(crew, enough, strike) {
  const before = crew.acknowledged.length;
  let struck;
  return [() => {
    if (crew.acknowledged.length - before >= enough) struck ??= strike();
  }, async () => (struck ?? strike())];
}

export const ROUNDS = [
  {
    name: 'kill -9',
    mustInterrupt: true,
    async break({ server, crew, share }) {
      const [watch, end] = whenAcknowledged(crew, share(0.3), () => server.kill());
      await crew.submitAll(watch);
      await end();
      await server.start();
    },
  },
  {
    name: 'requests broken off',
    mustInterrupt: true,
    async break({ crew }) {
      await crew.submitAll(undefined, () => ({ timeout: 1 + Math.random() * 400 }));
      // What was broken off may still be under way.
      await pause(3000);
    },
  },
  {
    name: 'SIGTERM',
    async break({ server, crew, share }) {
      const [watch, end] = whenAcknowledged(crew, share(0.3), () => server.terminate());
      await crew.submitAll(watch);
      await end();
      await server.start();
    },
  },
  {
    name: 'clock back two days',
    mustInterrupt: true,
    // The forwarded clock starts where the machine's is, so a restart puts it back.
    async break({ server, crew, share }) {
      const [watch, end] = whenAcknowledged(crew, share(0.3), () => server.kill());
      await crew.submitAll(watch);
      await end();
      await server.start();
    },
    env: { BEIAN_FORWARD_CLOCK: 'true' },
    async before({ server }) {
      for (let hours = 0; hours < 48; hours += 24) {
        await fetch(`${server.url}/dev/clock`, {
          method: 'POST',
          headers: { origin: server.url, 'content-type': 'application/x-www-form-urlencoded' },
          body: `seconds=${24 * 60 * 60}`,
          redirect: 'manual',
        });
      }
    },
  },
  {
    name: 'disk full',
    needs: 'small',
    mustRefuse: true,
    // A full disk, then an ordinary rollback, then room again; and an orderly end.
    async break({ server, crew, share, small, cluster }) {
      await restart(server);
      const ballast = path.join(small, 'ballast');
      await fill(small, ballast);
      const held = crew.drafts.splice(share(0.5));
      await crew.submitAll();
      // The database may take some more into pages it has; then there is no room for anything.
      await fill(small, ballast, true);
      for (let n = 0; n < 4; n += 1) await crew.conflict();
      await rm(ballast);
      if (cluster && !(await cluster.isRunning())) await cluster.start();
      await untilWell(server);
      crew.drafts.push(...held);
      await crew.submitAll();
      await server.terminate();
      await server.start();
    },
  },
  {
    name: 'writes fail',
    databases: ['sqlite'],
    mustRefuse: true,
    // The file-size limit of the running process makes SQLite meet SQLITE_IOERR_WRITE.
    async break({ server, crew, share }) {
      await limit(server, 64 * 1024);
      const held = crew.drafts.splice(share(0.5));
      await crew.submitAll();
      for (let n = 0; n < 4; n += 1) await crew.conflict();
      await limit(server, 'unlimited');
      await untilWell(server);
      crew.drafts.push(...held);
      await crew.submitAll();
      await server.terminate();
      await server.start();
    },
  },
  {
    name: 'database stopped',
    databases: ['postgres'],
    async break({ server, crew, share, cluster, at }) {
      const [watch, end] = whenAcknowledged(crew, share(0.2), () => cluster.stop(at % 2 ? 'fast' : 'immediate'));
      const submits = crew.submitAll(watch);
      await Promise.race([submits, pause(4000)]);
      await end();
      await cluster.start();
      await submits;
      await untilWell(server);
    },
  },
];

/** Afterwards SQLite's log is short and has to grow, so that the fault strikes at once. */
async function restart(server) {
  await server.terminate();
  await server.start();
}

/** Writes until nothing more fits. */
async function fill(directory, ballast, more = false) {
  const { bavail, bsize } = await statfs(directory);
  if (more) {
    await run('sh', ['-c', 'cat /dev/zero >> "$0" 2>/dev/null || true', ballast]);
  } else {
    // A little is left, so that it becomes full in the middle of somebody's transaction.
    await writeFile(ballast, '');
    await run('sh', ['-c', 'head -c "$1" /dev/zero > "$0" 2>/dev/null || true', ballast, String(Math.max(0, bavail * bsize - 48 * 1024))]);
  }
}

const limit = (server, bytes) => run('prlimit', ['--pid', String(server.pid()), `--fsize=${bytes}:`]);

async function untilWell(server) {
  for (const until = Date.now() + 60_000; Date.now() < until; await pause(200)) {
    if ((await fetch(`${server.url}/healthz`).catch(() => undefined))?.status === 200) return;
  }
  throw new Error(`the server did not become well again:\n${server.log().slice(-2000)}`);
}
