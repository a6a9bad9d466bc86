// A wizard that feels like one: what to have ready, steps that change in place, a last look, help beside the question.
import { test, expect, expectNoAxeViolations, hydrated, person, signInAs } from '../harness/test.mjs';
import { png } from '../harness/files.mjs';
import { fillUnit, openSite, withSubject } from '../harness/journey.mjs';

const heading = (page) => page.getByRole('heading', { level: 1 });
const step = (page) => page.getByRole('navigation', { name: '填报步骤' }).locator('[aria-current=step]');
const stepLink = (page, title) => page.getByRole('navigation', { name: '填报步骤' }).getByRole('link', { name: new RegExp(title) });
const name = (page) => page.getByLabel('网站名称');
const mark = (page) => page.evaluate(() => (globalThis.mark = 'this page'));
const marked = (page) => page.evaluate(() => globalThis.mark === 'this page');

test('a step changes in place: no new page, and address, title, focus and way back are right', async ({ page, baseURL, hydrates }) => {
  test.skip(!hydrates, 'without scripts every step is a page');
  await withSubject(page, baseURL);
  await page.goto('/website/new');
  await hydrated(page);
  await mark(page);
  await page.getByRole('button', { name: '下一步' }).click();
  await page.waitForURL(/\/website\/new\/site/);
  expect(await marked(page)).toBe(true);
  await expect(page).toHaveTitle(/^新办网站申请/);
  await expect(step(page)).toContainText('网站基本信息');
  await expect(step(page)).toBeFocused();
  expect(await page.evaluate(() => scrollY)).toBe(0);
  await expectNoAxeViolations(page);

  // With the draft, every step can be reached.
  await name(page).fill('原地');
  await expect(stepLink(page, '网站负责人')).toHaveAttribute('href', /draft=/);
  // What is typed is saved before a link of the step bar is followed, and there on coming back.
  await name(page).fill('原地切换书店');
  await stepLink(page, '网站负责人').click();
  await expect(step(page)).toContainText('网站负责人');
  await expect(page).toHaveURL(/\/website\/new\/people\?draft=/);
  await page.goBack();
  await expect(name(page)).toHaveValue('原地切换书店');
  await expect(page).toHaveURL(/\/website\/new\/site/);
  // Going back with something unsaved loses nothing either.
  await name(page).fill('刚刚改过的书店');
  await page.goBack();
  await expect(step(page)).toContainText('开办主体');
  // The first page was there before the draft; going on from it is going on with the draft.
  await expect(page).toHaveURL(/\?draft=/);
  await page.getByRole('button', { name: '下一步' }).click();
  await expect(name(page)).toHaveValue('刚刚改过的书店');
  await page.goBack();
  await page.goForward();
  await expect(name(page)).toHaveValue('刚刚改过的书店');
  expect(await marked(page)).toBe(true);

  // A dialog over the step, and back from it.
  await page.getByRole('button', { name: '查询网络接入服务商' }).click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(name(page)).toHaveValue('刚刚改过的书店');
  // The form that came last is alive: it saves by itself.
  await name(page).fill('最后的书店');
  await expect(page.locator('.save-state[data-state=saved]')).toBeVisible();
  expect(await marked(page)).toBe(true);
  await page.reload();
  await expect(name(page)).toHaveValue('最后的书店');
});

test('where the next step cannot be had in place, the browser shows what there is', async ({ page, baseURL, hydrates }) => {
  test.skip(!hydrates, 'without scripts every step is a page');
  await withSubject(page, baseURL);
  await openSite(page);
  await name(page).fill('断网书店');
  // Nothing can be saved: the page stays, and says so.
  await page.route('**/api/**', (route) => route.abort());
  await stepLink(page, '开办主体').click();
  await expect(page.getByText('保存失败，').first()).toBeVisible();
  await expect(step(page)).toContainText('网站基本信息');
  await page.unroute('**/api/**');
  await page.getByRole('button', { name: '重试' }).first().click();
  await expect(page.getByText(/^已保存 /)).toBeVisible();

  // A newer release has other scripts: a whole page brings them.
  await hydrated(page);
  await mark(page);
  await page.route(/\/website\/new\/subject/, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: (await answer.text()).replace('<head>', '<head><script src="/newer.js"></script>') });
  }, { times: 1 });
  await stepLink(page, '开办主体').click();
  await expect(step(page)).toContainText('开办主体');
  await expect.poll(() => marked(page)).toBe(false);
});

