// What administrators of the system keep: directories (R31), reasons, holidays; and the auditor's pages (R65).
import { test, expect, anotherBrowser, expectNoAxeViolations, person, signIn, signInAs } from '../harness/test.mjs';
import { inForce } from '../harness/arrange.mjs';
import { desk } from '../harness/desk.mjs';

const main = (page) => page.getByRole('main');
const row = (page, text) => main(page).getByRole('row').filter({ hasText: text });

test('R31: what applicants typed waits to be taken in, joined or dropped, and nothing of it is lost', async ({ page, baseURL, hydrates, browser }) => {
  test.setTimeout(120_000);
  await signInAs(page, person('卫测试'));
  await inForce(page, baseURL, person('卫测试'));
  const keeper = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(keeper, '维护员');
  await keeper.goto('/');
  await keeper.getByRole('navigation', { name: '主菜单' }).getByRole('link', { name: '服务商名录' }).click();
  await expect(keeper.getByRole('heading', { level: 1 })).toHaveText('服务商名录');
  await expectNoAxeViolations(keeper);
  const typed = row(keeper, '某某云计算有限公司');
  await expect(typed).toContainText('网络接入服务商');
  await typed.getByText('整理').click();
  await expectNoAxeViolations(keeper);
  await typed.getByLabel('并入（完整名称）').fill('没有这一家');
  await typed.getByRole('button', { name: '并入' }).click();
  await expect(keeper.getByText('名录中没有这个名称的服务商，请填写完整名称')).toBeVisible();
  await row(keeper, '某某云计算有限公司').getByLabel('并入（完整名称）').fill('天翼云科技有限公司');
  await row(keeper, '某某云计算有限公司').getByRole('button', { name: '并入' }).click();
  await expect(keeper.getByText('已并入。')).toBeVisible();
  await expect(row(keeper, '某某云计算有限公司')).toHaveCount(0);
  await row(keeper, '某某域名注册有限公司').getByText('整理').click();
  await row(keeper, '某某域名注册有限公司').getByLabel('别名').fill('品牌乙');
  await row(keeper, '某某域名注册有限公司').getByRole('button', { name: '收录', exact: true }).click();
  await expect(keeper.getByText('已收录。')).toBeVisible();
  await keeper.getByLabel('来源').selectOption('人工收录');
  await keeper.getByRole('button', { name: '查询' }).click();
  await expect(row(keeper, '某某域名注册有限公司')).toContainText('品牌乙');
  await expectNoAxeViolations(keeper);
  await keeper.context().close();
  // What was joined is found under the name people typed.
  const own = desk(page, baseURL);
  const draft = await own.save('website_new', 'site', undefined, {});
  const find = { section: 'isp', name: '某某云', area: '110000', after: '', is_asked: true };
  const request = { procedure: 'website_new', step: 'site', draft: draft.id, record: null, fresh: false, check: false, find };
  const { finder } = await own.ask('form_view', { request });
  expect(finder.page.rows.map((one) => one.name)).toEqual(['天翼云科技有限公司']);
});

test('reasons and holidays are kept on their pages; officers pick what is kept', async ({ page, baseURL, hydrates }) => {
  await signIn(page, '维护员');
  await page.goto('/upkeep/reasons');
  await expect(row(page, '网站无法打开')).toBeVisible();
  await expectNoAxeViolations(page);
  const form = page.getByRole('group', { name: '添加常用意见' });
  const title = `意见${hydrates ? '甲' : '乙'}${Date.now() % 1e6}`;
  await form.getByLabel('名称').fill(title);
  await form.getByLabel('意见').fill('请补充说明材料</textarea><script>alert(1)</script>');
  await page.getByRole('button', { name: '保存', exact: true }).last().click();
  await expect(row(page, title)).toContainText('</textarea><script>');
  await row(page, title).getByText('修改').first().click();
  await expect(row(page, title).getByLabel('意见')).toHaveValue('请补充说明材料</textarea><script>alert(1)</script>');
  await expectNoAxeViolations(page);
  await row(page, title).getByRole('button', { name: '删除' }).click();
  await expect(row(page, title)).toHaveCount(0);

  await page.goto('/upkeep/holidays');
  await expectNoAxeViolations(page);
  const day = hydrates ? '2027-05-01' : '2027-05-02';
  await page.getByLabel('日期').fill(day);
  await page.getByLabel('名称').fill('劳动节');
  await page.getByRole('button', { name: '登记' }).click();
  await expect(row(page, day)).toContainText('休息');
  await expectNoAxeViolations(page);
  await row(page, day).getByRole('button', { name: '删除' }).click();
  await expect(row(page, day)).toHaveCount(0);
  // Nobody else has these pages.
  await page.context().clearCookies();
  await signIn(page, '管理员');
  for (const path of ['/upkeep/providers', '/upkeep/reasons', '/upkeep/holidays']) {
    await page.goto(path);
    await expect(main(page)).toContainText('您没有办理此项业务的权限');
  }
});

test('R65: an auditor searches the log and sees that it was searched', async ({ page }) => {
  await signIn(page, '审计员');
  await page.goto('/');
  await page.getByRole('navigation', { name: '主菜单' }).getByRole('link', { name: '审计日志' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('审计日志');
  await expectNoAxeViolations(page);
  await page.getByLabel('操作').fill('audit.search');
  await page.getByRole('button', { name: '查询' }).click();
  await expect(main(page).getByRole('row').nth(1)).toContainText('审计员');
  await expectNoAxeViolations(page);
});
