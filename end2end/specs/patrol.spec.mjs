// 需核查: officers see what a patrol found of filings in force here, tell the applicant or say why nothing has to be
// done; the applicant sees it above the record. The findings are those of the sample filings, so nobody is asked.
import { anotherBrowser, expect, expectNoAxeViolations, signIn, startServer, test as base } from '../harness/test.mjs';

const test = base.extend({
  server: [
    async ({}, use) => {
      const server = await startServer({ env: { BEIAN_SAMPLE_FILINGS: 'true' } });
      await use(server);
      await server.stop();
    },
    { scope: 'worker', timeout: 90_000 },
  ],
});

const row = (page, name) => page.getByRole('row').filter({ hasText: name });

test('an officer tells the applicant once, who sees until when above the record', async ({ page, baseURL, browser, hydrates }) => {
  await signIn(page, '审核员东城');
  await page.goto('/review');
  await page.getByRole('main').getByRole('link', { name: '需核查' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('需核查');
  const moved = row(page, '晨光科技官网');
  await expect(moved).toContainText('11010102000001');
  await expect(moved).toContainText('www.chenguang-example.cn 解析到 1.2.4.8，不在所填IP中');
  await expectNoAxeViolations(page);
  // Kept by its kind, found by its domain, and the list one came from is the one one comes back to.
  await page.getByLabel('发现的问题').selectOption('解析与所填IP不符');
  await page.getByLabel('备案号或域名').fill('chenguang-example.cn');
  await page.getByRole('button', { name: '查询' }).click();
  await expect(row(page, '乙的个人博客')).toHaveCount(0);
  await moved.getByRole('button', { name: '通知申请人' }).click();
  await expect(page.getByText('已通知申请人，期限 30 日。')).toBeVisible();
  expect(new URL(page.url()).searchParams.get('fault')).toBe('moved');
  await expect(moved).toContainText('申请人尚未提交变更或注销');
  await expect(moved.getByRole('button', { name: '通知申请人' })).toHaveCount(0);
  const due = (await moved.innerText()).match(/期限\s*(\d{4}-\d{2}-\d{2})/)[1];

  const owner = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(owner, '申请人甲');
  await owner.goto('/notices');
  await owner.getByRole('button', { name: new RegExp(`网安部门核查您的网站“晨光科技官网”.*请在 ${due} 前`) }).click();
  await expect(owner.getByRole('heading', { name: `请在 ${due} 前变更或注销` })).toBeVisible();
  await expect(owner.getByRole('main')).toContainText('解析与所填IP不符');
  await expectNoAxeViolations(owner);
  await owner.context().close();

  const elsewhere = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(elsewhere, '审核员上海');
  await elsewhere.goto('/review/patrol');
  await expect(row(elsewhere, '晨光科技官网')).toHaveCount(0);
  // What its owner has filed meanwhile stands beside it.
  await expect(row(elsewhere, '海棠官网')).toContainText(/提交变更\s*BA\d+/);
  await elsewhere.context().close();
});

test('nothing has to be done only with a reason; what was typed is kept with what is wrong', async ({ page }) => {
  await signIn(page, '审核员东城');
  await page.goto('/review/patrol');
  await row(page, '乙的个人博客').getByRole('link', { name: '无需处理' }).click();
  await expect(page.getByRole('heading', { name: '“乙的个人博客”无需处理' })).toBeVisible();
  await page.getByLabel('理由').fill('短');
  await page.getByRole('button', { name: '标为无需处理' }).click();
  await expect(page.getByText('无需处理的理由：请填写 5 至 300 个字')).toBeVisible();
  await expect(page.getByLabel('理由')).toHaveValue('短');
  await expect(page.getByLabel('理由')).toHaveAttribute('aria-invalid', 'true');
  await expectNoAxeViolations(page);
  await page.getByLabel('理由').fill('已打开核对，备案号由脚本显示在页脚');
  await page.getByRole('button', { name: '标为无需处理' }).click();
  await expect(page.getByText('已标为无需处理。')).toBeVisible();
  await expect(row(page, '乙的个人博客')).toHaveCount(0);
  await page.getByLabel('处理情况').selectOption('已结束');
  await page.getByRole('button', { name: '查询' }).click();
  await expect(row(page, '乙的个人博客')).toContainText('已打开核对，备案号由脚本显示在页脚');
  await expect(row(page, '乙的个人博客').getByRole('button')).toHaveCount(0);
  await expectNoAxeViolations(page);
});

test('without the officer\'s region, and from foreign sites, nothing is done', async ({ page, baseURL }) => {
  await signIn(page, '审核员东城');
  await page.goto('/review/patrol?state=notified');
  const post = (act, form, headers = { origin: baseURL }) =>
    page.request.post(`/act/${act}`, { form, headers, maxRedirects: 0 });
  const nobodys = '01900000-0000-7000-8000-000000000000';
  for (const act of ['notify-applicant', 'dismiss-finding']) {
    expect((await post(act, { finding: nobodys, reason: '没有问题的' })).status(), act).toBe(404);
    const foreign = { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' };
    expect((await post(act, { finding: nobodys, reason: '没有问题的' }, foreign)).status(), act).toBe(403);
  }
  // Nobody looks where the operator does not say so.
  expect((await post('look-again', { finding: nobodys })).status()).toBe(303);
  await page.goto('/review/patrol');
  await expect(page.getByText('平台没有开启自动核查')).toBeVisible();
  await page.context().clearCookies();
  await signIn(page, '申请人甲');
  expect((await post('notify-applicant', { finding: nobodys })).status()).toBe(403);
  expect((await page.goto('/review/patrol')).status()).toBeLessThan(500);
  await expect(page.getByText('您没有')).toBeVisible();
});
