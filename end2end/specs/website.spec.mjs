// The whole life of a website: look-ups, same-as, the guide, change with comparison, cancelling, and a filing that
// comes back and is submitted again (R31–R36, R38, R53, R78).
import { test, expect, anotherBrowser, expectNoAxeViolations, hydrated, person, signIn, signInAs } from '../harness/test.mjs';
import { decide, openSite, withSubject } from '../harness/journey.mjs';
import { codesSentTo, fileSubject, fileWebsite, inForce, officer } from '../harness/arrange.mjs';
import { desk, peopleOf, siteOf } from '../harness/desk.mjs';

const serial = () => String(Math.floor(Math.random() * 1e9));
const dialog = (page) => page.getByRole('dialog');
const title = (page) => page.getByRole('heading', { level: 1 });
const block = (page, name) => page.getByRole('group', { name, exact: true });
const PEOPLE = ['网站安全负责人信息', '网站应急联络人'];

test('R31: providers are found by area and name or brand and fill their block; typed by hand where none is found', async ({ page, baseURL }) => {
  test.setTimeout(120_000);
  await withSubject(page, baseURL);
  await openSite(page);
  await page.getByLabel('网站名称').fill('查询示例站');
  await page.getByRole('button', { name: '查询网络接入服务商' }).click();
  await expect(dialog(page)).toContainText('查询网络接入服务商');
  await expectNoAxeViolations(page);
  await dialog(page).getByLabel('名称').fill('阿里云');
  await dialog(page).getByRole('button', { name: '查询', exact: true }).click();
  await expect(dialog(page).getByRole('alert')).toHaveText('请选择所属地区');
  await expect(dialog(page).getByLabel('所属地区')).toHaveAttribute('aria-invalid', 'true');
  await expect(dialog(page).getByLabel('名称')).toHaveValue('阿里云');
  await expectNoAxeViolations(page);

  await dialog(page).getByLabel('所属地区').selectOption('浙江省');
  await dialog(page).getByRole('button', { name: '查询', exact: true }).click();
  await expect(dialog(page)).toContainText('共 1 条数据');
  await expect(dialog(page).getByRole('row').nth(1)).toContainText('阿里云计算有限公司');
  await expectNoAxeViolations(page);
  await dialog(page).getByRole('button', { name: '选择', exact: true }).click();
  await expect(dialog(page)).toHaveCount(0);
  await expect(block(page, '网络接入服务商').getByLabel('名称', { exact: true })).toHaveValue('阿里云计算有限公司');
  await expect(page.getByLabel('接入商所属地区', { exact: true }).locator('option:checked')).toHaveText('浙江省');
  await expect(page.getByLabel('接入商所属地区（市）', { exact: true }).locator('option:checked')).toHaveText('杭州市');
  await expect(page.getByLabel('网站名称')).toHaveValue('查询示例站');

  // Abroad, with the country.
  await page.getByRole('button', { name: '查询域名注册服务商' }).click();
  await dialog(page).getByLabel('名称').fill('godaddy');
  await dialog(page).getByLabel('所属地区').selectOption('美国');
  await dialog(page).getByRole('button', { name: '查询', exact: true }).click();
  await dialog(page).getByRole('button', { name: '选择', exact: true }).click();
  await expect(block(page, '域名注册服务商').getByLabel('名称', { exact: true })).toHaveValue('GoDaddy.com, LLC');
  await expect(page.getByLabel('域名商所属地区管辖').locator('option:checked')).toHaveText('境外');
  await expect(page.getByLabel('域名服务商所属地区', { exact: true }).locator('option:checked')).toHaveText('美国');

  // Elsewhere than one thought, nowhere at all, and back without a choice.
  await page.getByRole('button', { name: '查询网络接入服务商' }).click();
  await expect(dialog(page).getByLabel('名称')).toHaveValue('阿里云计算有限公司');
  await dialog(page).getByLabel('名称').fill('腾讯云');
  await dialog(page).getByRole('button', { name: '查询', exact: true }).click();
  await expect(dialog(page)).toContainText('所选地区没有查询到；其他地区共 1 条数据');
  await dialog(page).getByLabel('名称').fill('没有这一家');
  await dialog(page).getByRole('button', { name: '查询', exact: true }).click();
  await expect(dialog(page)).toContainText('可取消后在表单中手工填写');
  await expectNoAxeViolations(page);
  await dialog(page).getByRole('link', { name: '取消' }).click();
  await expect(dialog(page)).toHaveCount(0);
  await block(page, '网络接入服务商').getByLabel('名称', { exact: true }).fill('手工填写的接入商');
  await expect(page.getByLabel('网站名称')).toHaveValue('查询示例站');
});

