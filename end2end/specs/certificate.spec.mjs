// 备案凭证 (R38): the number's own page, its print, and whether the badge hangs on the site.
import { test, expect, expectNoAxeViolations, person, signInAs, startServer } from '../harness/test.mjs';
import { inForce } from '../harness/arrange.mjs';

const NUMBER = /测公网安备\d{14}号/;

/** A website of one's own in force, opened. */
async function ownWebsite(page, baseURL, who = person('蒋测试')) {
  await signInAs(page, who);
  const { website, domain } = await inForce(page, baseURL, who);
  await page.goto(`/mine/website/${website}`);
  return { website, domain };
}

test('R38: the record shows number, badge, square code and one snippet at a time', async ({ page, baseURL, hydrates }) => {
  await ownWebsite(page, baseURL);
  const card = page.getByRole('region', { name: '备案号与网站标识' });
  const number = card.locator('.certificate-number');
  await expect(number).toHaveText(NUMBER);
  expect(await number.evaluate((element) => getComputedStyle(element).fontSize)).toBe('28px');
  const badge = card.getByRole('img', { name: '备案图标' });
  expect((await badge.boundingBox()).width).toBe(64);
  await expect(card.getByRole('img', { name: '公示页二维码' })).toBeVisible();

  await expect(card.getByLabel('HTML 代码')).toBeVisible();
  await expect(card.getByLabel('Markdown 代码')).toBeHidden();
  await card.getByText('Markdown 代码', { exact: true }).click();
  await expect(card.getByLabel('Markdown 代码')).toBeVisible();
  await expect(card.getByLabel('Markdown 代码')).toContainText('/r/');
  await expect(card.getByLabel('HTML 代码')).toBeHidden();
  await expect(card.getByRole('button', { name: '复制' }).first()).toBeVisible({ visible: hydrates });
  await expectNoAxeViolations(page);
});

test('【复制】 puts the number on the clipboard', async ({ page, baseURL, context, hydrates }) => {
  test.skip(!hydrates, 'a button of scripts');
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await ownWebsite(page, baseURL);
  await page.getByRole('button', { name: '复制' }).first().click();
  await expect(page.getByText('已复制').first()).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(NUMBER);
});

test('the certificate is one sheet of paper, with number and square code in its foot and no buttons', async ({ page, baseURL }) => {
  const { website, domain } = await ownWebsite(page, baseURL);
  await page.getByRole('link', { name: '打印备案凭证' }).click();
  await page.waitForURL(`**/mine/website/${website}/certificate`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/备案凭证/);
  await expect(page.getByRole('article')).toContainText(domain);
  await expectNoAxeViolations(page);

  await page.emulateMedia({ media: 'print' });
  for (const button of await page.getByRole('button').all()) await expect(button).toBeHidden();
  await expect(page.getByRole('link', { name: '返回' })).toBeHidden();
  const foot = page.locator('.certificate-foot');
  await expect(foot).toBeVisible();
  await expect(foot).toContainText(NUMBER);
  await expect(foot).toContainText(/\/r\/\d{14}/);
  await expect(foot.getByRole('img', { name: '公示页二维码' })).toBeVisible();
  await page.emulateMedia({ media: null });
  const pdf = (await page.pdf({ format: 'A4' })).toString('latin1');
  expect(pdf.match(/\/Type\s*\/Page\b/g)).toHaveLength(1);
});

test('closed details are not printed half', async ({ page, baseURL }) => {
  await ownWebsite(page, baseURL);
  await page.emulateMedia({ media: 'print' });
  for (const label of ['HTML 代码', 'Markdown 代码', '下载备案图标']) {
    await expect(page.getByText(label, { exact: true }).first()).toBeHidden();
  }
  await expect(page.locator('.certificate-number')).toBeVisible();
});

test('where the server may not look, the person says that the badge hangs, and the page says whose word it is', async ({ page, baseURL }) => {
  await ownWebsite(page, baseURL);
  const section = page.getByRole('region', { name: '挂标', exact: true });
  await expect(section).toContainText('平台不会自动访问您的服务');
  await expect(section.getByRole('button', { name: '我已挂标，检查一下' })).toHaveCount(0);
  await section.getByRole('button', { name: '我已挂标', exact: true }).click();
  await expect(page.getByRole('status').filter({ hasText: '由您本人确认已挂标' })).toBeVisible();
  await expect(section).toContainText('已由您确认挂标');
  await expect(section).toContainText(/检查时间 \d{4}-\d{2}-\d{2}/);
  await expectNoAxeViolations(page);
});

test('nobody sees or checks the certificate of another', async ({ page, baseURL, browser }) => {
  const { website } = await ownWebsite(page, baseURL);
  const other = await (await browser.newContext({ baseURL })).newPage();
  await signInAs(other, person('韩无关'));
  expect((await other.goto(`/mine/website/${website}/certificate`)).status()).toBe(404);
  for (const action of ['check-badge', 'declare-badge']) {
    const post = (headers) => other.request.post(`${baseURL}/act/${action}`, { form: { record: website }, headers, maxRedirects: 0 });
    expect((await post({ origin: baseURL })).status()).toBe(404);
    expect((await post({ origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' })).status()).toBe(403);
  }
  await other.context().close();
});

test('where the server may look and the site does not answer, it says so and takes the person\'s word', async ({ browser, hydrates }) => {
  const server = await startServer({ template: process.env.E2E_TEMPLATE, env: { BEIAN_NETWORK_CHECKS: 'true' } });
  try {
    const context = await browser.newContext({ baseURL: server.url, javaScriptEnabled: hydrates, locale: 'zh-CN' });
    const page = await context.newPage();
    const who = person('沈测试');
    await signInAs(page, who);
    // Of a domain that leads nowhere.
    const { website } = await inForce(page, server.url, who, { domain: `s${Date.now() % 1e9}.cn` });
    await page.goto(`/mine/website/${website}`);
    const section = page.getByRole('region', { name: '挂标', exact: true });
    await expect(section.getByRole('button', { name: '我已挂标', exact: true })).toHaveCount(0);
    await section.getByRole('button', { name: '我已挂标，检查一下' }).click();
    await expect(section).toContainText('没有检查成', { timeout: 20_000 });
    await expect(section).toContainText('未能访问');
    await section.getByRole('button', { name: '我已挂标', exact: true }).click();
    await expect(section).toContainText('由您本人确认已挂标，平台检查时未能访问网站');
    await expectNoAxeViolations(page);
    await context.close();
  } finally {
    await server.stop();
  }
});
