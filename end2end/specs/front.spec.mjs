// The front door: what anybody gets before signing in, and what is promised of the bundle.
import { test, expect, expectNoAxeViolations, hydrated, person, signInAs } from '../harness/test.mjs';

test('the front page opens for everybody and is accessible', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByText('用户登录').first()).toBeVisible();
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
  await expectNoAxeViolations(page);
});

const withoutScripts = 'without JavaScript the browser does not load it';

/** The built files that the page asked for while `work` went on, as responses. */
async function loadedDuring(page, work) {
  const loaded = [];
  const remember = (response) => loaded.push(response);
  page.on('response', remember);
  await work();
  await hydrated(page);
  page.off('response', remember);
  return loaded.filter((response) => new URL(response.url()).pathname.startsWith('/pkg/'));
}

const names = (responses) => responses.map((response) => new URL(response.url()).pathname.match(/\w+/g).at(-3));
const kinds = (responses) => responses.map((response) => new URL(response.url()).pathname.split('.').at(-1));

test('the code of the page is sent compressed and may be kept forever', async ({ page, hydrates }) => {
  test.skip(!hydrates, withoutScripts);
  // Whoever has no subject is asked for one in a dialog, which is an island.
  await signInAs(page, person());
  const loaded = await loadedDuring(page, () => page.goto('/'));
  for (const kind of ['js', 'wasm', 'css']) {
    const found = loaded.filter((response) => response.url().endsWith(`.${kind}`));
    expect(found.length, `a .${kind} is loaded`).toBeGreaterThan(0);
    for (const response of found) {
      const headers = await response.allHeaders();
      expect(headers['cache-control'], kind).toContain('immutable');
      expect(headers['content-encoding'], kind).toMatch(/^(br|gzip)$/);
    }
  }
});

test('a page loads the code of its islands, and no wasm when it has none', async ({ page, hydrates }) => {
  test.skip(!hydrates, withoutScripts);
  const front = await loadedDuring(page, () => page.goto('/'));
  expect(kinds(front).sort()).toEqual(['css', 'js']);
  await signInAs(page, person());
  const home = await loadedDuring(page, () => page.goto('/'));
  expect(names(home)).toContain('pages');
  expect(names(home)).not.toContain('wizard');
  const wizard = await loadedDuring(page, () => page.goto('/subject/new'));
  expect(names(wizard)).toContain('wizard');
  expect(names(wizard)).not.toContain('pages');
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
