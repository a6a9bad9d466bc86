// A server over a database that `server seed` has filled, on a disk that is waited for.
import { tmpdir } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { startCluster } from '../harness/cluster.mjs';
import { startServer } from '../harness/server.mjs';
import { processorMs } from './load.mjs';

/** Enough for the largest pages of a machine with 8 GB; the rest as PostgreSQL comes. */
const SETTINGS = ['max_wal_size=4GB', 'shared_buffers=1GB', 'max_connections=200'];

/** What a server does by itself over rows it has not seen (their line in the audit log, keys for comparing) is not what is measured. */
async function untilIdle(server) {
  for (let quiet = 0, used = processorMs(server.pid()); quiet < 3; ) {
    await pause(1000);
    const now = processorMs(server.pid());
    quiet = now - used <= 20 ? quiet + 1 : 0;
    used = now;
  }
}

/** @returns a started server with `stop()`, and how long the filling took, in seconds */
export async function filledServer({ database, filings, binary }) {
  const cluster = database === 'postgres' ? await startCluster(undefined, SETTINGS) : undefined;
  const begun = performance.now();
  const server = await startServer({
    prepare: [['migrate'], ['seed', '--filings', String(filings)]],
    parent: tmpdir(),
    binary,
    env: {
      // Every simulated person has an address, and limits hold for each.
      BEIAN_TRUSTED_PROXIES: '127.0.0.0/8',
      ...(cluster ? { DATABASE_URL: cluster.url } : {}),
    },
  });
  const filledIn = (performance.now() - begun) / 1000;
  await untilIdle(server);
  const stop = server.stop;
  return Object.assign(server, {
    databaseUrl: cluster?.url ?? `sqlite://${server.dataDir}/beian.db`,
    filledIn,
    async stop() {
      await stop();
      await cluster?.end();
    },
  });
}
