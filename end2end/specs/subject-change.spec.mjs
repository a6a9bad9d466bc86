// 变更主体: drafts, the comparison, what stays in force and when it is replaced (R18–R21).
import { test, expect, anotherBrowser, expectNoAxeViolations, person, signIn, signInAs, waitForHydration } from '../harness/test.mjs';
import { chooseRegion, upload } from '../harness/journey.mjs';
import { fileWebsite, inForce, officer } from '../harness/arrange.mjs';
import { desk } from '../harness/desk.mjs';
import { png } from '../harness/files.mjs';

const FORM = '/subject/change/form';
const serial = () => String(Math.floor(Math.random() * 1e9));
const dialog = (page) => page.getByRole('dialog');
const title = (page) => page.getByRole('heading', { level: 1 });

/** A person with an approved unit, signed in on this page. */
async function withUnit(page, baseURL) {
  const who = person('周测试');
  const unit = `变更科技${serial()}有限公司`;
  await signInAs(page, who);
  return { who, unit, ...(await inForce(page, baseURL, who, { name: unit })) };
}

test('R18: a change begins with the valid data; with a draft 是 takes it and 否 the valid data', async ({ page, baseURL }) => {
  const { unit } = await withUnit(page, baseURL);
  await page.goto('/subject/change');
  await expect(title(page)).toHaveText(/变更主体\s*\(\s*有效\s*\)/);
  await expect(page.getByRole('navigation', { name: '当前位置' })).toContainText('开办主体管理');
  await expect(page.getByLabel('主办单位名称')).toHaveValue(unit);
  // R70: what the browser may not see is shown masked.
  await expect(page.getByLabel('负责人手机号码')).toHaveValue(/^139\*{4}\d{4}$/);
  await expectNoAxeViolations(page);
  await page.getByLabel('主办单位名称').fill(`${unit}（新）`);
  await page.getByRole('button', { name: '保存草稿' }).click();
  await page.waitForURL(/\/mine\/drafts/);
  await expect(page.getByRole('row').filter({ hasText: '变更主体' })).toContainText('30 天');

  await page.goto('/subject/change');
  await expect(dialog(page)).toContainText('您有一条变更主体的草稿，是否使用');
  await expectNoAxeViolations(page);
  await dialog(page).getByRole('button', { name: '否', exact: true }).click();
  await expect(dialog(page)).toHaveCount(0);
  await expect(page.getByLabel('主办单位名称')).toHaveValue(unit);
  await page.goto('/subject/change');
  await dialog(page).getByRole('button', { name: '是', exact: true }).click();
  await expect(dialog(page)).toHaveCount(0);
  await expect(page.getByLabel('主办单位名称')).toHaveValue(`${unit}（新）`);
});

test('R19, R21: what changed is compared, pictures too; confirmed it is 变更中 with the old data in force until approval', async ({ page, baseURL, hydrates }) => {
  test.setTimeout(120_000);
  const { unit } = await withUnit(page, baseURL);
  await page.goto('/subject/change');
  await page.getByLabel('主办单位名称').fill(`${unit}（新）`);
  await page.getByLabel('负责人手机号码').fill('13900008888');
  await upload(page, hydrates, '身份证人像面', png('新照片.png', { colour: [160, 32, 32] }));
  await page.getByRole('button', { name: '提交审核' }).click();

  const rows = dialog(page).getByRole('row');
  await expect(dialog(page).getByRole('columnheader')).toHaveText(['序号', '变更字段', '变更前', '变更后']);
  await expect(rows).toHaveCount(4);
  await expect(dialog(page)).toContainText('共 3 条数据');
  await expect(rows.nth(1).getByRole('cell')).toHaveText(['1', /^主办单位名称/, unit, `${unit}（新）`]);
  const picture = rows.filter({ hasText: '身份证人像面' });
  const shown = await picture.getByRole('img').evaluateAll((images) => images.map((image) => image.getAttribute('src')));
  expect(shown).toHaveLength(2);
  expect(shown[0]).not.toBe(shown[1]);
  for (const address of shown) expect((await page.request.get(address)).status()).toBe(200);
  // R70: what is stored stays masked, what was just typed is shown.
  await expect(rows.filter({ hasText: '负责人手机号码' }).getByRole('cell').nth(2)).toHaveText(/^139\*{4}\d{4}$/);
  await expect(rows.filter({ hasText: '负责人手机号码' }).getByRole('cell').nth(3)).toHaveText('13900008888');
  await expectNoAxeViolations(page);

  await dialog(page).getByRole('button', { name: '取消' }).click();
  await expect(dialog(page)).toHaveCount(0);
  await expect(page.getByLabel('主办单位名称')).toHaveValue(`${unit}（新）`);
  await page.getByRole('button', { name: '提交审核' }).click();
  await dialog(page).getByRole('button', { name: '确认' }).click();
  await page.waitForURL(/\/mine\/filings/);
  await expect(page.getByRole('row').filter({ hasText: '变更主体' })).toContainText('待审核');
  await expectNoAxeViolations(page);

  await page.goto('/mine/subject');
  await expect(title(page)).toHaveText(/我的主体\s*\(\s*变更中\s*\)/);
  await expect(page.getByText(unit, { exact: true }).first()).toBeVisible();
  await expect(page.getByText(`${unit}（新）`)).toHaveCount(0);
  await expectNoAxeViolations(page);

  // R79: why it cannot be changed once more, and where to look.
  await page.goto('/subject/change');
  const why = page.getByText('存在审核中的单据').first();
  await expect(why).toBeVisible();
  await expectNoAxeViolations(page);
  await page.getByRole('main').getByRole('link', { name: '查看' }).first().click();
  await expect(title(page)).toContainText('申请详情');
  await expect(page.getByText('变更对比')).toBeVisible();
  await expectNoAxeViolations(page);

  const filing = new URL(page.url()).pathname.split('/').pop();
  const reviewer = await officer(baseURL);
  await reviewer.decide(filing);
  await reviewer.close();
  await page.goto('/mine/subject');
  await expect(title(page)).toContainText('有效');
  await expect(page.getByText(`${unit}（新）`).first()).toBeVisible();
  // Not before it can no longer be taken back.
  await expect(async () => {
    await page.goto('/notices');
    await expect(page.getByText(/变更主体.*审核通过|审核通过.*变更主体/).first()).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 20_000 });
});

