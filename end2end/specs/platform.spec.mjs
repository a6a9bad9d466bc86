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
  for (const [name, least] of [['后台任务', 10], ['本服务器自身的任务', 5]]) {
    const words = main(page).getByRole('table', { name, exact: true }).locator('tbody td:first-child');
    expect(await words.count()).toBeGreaterThanOrEqual(least);
    for (const text of await words.allInnerTexts()) expect(text).toMatch(/^[^a-z]+每 \d+ (秒|分钟|小时)$/);
  }
  await expect(row(page, '后台任务', '看板计数')).toContainText(/每 10 秒.*\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/s);
  // One server has all of the jobs and can be asked for each.
  const servers = main(page).getByRole('table', { name: '服务器', exact: true }).locator('tbody tr');
  await expect(servers).toHaveCount(1);
  await expect(servers).toContainText(/[0-9a-f]{6}\s*本服务器.*运行中.*\d+\.\d+\.\d+.*清理到期数据/s);
  await expect(main(page).getByRole('button', { name: /^立即运行：/ })).toHaveCount(10);
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

test('a job that a keeper wants runs at once, and the page says when', async ({ page, hydrates }) => {
  await signIn(page, '维护员');
  await page.goto('/upkeep/platform');
  const sweep = row(page, '后台任务', '清理到期数据');
  // It runs once an hour: what is seen here is not its next turn.
  await expect.poll(async () => { await page.reload(); return sweep.innerText(); }).toMatch(/每 1 小时.*\d\d:\d\d:\d\d/s);
  const cell = async (label) => (await sweep.locator(`td[data-label="${label}"]`).innerText()).trim().split('\n')[0];
  const [before, runs] = [await cell('上次完成'), await cell('完成 / 失败次数')];
  const run = page.getByRole('button', { name: /^立即运行：清理到期数据$/ });
  if (hydrates) {
    await run.focus();
    await page.keyboard.press('Enter');
  } else {
    await run.click();
  }
  await expect(page.getByText('已请求运行“清理到期数据”，稍后刷新本页查看结果。')).toBeVisible();
  await expect(page).toHaveURL('/upkeep/platform');
  // Until it has run there is nothing to press.
  await expect(sweep.getByText('等待运行').or(sweep.getByRole('button'))).toHaveCount(1);
  await expect.poll(async () => { await page.reload(); return cell('上次完成'); }).not.toBe(before);
  expect((await cell('上次完成')) > before).toBe(true);
  expect(await cell('完成 / 失败次数')).not.toBe(runs);
  await expect(sweep.getByRole('button')).toHaveText(/^立即运行/);
  await expect(sweep).toContainText('正常');
});

test('nobody else has the page, and an error page names the request', async ({ page, request, baseURL }) => {
  const run = (origin, job = 'sweep') =>
    page.request.post('/act/run-job', { form: { job }, headers: { origin }, maxRedirects: 0 });
  expect((await run(baseURL)).status(), 'a stranger').toBe(401);
  for (const name of ['管理员', '审计员', '审核员东城', '申请人甲']) {
    await signIn(page, name);
    const answer = await page.goto('/upkeep/platform');
    expect(answer.status(), name).toBe(403);
    await expect(main(page)).not.toContainText('后台任务');
    await expect(page.getByRole('link', { name: '运行状况' })).toHaveCount(0);
    expect((await run(baseURL)).status(), name).toBe(403);
    await page.context().clearCookies();
  }
  await signIn(page, '维护员');
  expect((await run('https://evil.example')).status(), 'from a page of somebody else').toBe(403);
  expect((await run(baseURL, 'no such job')).status()).toBe(404);
  // The number of the request is in the answer; a stranger does not choose it.
  const answer = await request.get('/livez', { headers: { 'x-request-id': 'chosen-by-a-stranger' } });
  expect(answer.status()).toBe(200);
  expect(answer.headers()['x-request-id']).not.toBe('chosen-by-a-stranger');
  expect((await request.get('/readyz')).status()).toBe(200);
  expect((await request.get('/metrics')).status()).toBe(404);
});
