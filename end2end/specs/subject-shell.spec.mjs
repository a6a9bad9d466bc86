// The home page, 业务办理, menu and breadcrumbs, 当前主体, 系统通知, 我的草稿, and withdrawing with its countdown
// (R2–R7, R15, R17, R50, R52, R66, R79).
import { timed as test, expect, expectNoAxeViolations, person, signInAs, waitForHydration } from '../harness/test.mjs';
import { fileSubject, fileWebsite, inForce, later } from '../harness/arrange.mjs';
import { desk, unitOf } from '../harness/desk.mjs';

const dialog = (page) => page.getByRole('dialog');
const title = (page) => page.getByRole('heading', { level: 1 });
const main = (page) => page.getByRole('main');
const serial = () => String(Math.floor(Math.random() * 1e9));
const card = (page, name) => main(page).getByRole('region', { name, exact: true });

async function newTab(page, hydrates) {
  const tab = await page.context().newPage();
  if (hydrates) await waitForHydration(tab);
  return tab;
}

test('R4, R5: without a subject the home page asks for one, and only 新增主体 can be clicked', async ({ page, hydrates }) => {
  await signInAs(page, person('韩测试'));
  await page.goto('/');
  await expect(dialog(page)).toContainText('您当前尚无有效主体，请先申请主体');
  await expectNoAxeViolations(page);
  await page.goto('/services');
  for (const group of ['开办主体', '网站业务', 'APP业务', '服务商业务', '应用市场业务', '小程序', '安全评估']) await expect(main(page).getByRole('heading', { name: group, exact: true })).toBeVisible();
  await expect(main(page).locator('a.shortcut')).toHaveText(['新增主体']);
  await expect(main(page).locator('[aria-disabled]').filter({ hasText: '新办网站申请' })).toContainText('您当前尚无有效主体，请先申请主体');
  await expectNoAxeViolations(page);
  // The server refuses the others too (R4, R79), with the same sentence.
  for (const path of ['/website/new', '/subject/change', '/subject/cancel', '/subject/transfer']) {
    await page.goto(path);
    await expect(main(page).getByText('您当前尚无有效主体，请先申请主体').first(), path).toBeVisible();
    await expect(main(page).getByRole('button', { name: /^(提交|下一步|注销|移交)/, disabled: false }), path).toHaveCount(0);
    await expectNoAxeViolations(page);
  }
  await page.goto('/');
  await dialog(page).getByRole('link', { name: '申请主体' }).click();
  await expect(title(page)).toContainText('新增主体');
  if (hydrates) {
    await page.goto('/');
    await dialog(page).getByRole('button', { name: '稍后' }).click();
    await expect(dialog(page)).toHaveCount(0);
  }
});

test('R15, R4: a subject that waits counts as one: a business can be filed, changing it says why not', async ({ page, baseURL }) => {
  const who = person('杨测试');
  await signInAs(page, who);
  const filing = await fileSubject(page, baseURL, who, `等待科技${serial()}有限公司`);
  await page.goto('/');
  await expect(dialog(page)).toHaveCount(0);
  await expect(card(page, '我的主体')).toContainText('待审核');
  await expect(card(page, '我的主体').getByRole('link', { name: /^(变更|注销)/ })).toHaveCount(0);
  await expectNoAxeViolations(page);
  await page.goto('/services');
  await expect(main(page).getByRole('link', { name: '新办网站申请' })).toBeVisible();
  await expect(main(page).locator('[aria-disabled]').filter({ hasText: '变更主体' })).toContainText('主体尚未审核通过，通过后才能办理此项业务');
  await expectNoAxeViolations(page);
  await page.goto(`/mine/filings/${filing}`);
  await expect(page.getByText('公安机关不会单独审核主体').first()).toBeVisible();
  await expectNoAxeViolations(page);
});

