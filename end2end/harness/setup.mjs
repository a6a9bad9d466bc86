// Before all tests: one server makes a data directory with its keys and sample data; every worker
// starts from a copy, since making an RSA key and sowing the samples takes seconds.
import { rm } from 'node:fs/promises';
import { startServer } from './server.mjs';

export default async function setup() {
  if (process.env.E2E_POSTGRES_URL) return undefined;
  const server = await startServer({ keep: true });
  await server.stop();
  process.env.E2E_TEMPLATE = server.dataDir;
  return () => rm(server.dataDir, { recursive: true, force: true });
}