test('whoever leaves the page while typing has lost nothing', async ({ page, baseURL, hydrates }) => {
  test.skip(!hydrates, 'without scripts nothing is saved by itself');
  await withSubject(page, baseURL);
  await openSite(page);
  await name(page).fill('刚输入就离开');
  await page.getByRole('link', { name: '首页' }).first().click();
  await page.waitForURL((url) => url.pathname === '/');
  const draft = page.getByRole('link', { name: /继续填写/ });
  await expect(async () => {
    await page.reload();
    await expect(draft).toBeVisible({ timeout: 500 });
  }).toPass();
  await draft.click();
  await stepLink(page, '网站基本信息').click();
  await expect(name(page)).toHaveValue('刚输入就离开');
  await name(page).fill('刚输入就刷新');
  await page.reload();
  await expect(async () => {
    await page.reload();
    await expect(name(page)).toHaveValue('刚输入就刷新', { timeout: 500 });
  }).toPass();
});

test('a file that is on its way arrives although one goes to another step', async ({ page, baseURL, hydrates }) => {
  test.skip(!hydrates, 'without scripts a file is sent with its form');
  await withSubject(page, baseURL);
  await openSite(page);
  await name(page).fill('慢慢上传');
  await expect(page.locator('.save-state[data-state=saved]')).toBeVisible();
  await page.route('**/files?sort=*', async (route) => {
    await new Promise((done) => setTimeout(done, 1500));
    await route.continue();
  });
  await page.getByLabel('域名证书').setInputFiles(png());
  await stepLink(page, '开办主体').click();
  await expect(step(page)).toContainText('开办主体');
  await stepLink(page, '网站基本信息').click();
  await expect(page.getByAltText('域名证书预览')).toBeVisible();
});

test('a dialog that is closed by Escape is out of the address, and the page stays where it was', async ({ page, baseURL, hydrates }) => {
  test.skip(!hydrates, 'without scripts a dialog is closed by its button');
  await withSubject(page, baseURL);
  await openSite(page);
  await name(page).fill('对话框书店');
  const opener = page.getByRole('button', { name: '查询域名注册服务商' });
  await opener.scrollIntoViewIfNeeded();
  const top = await page.evaluate(() => scrollY);
  expect(top).toBeGreaterThan(300);
  await opener.click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(opener).toBeFocused();
  expect(page.url()).not.toContain('find=');
  expect(Math.abs((await page.evaluate(() => scrollY)) - top)).toBeLessThan(200);
});

test('going back and forth for long leaves nothing behind', async ({ page, baseURL, hydrates }) => {
  test.skip(!hydrates, 'without scripts every step is a page');
  await withSubject(page, baseURL);
  await openSite(page);
  await name(page).fill('来来回回');
  await expect(stepLink(page, '提示说明')).toHaveAttribute('href', /draft=/);
  const devtools = await page.context().newCDPSession(page);
  const count = async () => {
    await devtools.send('HeapProfiler.collectGarbage');
    return devtools.send('Memory.getDOMCounters');
  };
  const trips = (number) => page.evaluate(async (number) => {
    const { search } = location;
    for (let trip = 0; trip < number; trip += 1) for (const key of ['subject', 'site']) await globalThis.steps.visit(`/website/new/${key}${search}`);
  }, number);
  await trips(2);
  const before = await count();
  await trips(5);
  const after = await count();
  // One form alone has some two thousand.
  expect(after.nodes - before.nodes).toBeLessThan(1000);
  expect(after.jsEventListeners - before.jsEventListeners).toBeLessThan(10);
});

