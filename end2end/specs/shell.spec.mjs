// The frame of every page: who may not see a page is led to where they can, staff find their work first, a draft is
// not lost by a click, and paper bears no buttons.
import { test, expect, anotherBrowser, expectNoAxeViolations, person, signIn, signInAs, tellProvider } from '../harness/test.mjs';
import { fileSubject, inForce } from '../harness/arrange.mjs';
import { desk } from '../harness/desk.mjs';

const menu = (page) => page.getByRole('navigation', { name: '主菜单' });
const title = (page) => page.getByRole('heading', { level: 1 });

test('who is not signed in is asked to, in the frame, and comes back to the page', async ({ page }) => {
  const who = person('方访客');
  for (const path of ['/mine/filings?state=returned', '/mine/drafts', '/audit', '/notices?all=1', '/services', '/review/queue', '/website/new/site', '/staff']) {
    expect((await page.goto(path)).status(), path).toBe(401);
    await expect(title(page), path).toHaveText('请先登录');
    await expect(page.getByRole('banner').getByRole('link', { name: '备案查询' })).toBeVisible();
    await expect(page.getByRole('main').getByRole('button'), path).toHaveCount(0);
    await expect(page.getByRole('search'), path).toHaveCount(0);
  }
  await page.goto('/mine/filings?state=returned');
  await expectNoAxeViolations(page);
  await page.getByRole('main').getByRole('link', { name: '用户登录' }).click();
  await tellProvider(page, who);
  expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe('/mine/filings?state=returned');
  await expect(title(page)).toHaveText('我的申请');

  // Whose session has ended is told that.
  await page.context().clearCookies();
  await page.context().addCookies([{ name: 'session', value: 'a'.repeat(43), url: new URL('/', page.url()).href }]);
  await page.goto('/mine/drafts');
  await expect(title(page)).toHaveText('登录已过期，请重新登录');
});

test('an address that leads nowhere is answered in the frame, to whoever asks', async ({ page }) => {
  expect((await page.goto('/nowhere')).status()).toBe(404);
  await expect(title(page)).toHaveText('没有找到这个页面，或者您无权查看');
  await expect(page.getByRole('banner')).toBeVisible();
  await expect(page.getByRole('link', { name: '返回首页' })).toBeVisible();
  await expectNoAxeViolations(page);
  await signInAs(page, person('严路过'));
  expect((await page.goto('/nowhere')).status()).toBe(404);
  await expect(menu(page).getByRole('link', { name: '我的申请' })).toBeVisible();
  await expectNoAxeViolations(page);
});

test('staff begin at their desk, with their work on top and their own filings behind one item', async ({ browser, baseURL, hydrates }) => {
  for (const [name, path, work] of [
    ['审核员东城', '/review', '审核队列'],
    ['管理员', '/staff', '人员管理'],
    ['维护员', '/upkeep/providers', '节假日'],
    ['审计员', '/audit', '审计日志'],
  ]) {
    const page = await anotherBrowser(browser, baseURL, hydrates);
    await page.goto('/');
    await page.getByRole('link', { name: '用户登录' }).first().click();
    await page.getByRole('button', { name, exact: true }).click();
    await page.waitForURL((url) => url.pathname === path);
    const links = menu(page).getByRole('link');
    expect((await links.allInnerTexts()).length, name).toBeLessThan(8);
    await expect(menu(page).getByRole('link', { name: work })).toBeVisible();
    await expect(menu(page).getByRole('link', { name: '我的草稿' })).toBeHidden();
    await expectNoAxeViolations(page);
    await menu(page).getByText('我的个人业务').click();
    await menu(page).getByRole('link', { name: '我的草稿' }).click();
    await expect(title(page)).toHaveText('我的草稿');
    await expect(menu(page).getByRole('link', { name: '新增主体' })).toBeVisible();
    // The home page is still one's own.
    await menu(page).getByRole('link', { name: '首页' }).click();
    await page.waitForURL(`${baseURL}/`);
    await page.context().close();
  }
});

test('the menu of an applicant is short, and every link of it is there by its name', async ({ page }) => {
  await signInAs(page, person('万菜单'));
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.goto('/services');
  for (const name of ['新办APP申请', '变更APP', '注销APP', '新办小程序申请', '我的应用市场', '变更网站', '移交主体']) {
    await expect(menu(page).getByRole('link', { name, exact: true })).toBeVisible();
  }
  expect(await menu(page).evaluate((side) => side.scrollHeight)).toBeLessThan(1350);
  const top = async (name) => (await menu(page).getByRole('link', { name, exact: true }).boundingBox()).y;
  expect(await top('我的申请')).toBeLessThan(await top('新增主体'));
  await menu(page).getByRole('link', { name: '新办APP申请', exact: true }).click();
  await expect(title(page)).toContainText('新办APP申请');
  await expect(menu(page).getByRole('link', { name: '新办APP申请', exact: true })).toHaveText('新办APP申请');
  await expectNoAxeViolations(page);
});

