// One case, one path: 我的备案进度 leads from signing in to the badge, and nobody falls into the traps on the way: a
// subject filed alone, one that came back, a bundle that came back (R5, R15, R26, R53, R79).
import { test, expect, person, signInAs, expectNoAxeViolations } from '../harness/test.mjs';
import { fileSubject, fileWebsite, inForce, officer } from '../harness/arrange.mjs';
import { decideAs, desk } from '../harness/desk.mjs';

const card = (page) => page.getByRole('region', { name: '我的备案进度' });
const unit = () => `进度测试${Math.floor(Math.random() * 1e9)}有限公司`;
const domain = () => `path${Math.floor(Math.random() * 1e9)}.cn`;

/** The one step that is marked, and the one primary button. */
async function expectNext(page, step, label) {
  await expect(card(page).locator('[aria-current="step"]')).toContainText(step);
  await expect(card(page).locator('.button-primary')).toHaveCount(1);
  await expect(card(page).locator('.button-primary')).toHaveText(label);
}

test('the path of a case: every page says the one next thing to do', async ({ page, baseURL }) => {
  const who = person('何测试');
  await signInAs(page, who);
  await page.goto('/');
  await expectNext(page, '主体', '新增主体');
  const subject = await fileSubject(page, baseURL, who, unit());

  // Trap 1: a subject alone is not done.
  await page.goto(`/receipt/${subject}`);
  await expect(card(page)).toContainText('还差一步：请填报网站或其他业务');
  await expectNext(page, '业务', '填报网站');
  await expect(page.getByRole('region', { name: '主体信息已提交，还没有进入审核' })).toBeVisible();
  await expectNoAxeViolations(page);
  await page.goto('/mine/filings');
  const row = page.getByRole('row').filter({ hasText: '新增主体' });
  await expect(row).toContainText('待填报业务');
  await expect(row).toContainText('待审核');
  await page.goto('/');
  await expect(page.getByRole('region', { name: '我的主体' })).toContainText('待填报业务');
  await expectNoAxeViolations(page);
  await card(page).getByRole('link', { name: '填报网站' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('新办网站申请');

  const website = await fileWebsite(page, baseURL, who, { domain: domain() });
  await page.goto(`/mine/filings?receipt=${website}`);
  await expectNext(page, '审核', '查看申请单');
  const reviewer = await officer(baseURL);
  await reviewer.decide(subject);
  await reviewer.decide(website);
  await reviewer.close();
  await page.goto('/');
  await expectNext(page, '挂标', '去挂标');
  await card(page).getByRole('link', { name: '去挂标' }).click();
  await expect(page.getByText(/测公网安备\d{14}号/).first()).toBeVisible();
});

test('a returned bundle: one way in from everywhere, and one act sends all of it again', async ({ page, baseURL }) => {
  const who = person('吕测试');
  await signInAs(page, who);
  const subject = await fileSubject(page, baseURL, who, unit());
  const website = await fileWebsite(page, baseURL, who, { domain: domain() });
  const reviewer = await officer(baseURL);
  const remarks = { 'principal.address': '请写到门牌号', 'principal.mobile': '打不通' };
  await decideAs({ request: reviewer.request }, baseURL, subject, 'return', { remarks });
  await reviewer.close();

  // Trap 2: no way leads to an empty form.
  await page.goto('/');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('您的新增主体申请已退回，有 2 处需要修改');
  await expect(page.getByText('您当前尚无有效主体，请先申请主体')).toHaveCount(0);
  await expectNoAxeViolations(page);
  await page.goto('/mine/subject');
  await expectNext(page, '主体', '去修改');
  await page.goto('/services');
  await expect(page.getByRole('complementary', { name: '暂不能办理' })).toContainText('您的新增主体申请已退回，请先修改后重新提交');
  await expectNoAxeViolations(page);
  await page.goto('/website/new');
  await expect(page.getByText('您的新增主体申请已退回，请先修改后重新提交')).toBeVisible();
  await expect(page.getByRole('button', { name: '下一步' })).toHaveCount(0);

  // The filing itself: the points are links to the fields, where the remarks stand, too (R53).
  await page.goto(`/mine/filings/${subject}`);
  const points = page.getByRole('complementary', { name: '审核意见' });
  await points.getByRole('link', { name: /负责人手机号码/ }).click();
  await expect(page).toHaveURL(/#r-f-principal-mobile$|#r-/);
  await expect(page.locator('.sheet-row:target')).toContainText('打不通');
  await expect(page.getByRole('complementary', { name: '随主体一并退回的业务' })).toContainText('新办网站申请');
  await expect(page.getByRole('button', { name: '修改后重新提交' })).toBeVisible();
  await expectNoAxeViolations(page);

  await page.goto('/subject/new');
  await expect(dialog).toContainText('您的新增主体申请已退回，有 2 处需要修改');
  await expectNoAxeViolations(page);
  await dialog.getByRole('button', { name: '去修改' }).click();
  await page.waitForURL(/draft=/);
  await expect(page.getByRole('complementary', { name: '提交时一并重新提交' })).toContainText('示例站');
  await expect(page.getByLabel('负责人常住详细地址')).not.toHaveValue('');
  await page.getByLabel('负责人常住详细地址').fill('某某街道三号院四号楼五单元六室');
  await expectNoAxeViolations(page);
  await page.getByRole('button', { name: '提交审核' }).click();
  await page.waitForURL(/\/mine\/filings/);
  await expectNext(page, '审核', '查看申请单');
  const { ask } = desk(page, baseURL);
  for (const filing of [subject, website]) expect((await ask('filing', { id: filing })).row.state).toBe('pending');
});

test('a form that nothing could be filed with is not filled in in vain', async ({ page, baseURL }) => {
  const who = person('施测试');
  await signInAs(page, who);
  await fileSubject(page, baseURL, who, unit());
  await page.goto('/subject/change');
  await expect(page.getByText('主体尚未审核通过，通过后才能办理此项业务')).toBeVisible();
  await expect(page.getByRole('button', { name: '提交审核' })).toHaveCount(0);
  await expectNoAxeViolations(page);
  await page.goto('/mine/drafts');
  await expect(page.getByText('没有草稿')).toBeVisible();
});

test('the steps of the wizard show what is filled, not what was visited', async ({ page, baseURL }) => {
  const who = person('张测试');
  await signInAs(page, who);
  await fileSubject(page, baseURL, who, unit());
  const { save } = desk(page, baseURL);
  const draft = await save('website_new', 'site', undefined, { 'site.name': '只有名称' });
  await page.goto(`/website/new/notice?draft=${draft.id}`);
  const steps = page.getByRole('navigation', { name: '填报步骤' });
  await expect(steps.getByRole('listitem').nth(0)).toContainText('完成');
  await expect(steps.getByRole('listitem').nth(1)).toContainText(/还差 \d+ 项/);
  await expect(steps.getByRole('listitem').nth(2)).toContainText('未开始');
  await expect(steps.getByRole('listitem').nth(3)).toContainText('当前');
});

test('what is in force and has its badge asks for nothing but changes', async ({ page, baseURL }) => {
  const who = person('孔测试');
  await signInAs(page, who);
  const { website } = await inForce(page, baseURL, who);
  await page.goto('/');
  await expectNext(page, '挂标', '去挂标');
  await expect(card(page).getByRole('link', { name: '去挂标' })).toHaveAttribute('href', new RegExp(website));
});
