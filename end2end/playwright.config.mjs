// Every journey is walked twice: with the wasm and without JavaScript (R76).
import { cpus } from 'node:os';
import { defineConfig } from '@playwright/test';

const root = process.getuid?.() === 0;

export default defineConfig({
  testDir: 'specs',
  outputDir: 'test-results',
  globalSetup: './harness/setup.mjs',
  // One more than processors: a test also waits, for a draft that saves itself or for a page of another person.
  workers: Number(process.env.E2E_WORKERS ?? Math.min(cpus().length + 1, 6)),
  // Every test has people of its own, so the tests of a file need not wait for each other.
  fullyParallel: true,
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list', { printSteps: false }]],
  use: {
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    actionTimeout: 15_000,
    navigationTimeout: 20_000,
    // Recording takes two fifths of the time of a test.
    trace: process.env.TRACE ? 'retain-on-failure' : 'off',
    screenshot: 'only-on-failure',
    launchOptions: {
      // Left out, Playwright looks for the browser it would download itself.
      executablePath: process.env.CHROMIUM || undefined,
      args: [
        // Chromium's sandbox refuses to start for root.
        ...(root ? ['--no-sandbox'] : []),
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-domain-reliability',
        '--disable-sync',
        '--disable-default-apps',
        '--no-first-run',
        '--no-pings',
        // Nothing but this machine is ever asked for.
        '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
      ],
    },
  },
  projects: [
    { name: 'hydrated', use: { javaScriptEnabled: true } },
    // What opens no page is the same without scripts, and so are the lists of the sample filings; without scripts no
    // hostile one could run and no text is kept.
    { name: 'no-js', testIgnore: ['access.spec.mjs', 'hostile.spec.mjs', 'kept.spec.mjs', 'sample-filings.spec.mjs'], use: { javaScriptEnabled: false } },
  ],
});