test('R2, R3, R7: the home page shows everything of the subject, and each list leads on', async ({ page, baseURL }) => {
  test.setTimeout(120_000);
  const who = person('朱测试');
  const unit = `首页科技${serial()}有限公司`;
  await signInAs(page, who);
  await inForce(page, baseURL, who, { name: unit });
  await page.goto('/');
  await expect(dialog(page)).toHaveCount(0);
  await expect(card(page, '我的申请').getByRole('listitem')).toHaveCount(2);
  await expect(card(page, '系统通知').getByRole('listitem')).not.toHaveCount(0);
  await expect(card(page, '我的主体')).toContainText('有效');
  await expect(card(page, '我的网站')).toContainText('示例站');
  for (const name of ['安全评估', '我的APP', '我的应用市场', '我的小程序']) await expect(card(page, name)).toBeVisible();
  await expectNoAxeViolations(page);

  const leads = async (name, link, path) => {
    await page.goto('/');
    await card(page, name).getByRole('link', { name: link }).first().click();
    await expect(page).toHaveURL(path);
    await expect(title(page)).toHaveCount(1);
    await expectNoAxeViolations(page);
  };
  await leads('我的申请', /^更多/, /\/mine\/filings$/);
  await leads('我的申请', /^详情/, /\/mine\/filings\/.+/);
  await leads('系统通知', /^更多/, /\/notices$/);
  await leads('我的主体', /^更多/, /\/mine\/subject$/);
  await leads('我的主体', /^变更/, /\/subject\/change/);
  await leads('我的主体', /^注销/, /\/subject\/cancel/);
  await leads('我的网站', /^更多/, /\/mine\/website$/);
  await leads('我的网站', /^详情/, /\/mine\/website\/.+/);

  // R7: the menu, the breadcrumb, the present page marked.
  await page.goto('/subject/change');
  const menu = page.getByRole('navigation', { name: '主菜单' });
  for (const item of ['新增主体', '变更主体', '注销主体', '移交主体', '接收主体', '新办网站申请', '变更网站', '注销网站', '我的草稿', '我的申请', '我的主体', '我的网站']) {
    await expect(menu.getByRole('link', { name: item, exact: true })).toBeVisible();
  }
  await expect(menu.getByRole('link', { name: '变更主体' })).toHaveAttribute('aria-current', 'page');
  const crumbs = page.getByRole('navigation', { name: '当前位置' }).getByRole('listitem');
  await expect(crumbs).toHaveText(['开办主体管理', '变更主体']);
  // R52
  await page.goto('/mine/subject');
  await main(page).getByRole('link', { name: '发起变更' }).click();
  await expect(title(page)).toContainText('变更主体');
});

test('an address that leads nowhere is answered 404, with one title', async ({ page }) => {
  await signInAs(page, person('秦测试'));
  for (const path of ['/mine/nonsense', '/nonsense/new', '/nonsense/change', '/nonsense/cancel', '/assessment/cancel', '/website/new/nonsense', '/mine/nonsense/1', '/mine/filings/nonsense', '/nonsense']) {
    expect((await page.goto(path)).status(), path).toBe(404);
    await expect(title(page), path).toHaveCount(1);
    await expectNoAxeViolations(page);
  }
});

test('R66: notices are unread first and counted; opening one reads it, and all can be read at once', async ({ page, baseURL }) => {
  const who = person('尤测试');
  await signInAs(page, who);
  await page.goto('/notices');
  await expect(page.getByText('没有未读的通知。')).toBeVisible();
  await expectNoAxeViolations(page);
  const filing = await fileSubject(page, baseURL, who);
  await fileWebsite(page, baseURL, who, { domain: `notices${serial()}.cn` });
  await page.goto('/notices');
  const bell = page.getByRole('banner').getByRole('link', { name: /系统通知/ });
  await expect(bell).toContainText('2');
  await expect(bell).toContainText('条未读');
  const inbox = main(page).locator('.inbox > li');
  await expect(inbox).toHaveCount(2);
  await expectNoAxeViolations(page);
  await main(page).getByRole('button', { name: /新增主体/ }).click();
  await expect(page).toHaveURL(new RegExp(`/mine/filings/${filing}`));
  await expect(bell).toContainText('1');
  await page.goto('/notices');
  await expect(inbox).toHaveCount(1);
  await main(page).getByRole('link', { name: '全部', exact: true }).click();
  await expect(inbox).toHaveCount(2);
  // Unread first.
  await expect(inbox.first()).toContainText('未读：');
  await expect(inbox.last()).not.toContainText('未读：');
  await expectNoAxeViolations(page);
  await page.getByRole('button', { name: '全部标为已读' }).click();
  await expect(page.getByText('通知已全部标为已读。')).toBeVisible();
  await expect(page.getByText('没有未读的通知。')).toBeVisible();
  await expect(bell).not.toContainText('条未读');
});

