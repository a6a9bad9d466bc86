// Figures of the desk: bars that are read by pointer and keys over a period, what each officer has in hand, giving a
// filing to a colleague, and why filings are returned (R60, R61, R62).
import { test, expect, anotherBrowser, expectNoAxeViolations, person, signIn, signInAs } from '../harness/test.mjs';
import { fileSubject, fileWebsite } from '../harness/arrange.mjs';
import { decideAs, desk } from '../harness/desk.mjs';

const main = (page) => page.getByRole('main');

test('bars are read by pointer and keys, over a period that stands in the address', async ({ page, hydrates }) => {
  await signIn(page, '审核员东城');
  await page.goto('/review');
  const periods = page.getByRole('navigation', { name: '统计时段' });
  await expect(periods.getByRole('link', { name: '近 30 日' })).toHaveAttribute('aria-current', 'page');
  await periods.getByRole('link', { name: '近 7 日' }).click();
  await expect(page).toHaveURL(/days=7/);
  await expect(periods.getByRole('link', { name: '近 7 日' })).toHaveAttribute('aria-current', 'page');
  const bars = page.getByRole('radiogroup', { name: '逐日读数' }).getByRole('radio');
  const tips = page.locator('.chart-tip');
  await expect(bars).toHaveCount(7);
  await expect(page.locator('.chart-tip:visible')).toHaveCount(0);
  // One stop of the tabulator, then the arrow keys.
  await bars.last().focus();
  await page.keyboard.press('ArrowLeft');
  await expect(bars.nth(5)).toBeFocused();
  await expect(tips.nth(5)).toBeVisible();
  await expect(page.locator('.chart-tip:visible')).toHaveCount(1);
  await expect(bars.nth(5)).toHaveAccessibleName(await tips.nth(5).innerText());
  await expect(tips.nth(5)).toHaveText(/^\d\d-\d\d：受理 \d+ 件，办结 \d+ 件$/);
  // The pointer goes before the keyboard, may go to what is said, and leaves it.
  await page.locator('.chart-day').first().hover();
  await expect(tips.first()).toBeVisible();
  await expect(page.locator('.chart-tip:visible')).toHaveCount(1);
  await tips.first().hover();
  await expect(tips.first()).toBeVisible();
  await expectNoAxeViolations(page);
  if (hydrates) {
    await page.keyboard.press('Escape');
    await expect(page.locator('.chart-tip:visible')).toHaveCount(0);
    await page.locator('.chart-day').nth(3).hover();
    await expect(tips.nth(3)).toBeVisible();
  }
  await page.getByRole('heading', { level: 1 }).hover();
  await expect(tips.nth(3)).toBeHidden();
  // The same numbers as a table.
  await page.locator('.chart summary').click();
  await expect(page.getByRole('table', { name: '逐日受理与办结' }).getByRole('row')).toHaveCount(8);
  await periods.getByRole('link', { name: '近 90 日' }).click();
  await expect(bars).toHaveCount(13);
  await expect(bars.last()).toHaveAccessibleName(/起一周：受理/);
  await expect(page.getByRole('region', { name: '我的工作量' })).toContainText('近 90 日由我办结');
  await expectNoAxeViolations(page);
});

