// 办事指南 and the top bar of every page: 帮助 and 长辈版, before sign-in and after.
import { test, expect, expectNoAxeViolations, person, signInAs } from '../harness/test.mjs';

const isElder = (page) => page.evaluate(() => document.documentElement.hasAttribute('data-elder'));

test('the front door says what to have ready and how long it takes, and leads to the guide', async ({ page }) => {
  await page.goto('/');
  // The platform's name stands in the top bar and the foot, not once more as the title.
  await expect(page.getByRole('heading', { level: 1 })).not.toContainText('联网备案服务平台');
  await expect(page.getByRole('heading', { name: '准备什么' })).toBeVisible();
  await expect(page.getByText(/约需 \d+ 分钟/)).toBeVisible();
  await expect(page.getByRole('heading', { name: '多久办完' })).toBeVisible();
  await page.getByRole('link', { name: '办事指南' }).first().click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('办事指南');
});

test('the guide tells without sign-in who files, what is asked and how the badge is put up', async ({ page }) => {
  await page.goto('/guide');
  for (const part of ['谁需要办理', '办理流程', '准备什么', '多久办完', '怎样挂标', '常见问题']) {
    await expect(page.getByRole('heading', { name: part, exact: true })).toBeVisible();
  }
  const subject = page.getByRole('region', { name: '开办主体' });
  await expect(subject).toContainText('单位，约');
  await expect(subject).toContainText('主办单位有效证件');
  const website = page.getByRole('region', { name: '网站', exact: true });
  await expect(website).toContainText('按情况提供');
  const asked = website.getByText('网站访问地址');
  await expect(asked).toBeHidden();
  await website.getByText(/项必填内容/).click();
  await expect(asked).toBeVisible();
  await expect(page.getByText('民警将无法').or(page.getByText('不会单独进行主体审核'))).toBeVisible();
  await expectNoAxeViolations(page);
});

test('帮助 stands in the top bar of every page, and 业务办理 leads to the guide', async ({ page }) => {
  const help = page.getByRole('banner').getByRole('link', { name: '帮助' });
  for (const path of ['/', '/lookup', '/guide']) {
    await page.goto(path);
    await expect(help).toHaveAttribute('href', '/guide');
  }
  await signInAs(page, person('朱测试'));
  for (const path of ['/', '/services', '/mine/filings', '/subject/new']) {
    await page.goto(path);
    await expect(help).toBeVisible();
  }
  await page.goto('/services');
  await page.getByRole('main').getByRole('link', { name: '办事指南' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('办事指南');
});

test('长辈版 holds for a stranger, through the sign-in and after it, until it is turned off', async ({ page }) => {
  await page.goto('/lookup?q=abc');
  const bar = page.getByRole('banner');
  expect(await isElder(page)).toBe(false);
  await bar.getByRole('button', { name: '长辈版' }).click();
  await expect(bar.getByRole('button', { name: '标准版' })).toBeVisible();
  expect(await isElder(page)).toBe(true);
  expect(new URL(page.url()).search, 'the page one was on').toBe('?q=abc');
  await expectNoAxeViolations(page);
  await page.goto('/');
  expect(await isElder(page)).toBe(true);

  await signInAs(page, person('秦测试'));
  // Not the home page, which asks whoever has no subject for one in a dialog.
  await page.goto('/services');
  expect(await isElder(page)).toBe(true);
  await bar.getByRole('button', { name: '标准版' }).click();
  await expect(bar.getByRole('button', { name: '长辈版' })).toBeVisible();
  expect(await isElder(page)).toBe(false);
  await bar.getByRole('button', { name: '长辈版' }).click();
  await expect(bar.getByRole('button', { name: '标准版' })).toBeVisible();
  // The person's own wish holds in another browser too.
  await page.context().clearCookies({ name: 'elder' });
  await page.goto('/services');
  expect(await isElder(page)).toBe(true);
});

for (const width of [320, 390, 1280]) {
  test(`the top bar fits at ${width} px, also in large letters`, async ({ page }) => {
    await page.setViewportSize({ width, height: 800 });
    await signInAs(page, person('尤测试'));
    for (const elder of ['长辈版', '标准版']) {
      await page.goto('/services');
      const bar = await page.getByRole('banner').boundingBox();
      const help = await page.getByRole('banner').getByRole('link', { name: '帮助' }).boundingBox();
      expect(help.x + help.width).toBeLessThanOrEqual(width);
      expect(help.height, 'large enough for a finger').toBeGreaterThanOrEqual(40);
      expect(bar.width).toBeLessThanOrEqual(width);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      await page.getByRole('banner').getByRole('button', { name: elder }).click();
      await expect(page.getByRole('banner').getByRole('button', { name: elder })).toHaveCount(0);
    }
  });
}