test('R50: deleting a draft asks first and can be taken back for a while', async ({ page, baseURL }) => {
  const who = person('乔草稿');
  await signInAs(page, who);
  const own = desk(page, baseURL);
  await own.save('subject_new', 'form', undefined, { 'subject.nature': 'person', 'principal.name': '乔草稿' });
  await page.goto('/mine/drafts');
  const row = page.getByRole('row').filter({ hasText: '新增主体' });
  await row.getByRole('button', { name: '删除' }).click();
  const dialog = page.getByRole('dialog', { name: '确认删除草稿' });
  await expect(dialog).toContainText('将删除“新增主体”草稿');
  await expectNoAxeViolations(page);
  await dialog.getByRole('link', { name: '取消' }).click();
  await expect(row).toBeVisible();

  await row.getByRole('button', { name: '删除' }).click();
  await dialog.getByRole('button', { name: '确认删除' }).click();
  await expect(page.getByText('草稿已删除。')).toBeVisible();
  await expect(page.getByText('没有草稿。')).toBeVisible();
  await expect(page.getByText(/已删除“新增主体”草稿.*分钟内可以撤销/)).toBeVisible();
  await expectNoAxeViolations(page);
  await page.getByRole('button', { name: '撤销删除' }).click();
  await expect(page.getByText('草稿已恢复。')).toBeVisible();
  await row.getByRole('link', { name: '详情' }).click();
  await expect(page.getByLabel('负责人姓名')).toHaveValue('乔草稿');
});

test('paper bears the name of the platform and no button, control or closed part', async ({ page, baseURL, hydrates }) => {
  const who = person('白打印');
  await signInAs(page, who);
  const { website } = await inForce(page, baseURL, who);
  const filing = (await desk(page, baseURL).ask('filings', { procedure: '', state: '', after: '' })).rows[0].id;
  for (const path of [`/receipt/${filing}`, `/mine/filings/${filing}`, '/mine/subject', `/mine/website/${website}`, '/mine/filings', '/sessions', '/notices?all=1']) {
    await page.goto(path);
    if (hydrates) await page.waitForLoadState('networkidle');
    await page.emulateMedia({ media: 'print' });
    await expect(page.locator('main :is(button, .button, select, [type=checkbox]):visible'), path).toHaveCount(0);
    await expect(page.locator('main details:not([open]):visible'), path).toHaveCount(0);
    await expect(page.getByRole('banner'), path).toBeHidden();
    const said = await page.getByRole('main').evaluate((main) => getComputedStyle(main, '::before').content);
    expect(said, path).toBe('"联网备案服务平台"');
    await expect(title(page), path).toBeVisible();
    await page.emulateMedia({ media: 'screen' });
  }
});

test('R60: an appointment that is refused keeps what was typed, and the region is chosen level by level', async ({ page }) => {
  const who = person('祝审核');
  await signIn(page, '管理员');
  await page.goto('/staff');
  await page.getByLabel('姓名', { exact: true }).fill(who.name);
  await page.getByLabel('身份证号码', { exact: true }).fill(who.idNumber);
  await page.getByLabel('角色', { exact: true }).selectOption('审核员');
  await page.getByRole('button', { name: '添加' }).click();
  await expect(page.getByText('请选择管辖地区')).toBeVisible();
  await expect(page.getByLabel('姓名', { exact: true })).toHaveValue(who.name);
  await expect(page.getByLabel('身份证号码', { exact: true })).toHaveValue(who.idNumber);
  await expect(page.getByLabel('管辖地区', { exact: true })).toHaveAttribute('aria-invalid', 'true');
  // A button half under the head of its table is measured as half a button.
  await page.evaluate(() => scrollTo(0, 0));
  await expectNoAxeViolations(page);
  expect(page.url()).not.toContain(who.idNumber);
  const next = () => page.getByRole('button', { name: '下一级' }).click();
  await page.getByLabel('管辖地区', { exact: true }).selectOption('浙江省');
  await next();
  await expect(page.getByLabel('姓名', { exact: true })).toHaveValue(who.name);
  await page.getByLabel('管辖地区（市）').selectOption('杭州市');
  await next();
  await page.getByLabel('管辖地区（区县）').selectOption('西湖区');
  await page.getByRole('button', { name: '添加' }).click();
  await expect(page.getByText('已添加。')).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: who.name })).toContainText('西湖区');
  // A province is a region as well; Enter adds.
  const other = person('祝全省');
  await page.getByLabel('姓名', { exact: true }).fill(other.name);
  await page.getByLabel('管辖地区', { exact: true }).selectOption('江苏省');
  await page.getByLabel('身份证号码', { exact: true }).fill(other.idNumber);
  await page.getByLabel('身份证号码', { exact: true }).press('Enter');
  await expect(page.getByRole('row').filter({ hasText: other.name })).toContainText('江苏省');
});

test('the log and the sessions speak in words', async ({ page, browser, baseURL, hydrates }) => {
  const who = person('卫日志');
  const other = await anotherBrowser(browser, baseURL, hydrates);
  await signInAs(other, who);
  await fileSubject(other, baseURL, who);
  await other.goto('/sessions');
  await expect(other.getByRole('row').nth(1)).not.toContainText('Mozilla');
  await other.context().close();
  await signIn(page, '审计员');
  await page.goto('/audit');
  await page.getByLabel('操作').fill('提交申请');
  await page.getByRole('button', { name: '查询' }).click();
  const row = page.getByRole('row').nth(1);
  await expect(row).toContainText('提交申请');
  await expect(row).not.toContainText('filing.');
  await expect(row).toContainText('业务类型：新增主体');
  await expect(row).toContainText('申请单');
  await expectNoAxeViolations(page);
});
