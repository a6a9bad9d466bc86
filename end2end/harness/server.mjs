// Starts the built server on a free port and a data directory of its own.
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, statfsSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const checkout = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const built = process.env.SERVER_BIN ?? path.join(checkout, 'target/debug/server');
const site = process.env.SITE_DIR ?? path.join(checkout, 'target/site');

export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

/** In memory where there is room for it: a killed process loses nothing there either, and nobody waits for a disk. */
function memory() {
  const place = '/dev/shm';
  if (!existsSync(place)) return undefined;
  const { bavail, bsize } = statfsSync(place);
  return bavail * bsize > 2 ** 31 ? place : undefined;
}

/** A directory that is removed by `server.stop()`. */
export async function freshDirectory(template, parent = memory() ?? tmpdir()) {
  const directory = await mkdtemp(path.join(parent, 'beian-e2e-'));
  if (template) await cp(template, directory, { recursive: true });
  return directory;
}

/** A database of its own on the PostgreSQL of E2E_POSTGRES_URL. */
async function freshDatabase(postgres) {
  const name = `e2e_${randomBytes(6).toString('hex')}`;
  await promisify(execFile)('psql', [postgres, '-q', '-c', `create database ${name}`]);
  const url = new URL(postgres);
  url.pathname = `/${name}`;
  return url.href;
}

/**
 * @param {object} [options]
 * @param {string} [options.template] a data directory to start from
 * @param {Record<string, string>} [options.env] more configuration
 * @param {string[]} [options.args] such as --no-samples
 * @param {number} [options.port]
 * @param {boolean} [options.keep] leave the data directory behind
 * @param {string} [options.parent] where the data directory is made
 * @param {string} [options.binary] another program than the one that was built
 * @param {string[][]} [options.prepare] commands of the program that was built, before `binary` serves
 */
export async function startServer({ template, env = {}, args = [], port, keep = false, parent, binary = built, prepare = [] } = {}) {
  port ??= await freePort();
  const url = `http://127.0.0.1:${port}`;
  // On PostgreSQL the samples are sown anew; the template's keys would fit no row in it.
  const postgres = process.env.E2E_POSTGRES_URL;
  const dataDir = await freshDirectory(postgres ? undefined : template, parent);
  const environment = {
    PATH: process.env.PATH,
    RUST_LOG: process.env.RUST_LOG ?? 'warn',
    RUST_BACKTRACE: '1',
    SITE_DIR: site,
    DATA_DIR: dataDir,
    ADDR: `127.0.0.1:${port}`,
    BEIAN_PUBLIC_URL: url,
    ...(postgres ? { DATABASE_URL: await freshDatabase(postgres) } : {}),
    ...env,
  };
  let child;
  let ended;
  let log = '';

  const end = async (signal) => {
    child.kill(signal);
    if (ended === undefined) await once(child, 'exit');
  };

  const runs = async (program, command) => (await promisify(execFile)(program, command, { cwd: dataDir, env: environment })).stdout;

  const server = {
    url,
    dataDir,
    /** Everything the server has printed so far. */
    log: () => log,
    /** Begins (again) on the same directory, database and port, and waits until it answers. */
    async start() {
      ended = undefined;
      // Where a file-size limit is met, the write is to fail; by default the signal would end the program.
      const command = ['-c', 'trap "" XFSZ; exec "$0" "$@"', binary, ...args];
      const started = spawn('/bin/sh', command, { cwd: dataDir, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
      child = started;
      for (const stream of [started.stdout, started.stderr]) stream.on('data', (bytes) => (log += bytes));
      started.on('error', (error) => (ended = error.message));
      started.on('exit', (code, signal) => (ended = signal ?? `code ${code}`));
      for (const until = Date.now() + 60_000; ; await pause(50)) {
        if (ended !== undefined) throw new Error(`the server ended (${ended}) before it was ready:\n${log}`);
        if ((await fetch(`${url}/healthz`).catch(() => undefined))?.status === 200) return;
        if (Date.now() > until) throw new Error(`the server was not ready within a minute:\n${log}`);
      }
    },
    pid: () => child.pid,
    /** SIGTERM: what is running is finished. */
    terminate: () => end('SIGTERM'),
    /** `kill -9`: nothing is finished, nothing is said. */
    kill: () => end('SIGKILL'),
    /** Another command of the program, such as verify-audit, with the same configuration; what it prints. */
    run: (...command) => runs(binary, command),
    async stop() {
      if (ended === undefined) {
        await Promise.race([end('SIGTERM'), pause(15_000, undefined, { ref: false })]);
        if (ended === undefined) await end('SIGKILL');
      }
      if (!keep) await rm(dataDir, { recursive: true, force: true });
    },
  };

  try {
    for (const command of prepare) await runs(built, command);
    await server.start();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}