test('the guide suggests 网站类型 and interaction by three questions, and is not filed', async ({ page, baseURL, hydrates }) => {
  await withSubject(page, baseURL);
  await openSite(page);
  await page.getByLabel('网站以什么内容为主').selectOption('软件、在线工具、技术平台');
  await page.getByRole('radiogroup', { name: '访问者能否注册、登录、评论、留言或发布内容' }).getByLabel('是', { exact: true }).check();
  if (!hydrates) await page.getByRole('button', { name: '更新表单' }).first().click();
  await expect(page.getByText('按选择助手中的回答，建议选择“G 计算应用类”')).toBeVisible();
  await expect(page.getByText('按选择助手中的回答，建议选择“是”')).toBeVisible();
  await page.getByLabel('网站类型').selectOption('G 计算应用类');
  if (!hydrates) await page.getByRole('button', { name: '更新表单' }).first().click();
  await expect(page.getByText('建议选择“G 计算应用类”')).toHaveCount(0);
  await expectNoAxeViolations(page);
});

test('R32, R33: 同主体负责人信息 fills masked, photos by consent, and the same person twice is advised against', async ({ page, baseURL, hydrates }) => {
  test.setTimeout(180_000);
  const who = await withSubject(page, baseURL);
  const draft = await desk(page, baseURL).save('website_new', 'site', undefined, { ...siteOf(`same${serial()}.cn`), 'site.name': '同人站' });
  await page.goto(`/website/new/people?draft=${draft.id}`);
  for (const name of PEOPLE) {
    const own = block(page, name);
    if (hydrates) {
      await own.getByLabel('同主体负责人信息', { exact: true }).check();
    } else {
      await own.getByRole('button', { name: '填入' }).click();
      await own.getByLabel('同主体负责人信息', { exact: true }).check();
    }
    await expect(own.getByLabel(/姓名$/)).toHaveValue(/^郑\*+$/);
    await expect(own.getByLabel(/证件号码$/)).toHaveValue(/^110\*+\d{3}[\dX]$/);
    await expect(own.getByText('请您逐项核实').first()).toBeVisible();
  }
  // Without consent, no photo came along.
  await expect(page.getByAltText('身份证人像面预览')).toHaveCount(0);
  expect(await page.content()).not.toContain(who.idNumber);
  for (const name of PEOPLE) {
    const own = block(page, name);
    await own.getByLabel('同意复用主体负责人的证件照片').check();
    if (!hydrates) await own.getByRole('button', { name: '填入' }).click();
    await expect(own.getByAltText('身份证人像面预览')).toBeVisible();
  }
  await expect(page.getByText('应急联络人与安全负责人似为同一人').or(page.getByText(/应急联络人与.*同一人/)).first()).toBeVisible();
  await expectNoAxeViolations(page);
  await page.getByRole('button', { name: '下一步' }).click();
  await page.waitForURL(/\/website\/new\/notice/);
  // R78: every answer by step, each step with a way back.
  await expect(page.getByText('同人站').first()).toBeVisible();
  expect(await page.getByRole('link', { name: /^修改/ }).count()).toBeGreaterThan(1);
  await page.getByRole('button', { name: '提交', exact: true }).click();
  await page.waitForURL(/\/mine\/filings/);
  const filing = new URL(page.url()).searchParams.get('receipt');
  // The stored values were filed, not their stars.
  const reviewer = await officer(baseURL);
  const { act, ask } = desk(reviewer, baseURL);
  const looking = await act('unmask', { filing, purpose: '核对证件信息' });
  const view = await ask('review', { id: filing, look: Number(new URL(looking, baseURL).searchParams.get('look')) });
  const numbers = view.sheet.sections.flatMap((section) => section.rows).filter((row) => row.at.endsWith('.id_no'));
  expect(numbers.map((row) => row.value.Text)).toEqual([who.idNumber, who.idNumber]);
  await reviewer.close();
});

