// What administrators and the system administrator type is kept, and told at the field (R60); an officer finds an
// individual by the whole name or number, which stands in no address (R61, R70).
import { test, expect, anotherBrowser, expectNoAxeViolations, person, signIn, signInAs } from '../harness/test.mjs';
import { fileSubject, fileWebsite } from '../harness/arrange.mjs';

const main = (page) => page.getByRole('main');

test('a form that did not pass comes back with what was typed, told at its field', async ({ page }) => {
  await signIn(page, '维护员');
  await page.goto('/upkeep/holidays');
  const day = page.getByRole('group', { name: '登记一天' });
  await day.getByLabel('日期').fill('2027-10-01');
  await day.getByLabel('名称').fill('国');
  await day.getByLabel('安排').selectOption('上班（调休）');
  await page.getByRole('button', { name: '登记' }).click();
  await expect(day.getByLabel('名称')).toHaveAttribute('aria-invalid', 'true');
  await expect(day.getByText('名称：')).toBeVisible();
  await expect(day.getByLabel('日期')).toHaveValue('2027-10-01');
  await expect(day.getByLabel('名称')).toHaveValue('国');
  await expect(day.getByLabel('安排')).toHaveValue('work');
  await expect(day.getByLabel('名称')).toBeFocused();
  await expectNoAxeViolations(page);

  await page.goto('/upkeep/reasons');
  const row = main(page).getByRole('row').filter({ hasText: '网站无法打开' });
  await row.getByText('修改').first().click();
  await row.getByLabel('意见').fill('短');
  await row.getByRole('button', { name: '保存' }).click();
  await expect(row.getByLabel('意见')).toHaveValue('短');
  await expect(row.getByText('意见：')).toBeVisible();
  // The form for a new one is empty.
  await expect(page.getByRole('group', { name: '添加常用意见' }).getByLabel('意见')).toHaveValue('');
  await expectNoAxeViolations(page);

  await page.goto('/upkeep/providers');
  const entry = page.getByRole('group', { name: '添加服务商' });
  await entry.getByLabel('名称').fill('某某云有限公司');
  await entry.getByLabel('所属地区代码').fill('99');
  await page.getByRole('button', { name: '收录', exact: true }).last().click();
  await expect(entry.getByLabel('名称')).toHaveValue('某某云有限公司');
  await expect(entry.getByLabel('所属地区代码')).toHaveAttribute('aria-invalid', 'true');
  await expectNoAxeViolations(page);

  await page.context().clearCookies();
  await signIn(page, '管理员');
  await page.goto('/staff');
  await page.getByLabel('登录人的身份证号码').fill('110101190012310019');
  await page.getByRole('button', { name: '查找' }).click();
  await expect(page.getByLabel('登录人的身份证号码')).toHaveValue('110101190012310019');
  await expect(page.getByLabel('登录人的身份证号码')).toHaveAttribute('aria-invalid', 'true');
  expect(page.url()).not.toContain('1101');
  await page.getByLabel('登录人的身份证号码').fill('');
  await page.getByRole('button', { name: '查找' }).click();
  await expect(page.getByText('请填写身份证号码')).toBeVisible();
  await expectNoAxeViolations(page);
});

test('an individual is found by the whole name or number, which stands in no address', async ({ page, baseURL, browser, hydrates }) => {
  test.setTimeout(120_000);
  const who = person(hydrates ? '赵无脚' : '赵无手');
  await signInAs(page, who);
  await fileSubject(page, baseURL, who);
  await fileWebsite(page, baseURL, who, { name: '某某个人网站', domain: `someone${Date.now()}.cn` });
  const officer = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(officer, '审核员东城');
  await officer.goto('/review/queue');
  for (const typed of [who.name, who.idNumber]) {
    await officer.getByLabel('搜索').fill(typed);
    await officer.getByRole('button', { name: '查询' }).click();
    await expect(officer.getByLabel('搜索')).toHaveValue('查找的个人');
    await expect(main(officer).locator('tr').filter({ hasText: '新增主体' }).filter({ hasText: '赵**' })).toHaveCount(1);
    await expect(main(officer).locator('tr').filter({ hasText: '某某个人网站' })).toHaveCount(1);
    const address = decodeURIComponent(officer.url());
    for (const secret of [who.name, who.idNumber]) expect(address).not.toContain(secret);
  }
  // Another filter, and the search stays.
  await officer.getByLabel('业务类型').selectOption('新办网站申请');
  await officer.getByRole('button', { name: '查询' }).click();
  await expect(main(officer).locator('tr').filter({ hasText: '某某个人网站' })).toHaveCount(1);
  await expect(main(officer).locator('tr').filter({ hasText: '新增主体' })).toHaveCount(0);
  await expectNoAxeViolations(officer);
  // By parts nobody is found.
  await officer.goto('/review/queue');
  await officer.getByLabel('搜索').fill(who.name.slice(1));
  await officer.getByRole('button', { name: '查询' }).click();
  await expect(officer.getByText('没有符合条件的申请单')).toBeVisible();
  const elsewhere = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(elsewhere, '审核员上海');
  await elsewhere.goto('/review/queue');
  await elsewhere.getByLabel('搜索').fill(who.idNumber);
  await elsewhere.getByRole('button', { name: '查询' }).click();
  await expect(elsewhere.getByText('没有符合条件的申请单')).toBeVisible();
  for (const one of [officer, elsewhere]) await one.context().close();
});