test('a wizard says before it begins how long it takes and what to have ready', async ({ page }) => {
  await signInAs(page, person('钱测试'));
  await page.goto('/subject/new');
  const ready = page.getByRole('complementary', { name: '填写前' });
  await expect(ready).toContainText(/单位：约 \d+ 分钟，请备好主办单位有效证件、身份证人像面、身份证国徽面、身份证手持/);
  await expect(ready).toContainText(/个人：约 \d+ 分钟，请备好身份证人像面/);
  await expect(ready.getByRole('link', { name: '查看办事指南' })).toHaveAttribute('href', '/guide#ready-subject');
});

test('新增主体 can be looked at once more as a whole before it is filed (R78)', async ({ page, hydrates }) => {
  test.setTimeout(120_000);
  const who = person('孙测试');
  await signInAs(page, who);
  await page.goto('/subject/new');
  const review = page.getByRole('button', { name: '核对后提交' });
  // What is missing is said on the form.
  await page.getByLabel('开办主体性质').selectOption('单位');
  await review.click();
  await expect(page.getByRole('alert').filter({ hasText: '处需要修改' })).toBeVisible();
  if (hydrates) await expect(page.locator('.save-state[data-state=saved]')).toBeVisible();
  await page.goto('/subject/new?fresh=1');
  const unit = `核对${Date.now() % 1e7}有限公司`;
  await fillUnit(page, hydrates, who, unit);
  await review.click();
  await page.waitForURL(/review=1/);
  await expect(page.getByRole('region', { name: '主办单位信息' })).toContainText(unit);
  await expect(page.getByRole('textbox')).toHaveCount(0);
  await expectNoAxeViolations(page);
  // Back to one answer, put it right, and look again.
  await page.getByRole('region', { name: '主办单位信息' }).getByRole('link', { name: '修改' }).click();
  await page.getByLabel('主办单位名称').fill(`改名${unit}`);
  await review.click();
  await expect(page.getByRole('region', { name: '主办单位信息' })).toContainText(`改名${unit}`);
  await page.getByRole('button', { name: '提交审核' }).click();
  await expect(page).toHaveURL(/receipt=/);
  await expect(page.getByText(`改名${unit}`).first()).toBeVisible();
});

test('“?” beside a question explains it with an example and a picture', async ({ page, context, hydrates }) => {
  await signInAs(page, person('周测试'));
  await page.goto('/subject/new');
  await page.getByLabel('开办主体性质').selectOption('单位');
  if (!hydrates) await page.getByRole('button', { name: '更新表单' }).first().click();
  const field = page.locator('.field').filter({ has: page.getByLabel('身份证手持') });
  const help = field.getByRole('link', { name: '填写说明' });
  if (!hydrates) {
    const opened = context.waitForEvent('page');
    await help.click();
    const guide = await opened;
    await expect(guide).toHaveURL(/\/guide#help-id-handheld$/);
    await expect(guide.getByRole('region', { name: '身份证手持' })).toContainText('镜像');
    return;
  }
  await help.click();
  const told = field.getByRole('note', { name: '填写说明' });
  await expect(told).toContainText('面部和证件号码都清晰');
  const picture = told.getByRole('img');
  await expect(picture).toBeVisible();
  expect(await picture.evaluate((image) => image.complete || image.decode().then(() => true))).toBeTruthy();
  await expect(help).toHaveAttribute('aria-expanded', 'true');
  await expectNoAxeViolations(page);
  await page.keyboard.press('Escape');
  await expect(told).toHaveCount(0);
  await expect(help).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(told).toBeVisible();
  await help.click();
  await expect(told).toHaveCount(0);
  // A control is still found by its label alone.
  await expect(page.getByLabel('身份证手持')).toHaveCount(1);
  await expect(heading(page)).toContainText('新增主体');
});