test('R21: a returned change and a withdrawn one leave the subject 有效 with its old data', async ({ page, baseURL }) => {
  test.setTimeout(120_000);
  const { unit, subject } = await withUnit(page, baseURL);
  const own = desk(page, baseURL);
  const view = await own.ask('form_view', { request: { procedure: 'subject_change', step: 'form', draft: null, record: subject, fresh: true, check: false } });
  const change = async (name) => own.submit(await own.save('subject_change', 'form', undefined, { ...view.answers, 'unit.name': name }, subject));
  const returned = await change(`${unit}甲`);
  const reviewer = await officer(baseURL);
  await reviewer.decide(returned, 'return', '请说明更名的原因');
  await reviewer.close();
  await page.goto('/mine/subject');
  await expect(title(page)).toContainText('有效');
  await page.goto(`/mine/filings/${returned}`);
  await expect(page.getByText('请说明更名的原因').first()).toBeVisible();
  await expectNoAxeViolations(page);

  const withdrawn = await change(`${unit}乙`);
  await page.goto(`/mine/filings/${withdrawn}`);
  await page.getByRole('button', { name: '撤销申请' }).click();
  await expect(dialog(page)).toContainText('确认撤销申请');
  await expectNoAxeViolations(page);
  await dialog(page).getByRole('button', { name: '确认' }).click();
  await expect(page.getByText('申请已撤销。')).toBeVisible();
  await page.goto('/mine/subject');
  await expect(title(page)).toContainText('有效');
  await expect(page.getByText(unit, { exact: true }).first()).toBeVisible();

  // R17: withdrawn, it becomes a draft again.
  await page.goto(`/mine/filings/${withdrawn}`);
  await page.getByRole('button', { name: '转为草稿' }).click();
  await page.waitForURL(/\/subject\/change/);
  await expect(page.getByLabel('主办单位名称')).toHaveValue(`${unit}乙`);
});

test('R19: the comparison has ten rows on a page, numbers them on, and leads to any page', async ({ page, baseURL }) => {
  const { unit, subject } = await withUnit(page, baseURL);
  const own = desk(page, baseURL);
  const view = await own.ask('form_view', { request: { procedure: 'subject_change', step: 'form', draft: null, record: subject, fresh: true, check: false } });
  const draft = await own.save('subject_change', 'form', undefined, {
    ...view.answers,
    'subject.unit_kind': 'other',
    'unit.name': `${unit}（新）`,
    'unit.cert_kind': 'uscc_cert',
    'unit.office_address': '建国门街道 9 号',
    'unit.registered_region': '110101',
    'unit.registered_address': '东直门街道 1 号',
    'unit.legal_rep_name': '钱新人',
    'principal.name': '孙新人',
    'principal.address': '和平里 7 号',
    'principal.mobile': '13900008888',
    'principal.phone': '010-87654321',
    'principal.email': 'other@abc123.cn',
  }, subject);
  await page.goto(`${FORM}?draft=${draft.id}`);
  await page.getByRole('button', { name: '提交审核' }).click();
  const numbers = () => dialog(page).locator('tbody tr td:first-child').allTextContents();
  await expect(dialog(page)).toContainText('共 12 条数据');
  expect(await numbers()).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);
  await dialog(page).getByRole('link', { name: '2', exact: true }).click();
  await expect(dialog(page).getByRole('link', { name: '2', exact: true })).toHaveAttribute('aria-current', 'page');
  expect(await numbers()).toEqual(['11', '12']);
  await expectNoAxeViolations(page);
  for (const [typed, first] of [['1', '1'], ['99', '11'], ['nonsense', '1']]) {
    await dialog(page).getByLabel('跳至').fill(typed);
    await dialog(page).getByRole('button', { name: '跳转' }).click();
    await expect(dialog(page).locator('tbody tr td:first-child').first()).toHaveText(first);
  }
  await dialog(page).getByRole('button', { name: '确认' }).click();
  await page.waitForURL(/\/mine\/filings/);
  await expect(page.getByRole('row').filter({ hasText: '变更主体' })).toContainText('待审核');
});