test('an administrator sees who has how much, and gives a filing to a colleague', async ({ page, baseURL, browser, hydrates }) => {
  test.setTimeout(120_000);
  const who = person(hydrates ? '林分配' : '宋分配');
  await signInAs(page, who);
  await fileSubject(page, baseURL, who);
  const site = `分配的网站${hydrates ? '甲' : '乙'}`;
  const filing = await fileWebsite(page, baseURL, who, { name: site, domain: `give${Date.now()}.cn` });
  const holder = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(holder, '审核员东城');
  await desk(holder, baseURL).act('claim', { filing });

  // A colleague who reviews the same county, and has signed in once.
  const colleague = person(hydrates ? '梁接办' : '韩接办');
  const other = await anotherBrowser(browser, baseURL, hydrates);
  await signInAs(other, colleague);
  const administrator = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(administrator, '管理员');
  await administrator.goto('/staff');
  const form = administrator.getByRole('group', { name: '添加人员' });
  await form.getByLabel('姓名').fill(colleague.name);
  await form.getByLabel('身份证号码').fill(colleague.idNumber);
  // The browser proposes regions while one types.
  await expect(form.getByLabel('或直接输入地名')).toHaveAttribute('list', 'region-names');
  await expect(administrator.locator('#region-names option[value="北京市东城区"]')).toHaveCount(1);
  await form.getByLabel('或直接输入地名').fill('北京市东城区');
  await administrator.getByRole('button', { name: '添加', exact: true }).click();
  await expect(administrator.getByText('已添加。')).toBeVisible();

  await administrator.goto('/review/load');
  await administrator.getByLabel('地区').fill('某某国');
  await administrator.getByRole('button', { name: '查询' }).click();
  await expect(administrator.getByLabel('地区')).toHaveValue('某某国');
  await expect(administrator.getByLabel('地区')).toHaveAttribute('aria-invalid', 'true');
  await expectNoAxeViolations(administrator);
  await administrator.getByLabel('地区').fill('北京市东城区');
  await administrator.getByRole('button', { name: '查询' }).click();
  await administrator.getByRole('link', { name: '近 7 日' }).click();
  await expect(administrator).toHaveURL(/region=.*days=7/);
  const table = main(administrator).getByRole('table', { name: '民警工作量' });
  await expect(table.getByRole('row').filter({ hasText: colleague.name })).toContainText('北京市东城区');
  await expectNoAxeViolations(administrator);
  await table.getByRole('row').filter({ hasText: '审核员东城' }).getByRole('link', { name: /审核员东城的在办申请单/ }).click();
  await expect(administrator.getByText('只列出由审核员东城领取的。')).toBeVisible();
  await expectNoAxeViolations(administrator);
  await main(administrator).getByRole('row').filter({ hasText: site }).getByRole('link', { name: /^查看并接管/ }).click();

  // What is missing is told at the field, and what was typed stays.
  const give = administrator.getByRole('group', { name: '重新分配' });
  await give.getByLabel('分配理由').fill('原民警休假');
  await administrator.getByRole('button', { name: '重新分配', exact: true }).click();
  await expect(give.getByLabel('接办的民警')).toHaveAttribute('aria-invalid', 'true');
  await expect(give.getByText('请选择接办的民警')).toBeVisible();
  await expect(give.getByLabel('接办的民警')).toBeFocused();
  await expect(give.getByLabel('分配理由')).toHaveValue('原民警休假');
  await expect(administrator.getByLabel('接管理由')).toHaveValue('');
  await expectNoAxeViolations(administrator);
  const option = give.locator('option').filter({ hasText: colleague.name });
  await expect(option).toHaveText(`${colleague.name}（北京市东城区，在办 0 份）`);
  await give.getByLabel('接办的民警').selectOption(await option.getAttribute('value'));
  await give.getByLabel('分配理由').fill('');
  await administrator.getByRole('button', { name: '重新分配', exact: true }).click();
  await expect(give.getByLabel('分配理由')).toHaveAttribute('aria-invalid', 'true');
  await expect(give.getByLabel('接办的民警')).toHaveValue(await option.getAttribute('value'));
  await give.getByLabel('分配理由').fill('原民警休假');
  // Whoever has it gives it back and claims it again meanwhile: what the administrator saw is over.
  await desk(holder, baseURL).act('release', { filing });
  await desk(holder, baseURL).act('claim', { filing });
  await administrator.getByRole('button', { name: '重新分配', exact: true }).click();
  await expect(give.getByText(/领取，请核对后重新选择/)).toBeVisible();
  await expect(give.getByLabel('分配理由')).toHaveValue('原民警休假');
  await administrator.getByRole('button', { name: '重新分配', exact: true }).click();
  await expect(administrator.getByText('已重新分配，双方都会收到通知。')).toBeVisible();

  await holder.goto('/notices');
  await expect(holder.getByText(/已由管理员重新分配给其他民警：原民警休假/).first()).toBeVisible();
  await other.goto('/notices');
  await other.getByText(/分配给您办理：原民警休假/).first().click();
  await expect(other).toHaveURL(/\/review\/filings\//);
  await expect(other.getByText('由管理员重新分配').first()).toBeAttached();
  await decideAs(other, baseURL, filing, 'return', { note: '材料不全' });
  // The applicant is told of no officer.
  await page.goto(`/mine/filings/${filing}`);
  await expect(main(page)).not.toContainText('休假');
  await expect(main(page)).not.toContainText(colleague.name);

  await administrator.goto('/staff');
  const row = main(administrator).getByRole('row').filter({ hasText: colleague.name });
  await row.getByRole('button', { name: '撤销' }).click();
  await expect(row).toHaveCount(0);
  for (const one of [holder, other, administrator]) await one.context().close();
});

test('what is returned for what reason stands beside the hint that should prevent it', async ({ page, baseURL, browser, hydrates }) => {
  const who = person(hydrates ? '高原因' : '郭原因');
  await signInAs(page, who);
  const subject = await fileSubject(page, baseURL, who);
  const website = await fileWebsite(page, baseURL, who, { name: '退回的网站', domain: `why${Date.now()}.cn` });
  const officer = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(officer, '审核员东城');
  await decideAs(officer, baseURL, subject, 'approve');
  await officer.goto('/review/return-reasons');
  const row = (name) => main(officer).getByRole('row').filter({ hasText: name }).filter({ hasText: '新办网站申请' });
  const count = async (name) => {
    const cell = row(name).locator('td[data-label="次数"]');
    return (await cell.count()) === 0 ? 0 : Number(await cell.innerText());
  };
  const before = [await count('网站名称'), await count('整体意见')];
  const remarks = { 'site.name': '与备案不一致', 'site.icp_number': '填写网站备案号' };
  await decideAs(officer, baseURL, website, 'return', { note: '请一并核对', remarks });
  await officer.reload();
  expect([await count('网站名称'), await count('整体意见')]).toEqual([before[0] + 1, before[1] + 1]);
  await expect(row('网站名称')).toContainText('%');
  await expect(row('整体意见')).toContainText('不指向某一栏目');
  await expectNoAxeViolations(officer);
  await officer.getByRole('link', { name: '近 7 日' }).click();
  await expect(officer).toHaveURL(/days=7/);
  await row('网站名称').getByRole('link', { name: /^填写说明/ }).click();
  await expect(officer).toHaveURL(/\/guide#help-site-name$/);
  await expect(officer.locator('#help-site-name')).toBeVisible();
  // Elsewhere it is nobody's reason.
  const elsewhere = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(elsewhere, '审核员上海');
  await elsewhere.goto('/review/return-reasons');
  await expect(main(elsewhere)).toContainText(/上海/);
  for (const one of [officer, elsewhere]) await one.context().close();
});