test('a press on a box counts, also when leaving a line of text brings up a sentence above the box', async ({ page, baseURL, hydrates }) => {
  test.skip(!hydrates, 'without scripts nothing appears while one presses');
  const who = await withSubject(page, baseURL);
  const { save, send } = desk(page, baseURL);
  const begun = await save('website_new', 'site', undefined, siteOf(`press${serial()}.cn`));
  const people = peopleOf(who, await send());
  const contact = (at) => at.startsWith('emergency_contact.');
  const officerAlone = Object.fromEntries(Object.entries(people).filter(([at]) => !contact(at)));
  const draft = await save('website_new', 'people', begun, officerAlone);
  await page.clock.install();
  await page.goto(`/website/new/people?draft=${draft.id}`);
  await hydrated(page);
  const own = block(page, '网站应急联络人');
  const box = own.getByLabel('长期有效');
  await box.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await box.boundingBox();
  // The press follows the last key at once, however slow the machine is that types.
  await page.clock.pauseAt(new Date(Date.now() + 60_000));
  await own.getByLabel('联络人证件号码').fill(who.idNumber);
  await page.mouse.move(x + width / 2, y + height / 2);
  await page.mouse.down();
  // A person's finger stays down for about so long.
  await page.clock.runFor(100);
  await page.mouse.up();
  await page.clock.resume();
  await expect(box).toBeChecked();
  await expect(own.getByText(/同一人/)).toBeVisible();
});

test('R35, R19: a website is chosen, changed, compared item by item, and replaced when approved', async ({ page, baseURL, hydrates }) => {
  test.setTimeout(180_000);
  const who = person('冯测试');
  await signInAs(page, who);
  const { domain } = await inForce(page, baseURL, who);
  await page.goto('/website/change');
  await expect(title(page)).toHaveText('变更网站');
  await expectNoAxeViolations(page);
  await page.getByRole('row').filter({ hasText: domain }).getByRole('link', { name: '变更', exact: true }).click();
  await page.waitForURL(/\/website\/change/);
  await page.getByRole('button', { name: '下一步' }).click();
  await page.waitForURL(/\/website\/change\/site/);
  await expect(page.getByLabel('主域名', { exact: true })).toHaveValue(domain);
  await page.getByLabel('网站名称').fill('改名示例站');
  await page.getByLabel('网站访问地址').fill(`https://www.${domain}/\nhttps://m.${domain}/`);
  await page.getByRole('button', { name: '下一步' }).click();
  await page.waitForURL(/\/website\/change\/people/);
  await page.getByRole('button', { name: '下一步' }).click();
  await page.waitForURL(/\/website\/change\/notice/);
  await page.getByRole('button', { name: '提交', exact: true }).click();
  const rows = dialog(page).getByRole('row');
  await expect(dialog(page)).toContainText('共 2 条数据');
  await expect(rows.filter({ hasText: '网站名称' }).getByRole('cell').nth(3)).toHaveText('改名示例站');
  const pages = rows.filter({ hasText: '网站访问地址' }).getByRole('cell');
  await expect(pages.nth(2)).toHaveText('（其余 1 项不变）');
  await expect(pages.nth(3)).toContainText(`https://m.${domain}/`);
  await expectNoAxeViolations(page);
  await dialog(page).getByRole('button', { name: '确认', exact: true }).click();
  await page.waitForURL(/\/mine\/filings/);
  await expect(page.getByRole('row').filter({ hasText: '变更网站' })).toContainText('待审核');
  const filing = new URL(page.url()).searchParams.get('receipt');
  await page.goto('/mine/website');
  await expect(page.getByRole('row').filter({ hasText: domain })).toContainText('变更中');
  const reviewer = await officer(baseURL);
  await reviewer.decide(filing);
  await reviewer.close();
  await page.goto('/mine/website');
  await page.getByRole('row').filter({ hasText: '改名示例站' }).getByRole('link', { name: '详情', exact: true }).click();
  // R38: number, badge and snippets.
  await expect(page.getByText(/测公网安备\d{14}号/).first()).toBeVisible();
  for (const kind of ['HTML 代码', 'Markdown 代码', '纯文本 代码']) await expect(page.getByText(kind).first()).toBeVisible();
  const badge = await page.getByRole('link', { name: '下载备案图标' }).getAttribute('href');
  expect((await page.request.get(badge)).headers()['content-type']).toContain('svg');
  await expectNoAxeViolations(page);
});

