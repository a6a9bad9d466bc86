// A PostgreSQL of one's own that can be stopped, killed and started again, with the settings of real use: it waits
// for the disk. Where we are root it runs as another account, since PostgreSQL refuses to run as root.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './server.mjs';

const run = promisify(execFile);
const root = process.getuid?.() === 0;
const installed = '/usr/lib/postgresql';

function programs() {
  if (!existsSync(installed)) return undefined;
  const versions = readdirSync(installed).map(Number).filter((version) => version >= 15).sort((a, b) => a - b);
  return versions.length > 0 ? path.join(installed, String(versions[0]), 'bin') : undefined;
}

export const isInstalled = () => programs() !== undefined;

/**
 * @param {string} [place] an existing directory to live in, such as a small file system
 * @param {string[]} [settings] of postgresql.conf
 * @param {string} [following] the address of another one, of which it becomes a replica
 */
export async function startCluster(place, settings = ['max_wal_size=64MB'], following = undefined) {
  const bin = programs();
  const home = place ?? (await mkdtemp(path.join(tmpdir(), 'beian-pg-')));
  const data = path.join(home, 'cluster');
  await mkdir(data, { recursive: true });
  await chmod(home, 0o711);
  if (root) await run('chown', ['-R', 'postgres', data]);
  await chmod(data, 0o700);
  const asPostgres = (program, ...args) => {
    const [command, ...rest] = root
      ? ['runuser', '-u', 'postgres', '--', path.join(bin, program), ...args]
      : [path.join(bin, program), ...args];
    return run(command, rest, { cwd: '/', env: { ...process.env, LC_ALL: 'C' } });
  };
  if (following) {
    const { hostname, port } = new URL(following);
    // -R: what comes of it follows the one it was copied from.
    await asPostgres('pg_basebackup', '-h', hostname, '-p', port, '-U', 'postgres', '-D', data, '-R', '-X', 'stream', '-c', 'fast', '--no-sync');
  } else {
    await asPostgres('initdb', '--pgdata', data, '--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync');
  }
  const port = await freePort();
  const options = [`-p ${port}`, '-c listen_addresses=127.0.0.1', `-c unix_socket_directories=${data}`, ...settings.map((setting) => `-c ${setting}`)].join(' ');
  const cluster = {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    data,
    start: () => asPostgres('pg_ctl', '-D', data, '-o', options, '-l', path.join(data, 'log'), '-w', '-t', '60', 'start'),
    /** `fast` ends connections in order; `immediate` is a crash that is recovered from at the next start. */
    stop: (mode = 'fast') => asPostgres('pg_ctl', '-D', data, '-m', mode, '-w', 'stop'),
    isRunning: () => asPostgres('pg_ctl', '-D', data, 'status').then(() => true, () => false),
    async end() {
      if (await cluster.isRunning()) await cluster.stop('immediate');
      if (!place) await rm(home, { recursive: true, force: true });
    },
  };
  await cluster.start();
  return cluster;
}
