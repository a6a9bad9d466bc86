// 运行状况: what the keeper of the platform sees of it, and nobody else.
import { test, expect, anotherBrowser, expectNoAxeViolations, signIn } from '../harness/test.mjs';

const main = (page) => page.getByRole('main');
const row = (page, table, text) =>
  main(page).getByRole('table', { name: table, exact: true }).getByRole('row').filter({ hasText: text });

test('a keeper sees of every part whether it is well, and what to do where it is not', async ({ page, browser, baseURL, hydrates }) => {
  await signIn(page, '维护员');
  await page.goto('/');
  await page.getByRole('navigation', { name: '主菜单' }).getByRole('link', { name: '运行状况' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('运行状况');
  // Nobody has made a backup of a database that a test began.
  await expect(main(page).getByText('1 项需要处理：')).toBeVisible();
  await expect(row(page, '各部分', '备份')).toContainText('还没有做过备份');
  await expect(row(page, '各部分', '备份')).toContainText('请用 beian backup 做一次备份');
  await expect(row(page, '各部分', '数据库结构')).toContainText('与程序相符');
  for (const [part, said] of [['文件存储', /写入一个文件用时 \d+ 毫秒；记录在册 \d+ 个文件/], ['短信发送', /待发送 \d+ 条/], ['登录失败', /近 1 小时 \d+ 次/]]) {
    await expect(row(page, '各部分', part)).toContainText(said);
    await expect(row(page, '各部分', part)).toContainText('正常');
  }
  // Every task has words of its own, and has run since the server began.
  const jobs = main(page).getByRole('table', { name: '后台任务明细' }).getByRole('row');
  expect(await jobs.count()).toBeGreaterThan(12);
  for (const text of await jobs.locator('td:first-child').allInnerTexts()) expect(text).not.toMatch(/[a-z]/);
  await expect(row(page, '后台任务明细', '看板计数')).toContainText(/每 10 秒.*\d{4}-\d\d-\d\d \d\d:\d\d/s);
  await expect(main(page).getByRole('region', { name: '版本与规模' })).toContainText(/程序版本\s*\d+\.\d+\.\d+/);
  await expectNoAxeViolations(page);

  // A way back from the identity platform that nobody began counts as failed.
  const failed = async () => Number((await row(page, '各部分', '登录失败').innerText()).match(/近 24 小时 (\d+) 次/)[1]);
  const before = await failed();
  const stranger = await anotherBrowser(browser, baseURL, hydrates);
  await stranger.goto('/auth/callback?state=unknown&code=1');
  await main(page).getByRole('link', { name: '刷新' }).click();
  await expect.poll(async () => { await page.reload(); return failed(); }).toBeGreaterThan(before);
});

test('nobody else has the page, and an error page names the request', async ({ page, request }) => {
  for (const name of ['管理员', '审计员', '审核员东城', '申请人甲']) {
    await signIn(page, name);
    const answer = await page.goto('/upkeep/platform');
    expect(answer.status(), name).toBe(403);
    await expect(main(page)).not.toContainText('后台任务');
    await expect(page.getByRole('link', { name: '运行状况' })).toHaveCount(0);
    await page.context().clearCookies();
  }
  // The number of the request is in the answer; a stranger does not choose it.
  const answer = await request.get('/livez', { headers: { 'x-request-id': 'chosen-by-a-stranger' } });
  expect(answer.status()).toBe(200);
  expect(answer.headers()['x-request-id']).not.toBe('chosen-by-a-stranger');
  expect((await request.get('/readyz')).status()).toBe(200);
  expect((await request.get('/metrics')).status()).toBe(404);
});
