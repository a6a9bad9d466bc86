// The queue as a table of work (R15, R61, R62): many rows on a screen, bundles in one, kept as the officer likes it, 速览,
// and acts on many filings with a dry run and a result for each.
import { test, expect, hydrated, person, signIn, signInAs, expectNoAxeViolations, anotherBrowser } from '../harness/test.mjs';
import { fileSubject, fileWebsite } from '../harness/arrange.mjs';
import { desk, peopleOf, siteOf, subjectOf } from '../harness/desk.mjs';
import { png } from '../harness/files.mjs';

const serial = () => String(Math.floor(Math.random() * 1e9));

/** Another officer of 东城, appointed by the administrator. */
async function colleague(browser, baseURL, hydrates, name) {
  const administrator = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(administrator, '管理员');
  const officer = person(name);
  await desk(administrator, baseURL).act('appoint', { name, id_no: officer.idNumber, role: 'reviewer', region: '110101' });
  await administrator.context().close();
  const page = await anotherBrowser(browser, baseURL, hydrates);
  await signInAs(page, officer);
  return page;
}

async function officerOf(browser, baseURL, hydrates) {
  const page = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(page, '审核员东城');
  return page;
}

/** A new subject and a website, filed by somebody new; their ids. */
async function fileBundle(page, baseURL, unit) {
  const who = person('孙测试');
  await signInAs(page, who);
  const subject = await fileSubject(page, baseURL, who, unit);
  const website = await fileWebsite(page, baseURL, who, { name: `站点${unit}`, domain: `q${serial()}.cn` });
  return { subject, website };
}

const rowOf = (page, unit) => page.locator('tr').filter({ hasText: unit });
const tick = (page, unit) => rowOf(page, unit).getByRole('checkbox').check();