test('R6: 当前主体 switches what all pages speak of, and the choice outlives the session', async ({ page, baseURL }) => {
  test.setTimeout(120_000);
  const who = person('许测试');
  const [first, second] = [`甲科技${serial()}有限公司`, `乙科技${serial()}有限公司`];
  await signInAs(page, who);
  await inForce(page, baseURL, who, { name: first });
  await page.goto('/');
  await expect(page.getByRole('banner')).toContainText(first);
  await inForce(page, baseURL, who, { name: second, domain: `second${serial()}.cn` });
  await page.goto('/mine/subject');
  const choice = page.getByLabel('当前主体');
  await choice.selectOption({ label: first });
  await page.getByRole('button', { name: '切换' }).click();
  await expect(page.getByText('已切换当前主体。')).toBeVisible();
  await expect(card(page, '我的主体')).toContainText(first);
  await expectNoAxeViolations(page);
  await page.goto('/mine/subject');
  await expect(main(page).getByText(first, { exact: true }).first()).toBeVisible();
  await page.goto('/website/new');
  await expect(page.getByText(`本次业务由“${first}”申请办理`)).toBeVisible();
  await page.goto('/mine/website');
  await expect(page.getByRole('row')).toHaveCount(2);

  await page.getByRole('banner').locator('summary').click();
  await page.getByRole('button', { name: '退出' }).click();
  await signInAs(page, who);
  await page.goto('/mine/subject');
  await expect(main(page).getByText(first, { exact: true }).first()).toBeVisible();
  await choice.selectOption({ label: second });
  await page.getByRole('button', { name: '切换' }).click();
  await expect(card(page, '我的主体')).toContainText(second);
  await page.goto('/subject/change');
  await expect(page.getByLabel('主办单位名称')).toHaveValue(second);
});

test('R6: a tab that still shows the other subject cannot file for the wrong one', async ({ page, baseURL, hydrates }) => {
  test.setTimeout(120_000);
  const who = person('何测试');
  const [first, second] = [`丙科技${serial()}有限公司`, `丁科技${serial()}有限公司`];
  await signInAs(page, who);
  const own = desk(page, baseURL);
  own.first = (await inForce(page, baseURL, who, { name: first })).subject;
  const other = await inForce(page, baseURL, who, { name: second, domain: `stale${serial()}.cn` });
  await own.act('switch-subject', { subject: other.subject });
  await page.goto('/website/new/site');
  const tab = await newTab(page, hydrates);
  await tab.goto('/');
  await tab.getByLabel('当前主体').selectOption({ label: first });
  await tab.getByRole('button', { name: '切换' }).click();
  await expect(card(tab, '我的主体')).toContainText(first);
  // What the stale tab saves is for the subject that it shows, not for the one chosen since.
  await page.getByLabel('网站名称').fill('谁的网站');
  await page.getByRole('button', { name: '保存草稿' }).click();
  await page.waitForURL(/\/mine\/drafts/);
  const row = page.getByRole('row').filter({ hasText: '谁的网站' });
  await row.getByRole('link', { name: /^详情/ }).click();
  await page.waitForURL(/\/website\/new\/site\?draft=/);
  await page.goto(page.url().replace('/site?', '/subject?'));
  await expect(page.getByText(`本次业务由“${second}”申请办理`)).toBeVisible();
  await expect(page.getByRole('banner').getByLabel('当前主体')).toHaveValue(own.first);
  // Its submit says the subject that it shows; another than the draft's is refused (R6).
  const id = new URL(page.url()).searchParams.get('draft');
  // A page that is left saves nothing more, so the draft's version stays what it is.
  await page.goto('/mine/drafts');
  const request = { procedure: 'website_new', step: 'site', draft: id, record: null, fresh: false, check: false };
  const { draft } = await own.ask('form_view', { request });
  const refused = await own.ask('submit', { draft: id, version: draft.version, subject: own.first, key: `stale-${id}` });
  expect(JSON.stringify(refused)).toContain('当前主体与页面上的主体不一致，请刷新页面核对后再提交');
});

