// Where the operator demands it, staff sign in by a higher level and what cannot be undone asks for a fresh proof
// (ASVS V6.3.3, V6.6.1, V6.8.4, V7.5.2, V7.6.1).
import { test as base, expect, anotherBrowser, expectNoAxeViolations, person, signInAs, startServer, tellProvider, walkSignIn } from '../harness/test.mjs';
import { later } from '../harness/arrange.mjs';
import { signInAtProvider, startProvider } from '../harness/provider.mjs';
import { freePort } from '../harness/server.mjs';

const DEMANDS = { BEIAN_FORWARD_CLOCK: 'true', BEIAN_STAFF_ACR: '2', BEIAN_STAFF_MAX_AGE_MINUTES: '30', BEIAN_FRESH_MINUTES: '10' };

const test = base.extend({
  server: [
    async ({}, use) => {
      const server = await startServer({ template: process.env.E2E_TEMPLATE, env: DEMANDS });
      await use(server);
      await server.stop();
    },
    { scope: 'worker', timeout: 90_000 },
  ],
});

test('an officer proves himself by the higher level, on the way to the desk', async ({ page }) => {
  await walkSignIn(page, '审核员东城');
  await expect(page.getByRole('link', { name: '验证身份后进入' })).toHaveCount(1);
  for (const path of ['/review', '/review/queue', '/staff', '/audit', '/upkeep/reasons']) {
    expect((await page.goto(path)).status(), path).toBe(403);
    await expect(page.getByText('审核和管理工作须以更高强度的身份认证登录')).toBeVisible();
  }
  await page.goto('/review/queue');
  await expectNoAxeViolations(page);
  await page.getByRole('link', { name: '验证身份' }).click();
  await page.getByRole('button', { name: '审核员东城', exact: true }).click();
  await page.waitForURL(/\/review\/queue$/);
  await expect(page.getByRole('heading', { level: 1 })).toContainText('审核队列');
  await page.goto('/staff');
  await expect(page.getByText('您没有办理此项业务的权限')).toBeVisible();
});

test('ending another session asks for a fresh proof', async ({ page, server, browser, baseURL, hydrates }) => {
  const who = person('安测试');
  await signInAs(page, who);
  await later(server, 15 * 60);
  await page.goto('/sessions');
  const other = await anotherBrowser(browser, baseURL, hydrates);
  await signInAs(other, who);
  await page.reload();
  await page.getByRole('button', { name: '退出此会话' }).click();
  await expect(page.getByText('须在 10 分钟内通过身份认证')).toBeVisible();
  await expectNoAxeViolations(page);
  await other.goto('/sessions');
  await expect(other.getByText('当前会话')).toBeVisible();
  await page.getByRole('link', { name: '验证身份' }).click();
  await tellProvider(page, who);
  await page.waitForURL(/\/sessions$/);
  await page.getByRole('button', { name: '退出此会话' }).click();
  await expect(page.getByText('该会话已退出。')).toBeVisible();
  await other.context().close();
});

base('an independent provider asks anew when it is told to', async ({ browser }) => {
  const someone = person('顾测试');
  const port = await freePort();
  const provider = await startProvider({ people: [someone], port });
  const server = await startServer({ port, env: { ...provider.env, BEIAN_FRESH_MINUTES: '10' } });
  const context = await browser.newContext({ baseURL: server.url });
  try {
    const page = await context.newPage();
    const home = (url) => url.origin === server.url && !url.pathname.startsWith('/auth/');
    await page.goto('/auth/login?next=/sessions');
    await signInAtProvider(page, someone.name);
    await page.waitForURL(home);
    // It knows the person by now, and would let them through.
    await page.goto('/auth/login?next=/sessions');
    await page.waitForURL(home);
    await page.goto('/auth/login?fresh=1&next=/sessions');
    await page.locator('input[name=login]').fill(someone.name);
    await page.locator('input[name=password]').fill('any');
    await page.getByRole('button', { name: 'Sign-in' }).click();
    await page.waitForURL(home);
    await expect(page.getByText('当前会话')).toBeVisible();
  } finally {
    await context.close();
    await server.stop();
    await provider.stop();
  }
});