test('R36: a website is cancelled behind the identity dialog; the public sees that it was', async ({ page, baseURL, hydrates, browser }) => {
  test.setTimeout(120_000);
  const who = person('褚测试');
  await signInAs(page, who);
  const { domain } = await inForce(page, baseURL, who);
  await page.goto('/website/cancel');
  await expect(title(page)).toHaveText('注销网站');
  await page.getByRole('row').filter({ hasText: domain }).getByRole('link', { name: '注销', exact: true }).click();
  await expect(dialog(page)).toContainText('身份验证');
  await expectNoAxeViolations(page);
  await dialog(page).getByRole('button', { name: '获取验证码' }).click();
  await expect(page.getByText(/验证码已发送至/).first()).toBeVisible();
  const [code] = await codesSentTo(page, baseURL, who.mobile);
  await dialog(page).getByLabel('负责人姓名').fill(who.name);
  await dialog(page).getByLabel('负责人手机号码').fill(who.mobile.slice(3, 7));
  await dialog(page).getByLabel('短信验证码').fill(code);
  await dialog(page).getByLabel('注销原因').fill('网站已经停止运营');
  await dialog(page).getByRole('button', { name: '确认', exact: true }).click();
  await page.waitForURL(/\/mine\/filings/);
  await expect(page.getByRole('row').filter({ hasText: '注销网站' })).toContainText('待审核');
  const filing = new URL(page.url()).searchParams.get('receipt');
  await page.goto('/mine/website');
  await expect(page.getByRole('row').filter({ hasText: domain })).toContainText('注销中');
  const reviewer = await officer(baseURL);
  await reviewer.decide(filing);
  await reviewer.close();
  const anybody = await anotherBrowser(browser, baseURL, hydrates);
  await anybody.goto(`/lookup?q=${domain}`);
  await expect(anybody.getByText(/已注销/).first()).toBeVisible();
  await anybody.context().close();
  // The domain is free again.
  const again = await fileWebsite(page, baseURL, who, { name: '再办站', domain });
  expect(again).toBeTruthy();
});

