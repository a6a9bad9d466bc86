// The front door: what anybody gets before signing in, and what is promised of the bundle.
import { test, expect, expectNoAxeViolations } from '../harness/test.mjs';

test('the front page opens for everybody and is accessible', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByText('用户登录').first()).toBeVisible();
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
  await expectNoAxeViolations(page);
});

test('the code of the page is sent compressed and may be kept forever', async ({ page, hydrates }) => {
  test.skip(!hydrates, 'without JavaScript the browser does not load it');
  const loaded = [];
  page.on('response', (response) => loaded.push(response));
  await page.goto('/');
  await expect(page.locator('body[data-hydrated]')).toBeAttached();
  for (const kind of ['.js', '.wasm', '.css']) {
    const found = loaded.find((response) => new URL(response.url()).pathname.endsWith(kind));
    expect(found, `a ${kind} is loaded`).toBeTruthy();
    const headers = await found.allHeaders();
    expect(headers['cache-control'], kind).toContain('immutable');
    expect(headers['content-encoding'], kind).toMatch(/^(br|gzip)$/);
  }
});

test('pages carry a policy that lets no foreign script run', async ({ page, request, baseURL }) => {
  const response = await page.goto('/');
  const policy = response.headers()['content-security-policy'] ?? '';
  expect(policy).toContain('script-src');
  expect(policy).not.toContain("script-src 'unsafe-inline'");
  const missing = await request.get(`${baseURL}/no-such-page`);
  expect(missing.status()).toBe(404);
});

test('nothing is asked of any other host', async ({ page, baseURL }) => {
  const elsewhere = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(baseURL) && !request.url().startsWith('data:')) elsewhere.push(request.url());
  });
  await page.goto('/');
  await page.waitForLoadState('networkidle');
  expect(elsewhere).toEqual([]);
});
