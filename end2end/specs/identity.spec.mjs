// R1: signing in by OpenID Connect, with the embedded provider and with one that is none of ours.
import { test, expect, person, startServer, walkSignIn, walkSignInAs } from '../harness/test.mjs';
import { signInAtProvider, startProvider } from '../harness/provider.mjs';
import { freePort } from '../harness/server.mjs';

test('a sample person signs in and is greeted by name: one\'s own is no secret from oneself', async ({ page }) => {
  await walkSignIn(page, '申请人甲');
  await expect(page.getByText('申请人甲').first()).toBeVisible();
});

test('a person made up on the spot can sign in and has no subject yet', async ({ page }) => {
  await walkSignInAs(page, person('李测试'));
  await page.goto('/');
  // R5
  await expect(page.getByText('您当前尚无有效主体，请先申请主体')).toBeVisible();
});

test('who cancels at the provider is back and not signed in', async ({ page }) => {
  await page.goto('/auth/login');
  await page.getByRole('button', { name: '取消' }).click();
  await page.waitForURL((url) => !url.pathname.startsWith('/idp/'));
  await page.goto('/');
  await expect(page.getByText('用户登录').first()).toBeVisible();
});

test('an independent provider works as the embedded one does', async ({ browser }) => {
  const someone = person('王测试');
  const port = await freePort();
  const provider = await startProvider({ people: [someone], port });
  const server = await startServer({ port, env: provider.env });
  const context = await browser.newContext({ baseURL: server.url });
  try {
    const page = await context.newPage();
    await page.goto('/auth/login');
    await signInAtProvider(page, someone.name);
    await page.waitForURL((url) => url.origin === server.url && !url.pathname.startsWith('/auth/'));
    await page.goto('/');
    await expect(page.getByText('王测试').first()).toBeVisible();
    // The embedded one is gone once another is configured.
    expect((await page.request.get('/idp/.well-known/openid-configuration')).status()).toBe(404);
  } finally {
    await context.close();
    await server.stop();
    await provider.stop();
  }
});