test('a domain that is on file is refused, with the way to one\'s own and nothing about another\'s', async ({ page, baseURL, browser }) => {
  const who = await withSubject(page, baseURL);
  const domain = `taken${serial()}.cn`;
  await fileWebsite(page, baseURL, who, { name: '先办站', domain });
  const own = desk(page, baseURL);
  const draftOf = async (desk, person) => {
    const picture = await desk.send();
    return desk.saveAll('website_new', ['site', 'people'], { ...siteOf(domain), ...peopleOf(person, picture) });
  };
  const draft = await draftOf(own, who);
  await page.goto(`/website/new/notice?draft=${draft.id}`);
  await page.getByRole('button', { name: '提交', exact: true }).click();
  await expect(page.getByText('您已经申请过此域名的备案，请到首页的审核中网站或已备案网站中查看').first()).toBeVisible();
  await expectNoAxeViolations(page);
  const context = await browser.newContext({ baseURL, javaScriptEnabled: false, locale: 'zh-CN' });
  const other = await context.newPage();
  const another = await withSubject(other, baseURL);
  const theirs = await draftOf(desk(other, baseURL), another);
  await other.goto(`/website/new/notice?draft=${theirs.id}`);
  await other.getByRole('button', { name: '提交', exact: true }).click();
  await expect(other.getByRole('alert')).toContainText('域名');
  expect(await other.content()).not.toContain('您已经申请过此域名');
  expect(await other.content()).not.toContain('先办站');
  await context.close();
});

test('R53: a filing comes back with points, each leads to its field; put right and submitted again it keeps its reference, and the officer sees what changed', async ({ page, baseURL, hydrates, browser }) => {
  test.setTimeout(180_000);
  const who = await withSubject(page, baseURL);
  const domain = `again${serial()}.cn`;
  const filing = await fileWebsite(page, baseURL, who, { name: '退回站', domain });
  await page.goto(`/mine/filings/${filing}`);
  const reference = await page.locator('dt', { hasText: '申请单编号' }).locator('xpath=following-sibling::dd').first().textContent();

  const review = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(review, '审核员东城');
  await review.goto(`/review/filings/${filing}`);
  await review.getByRole('button', { name: '领取', exact: true }).click();
  await review.getByText('写意见：网站名称', { exact: false }).first().click();
  await review.getByLabel('对“网站名称”的意见').fill('网站名称与ICP备案的名称不一致，请修改。');
  await review.getByLabel('常用意见', { exact: true }).selectOption('网站无法打开');
  await review.getByRole('button', { name: '退回', exact: true }).click();
  await expect(review.getByText('已作出“已退回”的决定')).toBeVisible();

  await page.goto(`/mine/filings/${filing}`);
  await expect(page.getByText('已退回').first()).toBeVisible();
  await expect(page.getByText('网站无法打开、没有内容或仍在建设中').first()).toBeVisible();
  await page.getByRole('button', { name: '修改后重新提交' }).click();
  await page.waitForURL(/\/website\/new/);
  await expectNoAxeViolations(page);
  await page.getByRole('link', { name: /网站名称.*与ICP备案的名称不一致/ }).click();
  await page.waitForURL(/\/website\/new\/site/);
  await expect(page.getByLabel('网站名称')).toBeFocused();
  await expect(page.getByLabel('网站名称')).toHaveAccessibleDescription(/审核意见.*请修改/);
  await expectNoAxeViolations(page);
  await page.getByLabel('网站名称').fill('改正站');
  await page.getByRole('button', { name: '下一步' }).click();
  await page.waitForURL(/\/people/);
  await page.getByRole('button', { name: '下一步' }).click();
  await page.waitForURL(/\/notice/);
  await page.getByRole('button', { name: '提交', exact: true }).click();
  await page.waitForURL(/\/mine\/filings/);
  await expect(page.getByText(reference).first()).toBeVisible();
  // A new window of thirty minutes.
  await page.goto(`/mine/filings/${filing}`);
  await expect(page.getByRole('button', { name: '撤销申请' })).toBeVisible();

  await review.goto(`/review/filings/${filing}`);
  const since = review.getByRole('region', { name: '与上一次提交相比' });
  await expect(since.getByRole('row')).toHaveCount(2);
  await expect(since).toContainText('退回站');
  await expect(since).toContainText('改正站');
  await expectNoAxeViolations(review);
  await decide(review, '新增主体', '郑', '通过');
  await decide(review, '新办网站申请', '改正站', '通过');
  await review.context().close();
  await page.goto(`/mine/filings/${filing}`);
  await expect(page.getByText('审核通过').first()).toBeVisible();
});
