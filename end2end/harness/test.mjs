// What specs import: `test` with a server per worker, and the few steps every journey shares.
import { test as base, expect } from '@playwright/test';
import { signInBy } from './http.mjs';
import { startServer } from './server.mjs';

export { expect };
export { startServer };
export { expectNoAxeViolations } from './axe.mjs';
export { person, withCheckDigit } from './people.mjs';

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

/**
 * Signs in as one of the sample people, by the requests a browser would send and without its pages: the cookies are
 * then those of this page's browser. The page stays where it is.
 */
export async function signIn(page, name) {
  await signInBy(page.request, name);
}

/** The same for a person the provider does not know yet; see `person()`. */
export async function signInAs(page, who) {
  await signInBy(page.request, who);
}

/** Signs in, through the pages, from the home page and back to where the platform leads. */
export async function walkSignIn(page, name) {
  await toProvider(page);
  await page.getByRole('button', { name, exact: true }).click();
  await backOnThePlatform(page);
}

/** The same for a person the provider does not know yet. */
export async function walkSignInAs(page, who) {
  await toProvider(page);
  await tellProvider(page, who);
}

/** On the provider's page already: says who one is, and is led back to the platform. */
export async function tellProvider(page, { name, mobile, idNumber }) {
  await page.waitForURL(/\/idp\/authorize/);
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
