// Before all tests: one server makes a data directory with its keys and sample data; every worker
// starts from a copy, since making an RSA key and sowing the samples takes seconds.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startServer } from './server.mjs';

export default async function setup() {
  // Where the workers note what axe has seen in this run.
  const lookedAt = await mkdtemp(path.join(tmpdir(), 'beian-axe-'));
  process.env.E2E_LOOKED_AT = lookedAt;
  const made = [lookedAt];
  if (!process.env.E2E_POSTGRES_URL) {
    const server = await startServer({ keep: true });
    await server.stop();
    process.env.E2E_TEMPLATE = server.dataDir;
    made.push(server.dataDir);
  }
  return () => Promise.all(made.map((directory) => rm(directory, { recursive: true, force: true })));
}