test('a screen holds fifteen rows of one line, and a subject with its website is one of them', async ({ page, hydrates, baseURL, browser }) => {
  const unit = `同行${serial()}有限公司`;
  const { subject, website } = await fileBundle(page, baseURL, unit);
  const officer = await officerOf(browser, baseURL, hydrates);
  await officer.setViewportSize({ width: 1440, height: 900 });
  await officer.goto('/review/queue');
  const row = rowOf(officer, unit);
  await expect(row).toHaveCount(1);
  await expect(row).toContainText('新增主体 + 1 业务');
  await expect(row.getByRole('link', { name: /^新办网站申请/ })).toHaveAttribute('href', new RegExp(website));
  await expect(row.getByRole('link', { name: /^审核/ })).toHaveAttribute('href', new RegExp(subject));
  const rows = await officer.locator('tr[data-row]').evaluateAll((all) => all.map((one) => one.getBoundingClientRect()).map(({ top, height }) => ({ top, height })));
  for (const { height } of rows) expect(height).toBeLessThanOrEqual(41);
  expect(rows[0].top + 15 * rows[0].height).toBeLessThanOrEqual(900);
  // The reference is short to the eye and whole to whoever asks.
  const reference = await row.locator('td.queue-reference').getAttribute('title');
  expect(reference.length).toBeGreaterThan(8);
  await expect(row.locator('td.queue-reference [aria-hidden]')).toHaveText(reference.slice(-8));
  await expectNoAxeViolations(officer);

  // All filters are at hand on a laptop, in one line; on less the rest is folded.
  await officer.setViewportSize({ width: 1280, height: 720 });
  const labels = ['业务类型', '审核状态', '领取人', '等待时间', '排序', '搜索'];
  const tops = [];
  for (const label of labels) {
    await expect(officer.getByLabel(label)).toBeVisible();
    tops.push((await officer.getByLabel(label).boundingBox()).y);
  }
  expect(Math.max(...tops) - Math.min(...tops)).toBeLessThan(4);
  await officer.setViewportSize({ width: 390, height: 844 });
  await expect(officer.getByLabel('等待时间')).toBeHidden();
  await officer.getByText('更多筛选').click();
  await expect(officer.getByLabel('等待时间')).toBeVisible();
  expect(await officer.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await expectNoAxeViolations(officer);

  // What leaves one of the two shows that one.
  await officer.goto('/review/queue?procedure=website_new');
  await expect(rowOf(officer, unit)).toHaveCount(1);
  await expect(rowOf(officer, unit)).not.toContainText('新增主体');
  await expect(rowOf(officer, unit).getByRole('link', { name: /^审核/ })).toHaveAttribute('href', new RegExp(website));
  await officer.context().close();
});

test('columns and height of the rows are as each officer likes them', async ({ page, hydrates, baseURL, browser }) => {
  const unit = `显示${serial()}有限公司`;
  await fileBundle(page, baseURL, unit);
  const one = await officerOf(browser, baseURL, hydrates);
  const other = await colleague(browser, baseURL, hydrates, '钱同事');
  await one.goto('/review/queue');
  await one.getByText('显示设置', { exact: true }).click();
  await expectNoAxeViolations(one);
  await one.getByLabel('显示提交时间').check();
  await one.getByLabel('显示编号').uncheck();
  await one.getByLabel('紧凑').check();
  await one.getByRole('button', { name: '保存显示设置' }).click();
  await expect(one.getByText('显示设置已保存。')).toBeVisible();
  await one.goto('/review/queue?state=pending');
  await expect(one.getByRole('columnheader', { name: '提交时间' })).toBeVisible();
  await expect(one.getByRole('columnheader', { name: '编号' })).toHaveCount(0);
  expect((await rowOf(one, unit).boundingBox()).height).toBeLessThanOrEqual(33);
  await expectNoAxeViolations(one);
  await other.goto('/review/queue');
  await expect(other.getByRole('columnheader', { name: '编号' })).toBeVisible();
  await expect(other.getByRole('columnheader', { name: '提交时间' })).toHaveCount(0);
  // As it was, for whoever comes after.
  await one.getByText('显示设置', { exact: true }).click();
  await one.getByLabel('显示提交时间').uncheck();
  await one.getByLabel('显示编号').check();
  await one.getByLabel('舒适').check();
  await one.getByRole('button', { name: '保存显示设置' }).click();
  await expect(one.getByRole('columnheader', { name: '编号' })).toBeVisible();
  for (const officer of [one, other]) await officer.context().close();
});

test('two officers claim, give back and send on many at once, each told what became of each', async ({ page, hydrates, baseURL, browser }) => {
  test.setTimeout(180_000);
  const units = [1, 2, 3].map((number) => `批量${number}${serial()}有限公司`);
  for (const unit of units) await fileBundle(page, baseURL, unit);
  const [first, second, third] = units;
  const one = await officerOf(browser, baseURL, hydrates);
  const other = await colleague(browser, baseURL, hydrates, '郑同事');
  await other.goto('/review/queue');
  await rowOf(other, second).getByRole('button', { name: /^领取/ }).click();
  await expect(other.getByText('已领取，请审核。')).toBeVisible();

  await one.goto('/review/queue');
  await one.getByRole('button', { name: '批量领取' }).click();
  await expect(one.getByText(/请先在审核队列中勾选申请单/)).toBeVisible();
  await one.goBack();
  for (const unit of units) await tick(one, unit);
  if (hydrates) await expect(one.getByText('已选 3 份')).toBeVisible();
  await one.getByRole('button', { name: '批量领取' }).click();
  await expect(one.getByText('可以办理 4 份；另有 2 份不能办理，不会改动。')).toBeVisible();
  await expect(rowOf(one, second)).toContainText('郑同事');
  await expect(rowOf(one, first)).toContainText('一并提交的 1 份随之办理');
  await expectNoAxeViolations(one);

  // Between the dry run and the order a colleague is quicker with one more.
  await other.goto('/review/queue');
  await rowOf(other, third).getByRole('button', { name: /^领取/ }).click();
  await expect(other.getByText('已领取，请审核。')).toBeVisible();
  await one.getByRole('button', { name: '确认批量领取（4 份）' }).click();
  await expect(one.getByText('批量领取：已领取 2 份，未办理 2 份，原因见下。')).toBeVisible();
  await expect(rowOf(one, third).first()).toContainText(/未办理：.*郑同事/);
  await expectNoAxeViolations(one);
  // The result can be looked at again, by nobody else.
  const result = one.url();
  expect((await other.request.get(result)).status()).toBe(404);

  await one.getByRole('link', { name: '查看我领取的' }).click();
  await expect(rowOf(one, first)).toContainText('由我领取');
  await tick(one, first);
  await one.getByRole('button', { name: '批量释放' }).click();
  await one.getByRole('button', { name: /^确认批量释放/ }).click();
  await expect(one.getByText('批量释放：已释放 2 份。')).toBeVisible();

  // To another region, with a reason.
  await one.getByRole('link', { name: '回到队列' }).click();
  await one.goto('/review/queue');
  await tick(one, first);
  await one.getByRole('button', { name: '批量移送' }).click();
  await one.getByLabel('移送至（省）').selectOption('上海市');
  await one.getByRole('button', { name: '下一级' }).click();
  await one.getByLabel('移送至（市）').selectOption('上海市');
  await one.getByRole('button', { name: '下一级' }).click();
  await one.getByLabel('移送至（区县）').selectOption('黄浦区');
  await one.getByRole('button', { name: /^确认批量移送/ }).click();
  await expect(one.getByText('请填写移送的理由，不超过 200 字')).toBeVisible();
  await expectNoAxeViolations(one);
  await one.getByLabel('移送至（区县）').selectOption('黄浦区');
  await one.getByLabel('移送理由').fill('办公地址实际在黄浦区');
  await one.getByRole('button', { name: /^确认批量移送/ }).click();
  await expect(one.getByText('批量移送：已移送 2 份。')).toBeVisible();
  await one.goto('/review/queue');
  await expect(rowOf(one, first)).toHaveCount(0);
  const there = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(there, '审核员上海');
  await there.goto('/review/queue');
  await expect(rowOf(there, first)).toContainText('移送');
  for (const officer of [one, other, there]) await officer.context().close();
});

test('what is clean and was opened is approved together, the rest is left with its reason', async ({ page, hydrates, baseURL, browser }) => {
  test.setTimeout(180_000);
  const who = person('冯测试');
  await signInAs(page, who);
  // Filed by the person named in it, with sharp pictures and two people: nothing that a machine would ask about.
  const own = desk(page, baseURL);
  const picture = await own.send(png('照片.png', { stripes: true }));
  const subject = await own.fileSubject(subjectOf(who, picture));
  const of = (section, who) => Object.fromEntries(Object.entries(peopleOf(who, picture)).filter(([at]) => at.startsWith(section)));
  const people = { ...of('security', who), ...of('emergency', person('陈测试')) };
  const website = await own.fileSite({ ...siteOf(`c${serial()}.cn`), 'site.name': `小站${serial()}` }, people);
  const officer = await officerOf(browser, baseURL, hydrates);
  const { ask, act } = desk(officer, baseURL);
  await act('claim', { filing: subject });
  // From the queue, before anything was looked at.
  await officer.goto('/review/queue?state=mine');
  await officer.locator(`[name="f.${subject}"]`).check();
  await officer.getByRole('button', { name: '批量通过' }).click();
  await expect(officer.getByText('以下申请单都不能办理，原因见下。')).toBeVisible();
  await expect(officer.getByText(/有 \d 张图片您还没有打开查看/).first()).toBeVisible();
  await expectNoAxeViolations(officer);
  for (const filing of [subject, website]) {
    const { checks, files } = await ask('review', { id: filing, look: null });
    expect(checks.filter(({ passed }) => !passed)).toEqual([]);
    for (const { id, is_picture } of Object.values(files)) if (is_picture) await officer.request.get(`/files/${id}`);
  }
  await officer.reload();
  await officer.getByRole('button', { name: '确认批量通过（2 份）' }).click();
  await expect(officer.getByText('请确认已逐份核对审核清单')).toBeVisible();
  await expectNoAxeViolations(officer);
  await officer.getByLabel('已逐份打开核对，以上各项均已确认').check();
  await officer.getByRole('button', { name: '确认批量通过（2 份）' }).click();
  await expect(officer.getByText('批量通过：审核通过 2 份。')).toBeVisible();
  await expect(officer.locator('tr').filter({ hasText: '新增主体' })).toContainText('审核通过');
  await page.goto('/mine/filings');
  for (const kind of ['新增主体', '新办网站申请']) {
    await expect(page.getByRole('row').filter({ hasText: kind })).toContainText('审核通过');
  }
  await officer.context().close();
});

test('速览 by keyboard: Space opens, arrows go on, Escape gives the place back', async ({ page, hydrates, baseURL, browser }) => {
  test.skip(!hydrates, 'a convenience of scripts');
  test.setTimeout(120_000);
  const units = [1, 2].map((number) => `速览${number}${serial()}有限公司`);
  for (const unit of units) await fileBundle(page, baseURL, unit);
  const officer = await officerOf(browser, baseURL, hydrates);
  await officer.goto('/review/queue?sort=newest');
  await hydrated(officer);
  const [below, above] = units;
  const open = rowOf(officer, above).getByRole('link', { name: /^审核/ });
  await open.focus();
  await officer.keyboard.press('Space');
  const panel = officer.getByRole('dialog', { name: '速览' });
  await expect(panel.getByRole('heading', { name: `新增主体 ${above}` })).toBeVisible();
  await expect(panel).toContainText('机器核查');
  await expect(panel.getByRole('link', { name: /新办网站申请/ })).toBeVisible();
  await expectNoAxeViolations(officer);
  await officer.keyboard.press('ArrowDown');
  await expect(panel.getByRole('heading', { name: `新增主体 ${below}` })).toBeVisible();
  await officer.keyboard.press('Escape');
  await expect(panel).toBeHidden();
  await expect(rowOf(officer, below).getByRole('link', { name: /^审核/ })).toBeFocused();
  await officer.keyboard.press('ArrowUp');
  await expect(open).toBeFocused();
  // And with the mouse.
  await rowOf(officer, above).getByRole('button', { name: /^速览/ }).click();
  await expect(panel.getByRole('heading', { name: `新增主体 ${above}` })).toBeVisible();
  await panel.getByRole('button', { name: '关闭速览' }).click();
  await expect(panel).toBeHidden();
  // Ticks outlive rows that are drawn anew.
  await officer.getByLabel('全选本页').check();
  const count = await officer.locator('tr[data-row] input[type=checkbox]:checked').count();
  await officer.mouse.move(0, 0);
  await officer.getByRole('button', { name: '刷新' }).click();
  await expect(officer.getByText(`已选 ${count} 份`)).toBeVisible();
  await expect(officer.locator('tr[data-row] input[type=checkbox]:checked')).toHaveCount(count);
  await officer.context().close();
});