test('R19: with nothing changed, sealed values untouched, it says 没有变更内容 and files nothing', async ({ page, baseURL }) => {
  await withUnit(page, baseURL);
  await page.goto('/subject/change');
  await page.getByRole('button', { name: '提交审核' }).click();
  await expect(dialog(page)).toContainText('没有变更内容');
  await expectNoAxeViolations(page);
  await dialog(page).getByRole('link', { name: '返回修改' }).click();
  await expect(dialog(page)).toHaveCount(0);
  await page.goto('/mine/filings?procedure=subject_change');
  await expect(page.getByText('没有符合条件的申请。')).toBeVisible();
  await page.goto('/mine/subject');
  await expect(title(page)).toContainText('有效');
});

test('R20: of two tabs that submit a change, the later is told 存在审核中的单据 and changes nothing', async ({ page, baseURL, hydrates }) => {
  const { unit } = await withUnit(page, baseURL);
  await page.goto('/subject/change');
  await page.getByLabel('主办单位名称').fill(`${unit}（新）`);
  await page.getByRole('button', { name: '提交审核' }).click();
  await expect(dialog(page)).toContainText('共 1 条数据');
  const other = await page.context().newPage();
  if (hydrates) await waitForHydration(other);
  await other.goto(page.url());
  await expect(dialog(other)).toContainText('共 1 条数据');
  await dialog(page).getByRole('button', { name: '确认' }).click();
  await page.waitForURL(/\/mine\/filings/);
  await dialog(other).getByRole('button', { name: '确认' }).click();
  await expect(other.getByText('存在审核中的单据').first()).toBeVisible();
  await expectNoAxeViolations(other);
  await other.getByRole('main').getByRole('link', { name: '查看' }).first().click();
  await expect(title(other)).toContainText('申请详情');
  await other.goto('/mine/filings?procedure=subject_change');
  await expect(other.getByRole('row')).toHaveCount(2);
});

test('a new address moves the jurisdiction: its officers review the change, and what is filed after it', async ({ page, baseURL, hydrates, browser }) => {
  test.setTimeout(120_000);
  const { who, unit } = await withUnit(page, baseURL);
  await page.goto('/subject/change');
  await chooseRegion(page, hydrates, '单位办公地址', ['上海市', '上海市', '黄浦区']);
  await page.getByLabel('单位办公详细地址').fill('人民大道 200 号');
  await page.getByRole('button', { name: '提交审核' }).click();
  await dialog(page).getByRole('button', { name: '确认' }).click();
  await page.waitForURL(/\/mine\/filings\?receipt=/);
  await expect(page.getByText('上海市 黄浦区').or(page.getByText(/上海市.*黄浦区/)).first()).toBeVisible();
  const filing = new URL(page.url()).searchParams.get('receipt');
  // Until then the old officers are in charge.
  await page.goto('/');
  await expect(page.getByText(/管辖地 北京市.*东城区/)).toBeVisible();

  const before = await officer(baseURL);
  expect((await before.request.post(`${baseURL}/api/review`, { data: { id: filing, look: null }, headers: { origin: baseURL } })).status()).toBe(404);
  await before.close();
  const after = await officer(baseURL, '审核员上海');
  await after.decide(filing);
  await page.goto('/');
  await expect(page.getByText(/管辖地 上海市.*黄浦区/)).toBeVisible();
  const website = await fileWebsite(page, baseURL, who, { domain: `moved${serial()}.cn`, name: '迁移站' });
  await after.decide(website);
  await after.close();
  const officerPage = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(officerPage, '审核员东城');
  await officerPage.goto('/review/queue?state=all');
  await expect(officerPage.getByText('迁移站')).toHaveCount(0);
  await expect(officerPage.getByText(`${unit}（新）`)).toHaveCount(0);
  await officerPage.context().close();
});