test('R11, R12, R50: drafts show the days they have left, lead back, and are gone after thirty', async ({ page, baseURL, server }) => {
  test.setTimeout(180_000);
  const who = person('吕测试');
  await signInAs(page, who);
  const unit = `草稿科技${serial()}有限公司`;
  const own = desk(page, baseURL);
  await own.save('subject_new', 'form', undefined, unitOf(who, await own.send(), unit));
  await page.goto('/mine/drafts');
  const row = page.getByRole('row').filter({ hasText: unit });
  await expect(row).toContainText('30 天');
  await expect(page.getByText('系统只保留 30 天内的草稿信息，过期将删除，请及时提交申请。')).toBeVisible();
  await expectNoAxeViolations(page);
  await page.getByLabel('业务类型').selectOption('新办网站申请');
  await page.getByRole('button', { name: '查询' }).click();
  await expect(page.getByText('没有草稿。')).toBeVisible();
  await later(server, 26 * 24 * 3600 + 3600);
  await signInAs(page, who);
  await page.goto('/mine/drafts');
  await expect(row).toContainText('4 天');
  await page.goto('/');
  await expect(main(page)).toContainText('还可保留 4 天');
  await page.goto('/mine/drafts');
  await row.getByRole('link', { name: /^详情/ }).click();
  await expect(page.getByLabel('主办单位名称')).toHaveValue(unit);
  await later(server, 4 * 24 * 3600);
  await signInAs(page, who);
  await page.goto('/mine/drafts');
  await expect(page.getByText('没有草稿。')).toBeVisible();
  await page.goto('/subject/new');
  await expect(dialog(page)).toHaveCount(0);
});

test('R17: withdrawing counts down by the server\'s clock; at 30:00 the button goes and the server refuses', async ({ page, baseURL, hydrates, server }) => {
  test.setTimeout(120_000);
  const who = person('施测试');
  await signInAs(page, who);
  const filing = await fileSubject(page, baseURL, who);
  await page.goto(`/mine/filings/${filing}`);
  await expect(page.getByRole('timer')).toHaveText(/^(30:00|29:\d\d)$/);
  const button = main(page).getByRole('button', { name: '撤销申请' });
  await expect(button).toBeVisible();
  await expectNoAxeViolations(page);
  if (hydrates) {
    const shown = await page.getByRole('timer').textContent();
    await expect(page.getByRole('timer')).not.toHaveText(shown);
  }
  await later(server, 29 * 60 + 40, [page]);
  const stale = await newTab(page, hydrates);
  await stale.goto(`/mine/filings/${filing}?withdraw=1`);
  if (hydrates) await page.clock.install();
  await page.reload();
  if (hydrates) await expect(page.getByRole('timer')).toHaveText(/^00:[012]\d$/);
  await later(server, 30);
  // It counts to nothing, and the page looks again by itself.
  if (hydrates) await page.clock.fastForward(30_000);
  else await page.reload();
  await expect(button).toHaveCount(0);
  await expect(page.getByRole('timer')).toHaveCount(0);
  const late = await page.request.post(`${baseURL}/act/withdraw`, { form: { filing }, headers: { origin: baseURL, referer: `${baseURL}/mine/filings/${filing}` } });
  expect(await late.text()).toContain('提交已超过 30 分钟，不能再撤销');
  await expectNoAxeViolations(page);
});

