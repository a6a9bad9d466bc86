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