test('an appointment is changed, paused and resumed from the list, its region by typing', async ({ page, hydrates }) => {
  await signIn(page, '管理员');
  await page.goto('/staff');
  const who = person(hydrates ? '梅任命' : '兰任命');
  const form = page.getByRole('group', { name: '添加人员' });
  await form.getByLabel('姓名').fill(who.name);
  await form.getByLabel('身份证号码').fill(who.idNumber);
  await form.getByLabel('角色').selectOption('审核员');
  await form.getByLabel('或直接输入地名').fill('朝阳区');
  await page.getByRole('button', { name: '添加', exact: true }).click();
  // There are several of that name.
  await expect(form.getByText('有多个这样的地区')).toBeVisible();
  await expect(form.getByLabel('姓名')).toHaveValue(who.name);
  await expect(form.getByLabel('或直接输入地名')).toBeFocused();
  await expectNoAxeViolations(page);
  await form.getByLabel('或直接输入地名').fill('北京市朝阳区');
  await page.getByRole('button', { name: '添加', exact: true }).click();
  await expect(page.getByText('已添加。')).toBeVisible();
  const row = main(page).getByRole('row').filter({ hasText: who.name });
  await expect(row).toContainText('北京市朝阳区');

  await row.getByRole('link', { name: '更改' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('更改任命');
  await expect(page.getByText('此前没有其他任命。')).toBeVisible();
  await expectNoAxeViolations(page);
  await page.getByRole('button', { name: '保存更改' }).click();
  await expect(page.getByText('角色和管辖地区没有变化')).toBeVisible();
  await page.getByLabel('或直接输入地名').fill('浙江省杭州市');
  await page.getByRole('button', { name: '保存更改' }).click();
  await expect(page.getByText('任命已更改，即时生效。')).toBeVisible();
  await expect(row).toContainText('浙江省杭州市');
  await expect(row).toHaveCount(1);

  await row.getByRole('link', { name: '更改' }).click();
  await expect(page.getByRole('table', { name: '以前的任命' })).toContainText('北京市朝阳区');
  await page.getByRole('button', { name: '暂停', exact: true }).click();
  await expect(page.getByText('请选择今天起一年内的日期')).toBeVisible();
  const soon = new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10);
  await page.getByLabel('暂停至（含当日）').fill(soon);
  await page.getByRole('button', { name: '暂停', exact: true }).click();
  await expect(page.getByText(`已暂停，到 ${soon} 为止`)).toBeVisible();
  await expectNoAxeViolations(page);
  await page.goto('/staff');
  await expect(row).toContainText('已暂停');
  await row.getByRole('link', { name: '更改' }).click();
  await page.getByRole('button', { name: '现在恢复' }).click();
  await expect(page.getByText('已恢复。')).toBeVisible();
  await page.goto('/staff');
  await row.getByRole('button', { name: '撤销' }).click();
  await expect(row).toHaveCount(0);
});

test('a list of holidays is checked before it is taken, pasted or sent', async ({ page, hydrates }) => {
  await signIn(page, '维护员');
  await page.goto('/upkeep/holidays');
  const [first, second] = hydrates ? ['2027-02-06', '2027-02-07'] : ['2027-02-08', '2027-02-09'];
  await page.getByLabel('放假安排').fill(`${first},放假,春节\n${second},上工,春节`);
  await page.getByRole('button', { name: '检查名单' }).click();
  const checked = page.getByRole('table', { name: '导入前检查' });
  await expect(checked.getByRole('row').nth(1)).toContainText('将新增');
  await expect(checked.getByRole('row').nth(2)).toContainText('安排应为“放假”或“调休上班”');
  await expect(page.getByRole('button', { name: /^导入 / })).toHaveCount(0);
  await expect(page.getByLabel('放假安排')).toHaveValue(`${first},放假,春节\n${second},上工,春节`);
  await expectNoAxeViolations(page);
  await page.getByLabel('CSV 文件').setInputFiles({
    name: '2027.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(`日期,安排,名称\r\n${first},放假,春节\r\n${second},调休上班,春节\r\n`),
  });
  await page.getByRole('button', { name: '检查名单' }).click();
  await expect(page.getByText('新增 2 天，更改 0 天，已登记 0 天，有误 0 行')).toBeVisible();
  // Nothing is taken yet.
  await expect(page.getByRole('table', { name: '节假日' }).getByRole('row').filter({ hasText: first })).toHaveCount(0);
  await page.getByRole('button', { name: '导入 2 天' }).click();
  await expect(page.getByText('已导入：新增 2 天，更改 0 天。')).toBeVisible();
  const taken = page.getByRole('table', { name: '节假日' });
  await expect(taken.getByRole('row').filter({ hasText: second })).toContainText('上班（调休）');
  for (const day of [first, second]) {
    await taken.getByRole('row').filter({ hasText: day }).getByRole('button', { name: '删除' }).click();
    await expect(taken.getByRole('row').filter({ hasText: day })).toHaveCount(0);
  }
});

test('the audit log speaks no machine', async ({ page }) => {
  await signIn(page, '审计员');
  await page.goto('/audit');
  const said = await main(page).locator('tbody').innerText();
  for (const machine of ['{', '"', 'filing.', 'sign_in', 'look_at']) expect(said).not.toContain(machine);
  await expectNoAxeViolations(page);
  await page.goto('/sessions');
  expect(await main(page).innerText()).not.toContain('Mozilla');
});