test('R17: withdrawing a subject names the businesses that go with it; it becomes a draft again', async ({ page, baseURL }) => {
  const who = person('张撤销');
  const unit = `撤销科技${serial()}有限公司`;
  await signInAs(page, who);
  const filing = await fileSubject(page, baseURL, who, unit);
  const website = await fileWebsite(page, baseURL, who, { domain: `withdrawn${serial()}.cn`, name: '随同站' });
  await page.goto(`/mine/filings/${filing}`);
  await main(page).getByRole('button', { name: '撤销申请' }).click();
  await expect(dialog(page)).toContainText('以下业务申请依赖该主体，将一并撤销');
  await expect(dialog(page)).toContainText('随同站');
  await expectNoAxeViolations(page);
  await dialog(page).getByRole('button', { name: '取消' }).click();
  await expect(dialog(page)).toHaveCount(0);
  await main(page).getByRole('button', { name: '撤销申请' }).click();
  await dialog(page).getByRole('button', { name: '确认' }).click();
  await expect(page.getByText('申请已撤销。')).toBeVisible();
  await page.goto(`/mine/filings/${website}`);
  await expect(page.getByText('已撤销').first()).toBeVisible();
  await page.goto('/mine/subject');
  await expect(page.getByText('您当前尚无有效主体，请先申请主体').first()).toBeVisible();
  await page.goto(`/mine/filings/${filing}`);
  await expectNoAxeViolations(page);
  await page.getByRole('button', { name: '转为草稿' }).click();
  await page.waitForURL(/\/subject\/new/);
  await expect(page.getByLabel('主办单位名称')).toHaveValue(unit);
});

test('Enter in a form saves or submits what is typed; it adds, drops and fills nothing', async ({ page, baseURL }) => {
  const who = person('孔测试');
  await signInAs(page, who);
  await inForce(page, baseURL, who);
  await page.goto('/website/new/site');
  await page.getByLabel('网站名称').fill('按回车');
  await page.getByLabel('网站名称').press('Enter');
  await expect(page.getByRole('alert').filter({ hasText: '处需要修改' })).toBeVisible();
  await expect(page.getByLabel('网站名称')).toHaveValue('按回车');
});

test('on a telephone no page of a subject\'s life is wider than the screen', async ({ page, baseURL }) => {
  test.setTimeout(120_000);
  const who = person('曹测试');
  await signInAs(page, who);
  const { subject } = await inForce(page, baseURL, who, { name: '一个名称特别长的示例网络科技发展股份有限公司北京分公司' });
  const own = desk(page, baseURL);
  const draft = await own.save('subject_change', 'form', undefined, { 'unit.name': '一个名称特别长的示例网络科技发展股份有限公司上海分公司' }, subject);
  await page.setViewportSize({ width: 360, height: 780 });
  const compare = `/subject/change/form?draft=${draft.id}&compare=1`;
  for (const path of ['/', '/services', '/notices?all=1', '/mine/drafts', '/mine/filings', '/mine/subject', '/subject/cancel', '/subject/transfer', '/subject/receive', compare]) {
    await page.goto(path);
    await expect(title(page).or(dialog(page)).first()).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(360);
    await expectNoAxeViolations(page);
  }
  // R7: the menu is a drawer there.
  await page.goto('/');
  const menu = page.getByRole('navigation', { name: '主菜单' });
  await expect(menu).toBeHidden();
  await page.locator('label.drawer-open').click();
  await expect(menu).toBeVisible();
  // Without scripts the browser draws nothing once it has slid in, so a click that began before would wait for ever.
  await expect.poll(() => menu.evaluate((drawer) => drawer.getAnimations({ subtree: true }).length)).toBe(0);
  await expectNoAxeViolations(page);
  await menu.getByRole('link', { name: '我的主体', exact: true }).click();
  await expect(title(page)).toContainText('我的主体');
  await expect(menu).toBeHidden();
});
