// What specs import: `test` with a server per worker, and the few steps every journey shares.
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { test as base, expect } from '@playwright/test';
import { startServer } from './server.mjs';

export { expect };
export { startServer };

const NOT_YET = 'html:has(script[type="module"]) > body:not([data-hydrated])';

export const test = base.extend({
  /** The server of this worker; a failed test gets the next one a fresh server and database. */
  server: [
    async ({}, use) => {
      const server = await startServer({ template: process.env.E2E_TEMPLATE });
      await use(server);
      await server.stop();
    },
    { scope: 'worker', timeout: 90_000 },
  ],

  baseURL: async ({ server }, use) => use(server.url),

  page: async ({ page, server, javaScriptEnabled }, use, testInfo) => {
    const errors = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    if (javaScriptEnabled !== false) await waitForHydration(page);
    const before = server.log().length;
    await use(page);
    if (testInfo.status !== testInfo.expectedStatus) {
      await testInfo.attach('server.log', { body: server.log().slice(before) || '(silent)', contentType: 'text/plain' });
    }
    // A panic in the wasm or a thrown error is a failure even when the page looks right.
    expect.soft(errors, 'errors thrown in the page').toEqual([]);
  },

  /** Does this project run scripts? For the few steps that differ. */
  hydrates: async ({ javaScriptEnabled }, use) => use(javaScriptEnabled !== false),
});

/** The same with a server whose clock can be put forward, see `later()`. */
export const timed = test.extend({
  server: [
    async ({}, use) => {
      const server = await startServer({ template: process.env.E2E_TEMPLATE, env: { BEIAN_FORWARD_CLOCK: 'true' } });
      await use(server);
      await server.stop();
    },
    { scope: 'worker', timeout: 90_000 },
  ],
});

/** A browser of its own for another person, as this project's are. Its context is closed with the test's browser. */
export async function anotherBrowser(browser, baseURL, hydrates) {
  const page = await (await browser.newContext({ baseURL, javaScriptEnabled: hydrates, locale: 'zh-CN' })).newPage();
  if (hydrates) await waitForHydration(page);
  return page;
}

/**
 * From now on every click, fill and expectation on this page waits until the wasm has taken over: what is
 * clicked before that does nothing. Pages without the wasm (the identity provider) are not waited for.
 */
export async function waitForHydration(page) {
  const waiting = page.locator(NOT_YET);
  await page.addLocatorHandler(waiting, () => waiting.waitFor({ state: 'detached' }), { noWaitAfter: true });
}

/** Waits until this very page is hydrated; for steps that are not actions (`page.keyboard`, `evaluate`). */
export async function hydrated(page) {
  await expect(page.locator('body[data-hydrated]')).toBeAttached();
}

/** Signs in as one of the sample people, from the home page and back to where the platform leads. */
export async function signIn(page, name) {
  await toProvider(page);
  await page.getByRole('button', { name, exact: true }).click();
  await backOnThePlatform(page);
}

/** Signs in as a person the provider does not know yet; see `person()`. */
export async function signInAs(page, { name, mobile, idNumber }) {
  await toProvider(page);
  await page.getByLabel('真实姓名').fill(name);
  await page.getByLabel('手机号码').fill(mobile);
  await page.getByLabel('身份证号码').fill(idNumber);
  await page.getByRole('button', { name: '登录', exact: true }).click();
  await backOnThePlatform(page);
}

async function toProvider(page) {
  await page.goto('/');
  await page.getByRole('link', { name: '用户登录' }).or(page.getByRole('button', { name: '用户登录' })).first().click();
  await page.waitForURL(/\/idp\/authorize/);
}

async function backOnThePlatform(page) {
  await page.waitForURL((url) => !/^\/(idp|auth)\//.test(url.pathname));
}

let people = 0;

/** An invented person nobody has signed in as on this server, with a valid id number. */
export function person(name = '测试人') {
  people += 1;
  const number = String(people).padStart(3, '0');
  // A worker has its own server, so counting is enough; 1901 keeps clear of the samples' birthdays.
  const day = String((people % 28) + 1).padStart(2, '0');
  const idNumber = withCheckDigit(`11010119010${1 + (people % 9)}${day}${number}`);
  return { name, mobile: `1390000${String(people).padStart(4, '0')}`, idNumber };
}

/** Adds the check digit of GB 11643 to the first 17 figures. */
export function withCheckDigit(figures) {
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const sum = weights.reduce((sum, weight, at) => sum + weight * Number(figures[at]), 0);
  return figures + '10X98765432'[sum % 11];
}

const axe = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The page as it stands has nothing that WCAG 2.2 AA forbids and a machine can see. */
export async function expectNoAxeViolations(page, { exclude = [] } = {}) {
  const scripted = await page.evaluate(() => document.body.hasAttribute('data-hydrated'));
  const violations = scripted ? await violationsOf(page, exclude) : await violationsOfCopy(page, exclude);
  expect(violations, `accessibility of ${page.url()}`).toEqual([]);
}

async function violationsOf(page, exclude) {
  await page.evaluate(await axe);
  return page.evaluate(async (exclude) => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const found = await globalThis.axe.run({ exclude }, { runOnly: tags, resultTypes: ['violations'] });
    return found.violations.map(({ id, help, nodes }) => `${id}: ${help} — ${nodes.map((node) => node.html).join(' | ')}`);
  }, exclude);
}

// axe needs timers, which stand still without JavaScript: it looks at a copy of the document under the same
// address, without its scripts, in a context that has them.
async function violationsOfCopy(page, exclude) {
  const html = (await page.content()).replace(/<script[\s\S]*?<\/script>/g, '');
  const context = await page.context().browser().newContext({
    javaScriptEnabled: true,
    viewport: page.viewportSize(),
    storageState: await page.context().storageState(),
  });
  try {
    const copy = await context.newPage();
    const address = page.url();
    await copy.route((url) => url.href === address, (route) => {
      if (route.request().isNavigationRequest()) return route.fulfill({ contentType: 'text/html; charset=utf-8', body: html });
      return route.continue();
    });
    await copy.goto(address);
    return await violationsOf(copy, exclude);
  } finally {
    await context.close();
  }
}
