// Public look-ups ask a replica of the database, and the database itself where the replica is away. Two real PostgreSQL.
//   node faults/replica.mjs
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { isInstalled, startCluster } from '../harness/cluster.mjs';
import { freePort, startServer } from '../harness/server.mjs';

if (!isInstalled()) {
  console.log('a replica: PostgreSQL is not installed ... skipped\n\n  0 passed\n  1 skipped');
  process.exit(0);
}

const undo = [];
try {
  const database = await startCluster();
  undo.push(() => database.end());
  const replica = await startCluster(undefined, ['hot_standby=on'], database.url);
  undo.push(() => replica.end());
  const figures = await freePort();
  const server = await startServer({
    env: {
      DATABASE_URL: database.url,
      BEIAN_REPLICA_DATABASE_URL: replica.url,
      BEIAN_METRICS_ADDR: `127.0.0.1:${figures}`,
      BEIAN_SAMPLE_FILINGS: 'true',
    },
  });
  undo.push(() => server.stop());

  /** Statements that the replica was asked so far. */
  const asked = async () => {
    const text = await (await fetch(`http://127.0.0.1:${figures}/metrics`)).text();
    const lines = text.split('\n').filter((line) => /statement.*pool="replica"/.test(line) && /_(total|count)\{/.test(line));
    return Math.max(0, ...lines.map((line) => Number(line.split(' ').at(-1))));
  };
  const lookUp = async () => {
    const answer = await fetch(`${server.url}/api/v1/records?domain=nothing-is-filed-here.cn`);
    assert.ok([200, 404].includes(answer.status), `the look-up was answered with ${answer.status}`);
    await answer.arrayBuffer();
  };
  /** Whether a look-up reaches the replica, waiting for it some seconds. */
  const reaches = async (wanted) => {
    for (const until = Date.now() + 20_000; Date.now() < until; await pause(500)) {
      const before = await asked();
      await lookUp();
      // The program itself asks every five seconds how far it is, with one statement; a look-up is one or two.
      if ((await asked()) > before === wanted) return true;
    }
    return false;
  };

  assert.ok(await reaches(true), 'the replica is asked once it is known to be near');
  await replica.stop('fast');
  // Nobody notices: the first question that fails is asked of the database.
  for (let n = 0; n < 5; n += 1) await lookUp();
  assert.ok(await reaches(false), 'the replica is not asked while it is away');
  await replica.start();
  assert.ok(await reaches(true), 'it is asked again once it is back');
  console.log('\na replica: public look-ups reach it, and nobody notices when it is away ... ok\n\n  1 passed');
} catch (error) {
  console.log(`  ${error.stack ?? error}\n\na replica ... FAILED\n\n  0 passed\n  1 failed`);
  process.exitCode = 1;
} finally {
  for (const step of undo.reverse()) await step().catch((error) => console.error(String(error)));
}
