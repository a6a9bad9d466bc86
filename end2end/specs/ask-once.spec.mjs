// Nobody is asked twice: 负责人是我本人, 同单位办公地址, a domain of any shape, regions and providers by typing, a domain
// that is on file told at its step, one's own values shown; saving that goes on by itself (R1, R30, R31, R70, R76, R77).
import { test, expect, anotherBrowser, expectNoAxeViolations, hydrated, person, signInAs, startServer } from '../harness/test.mjs';
import { fileSubject, fileWebsite } from '../harness/arrange.mjs';
import { desk, siteOf } from '../harness/desk.mjs';
import { chooseRegion, openSite, upload, withSubject } from '../harness/journey.mjs';
import { pdf, png } from '../harness/files.mjs';

const serial = () => String(Math.floor(Math.random() * 1e9));
const block = (page, name) => page.getByRole('group', { name, exact: true });
const update = (page, hydrates) => hydrates || page.getByRole('button', { name: '更新表单' }).first().click();
const at = (page, label) => page.getByLabel(label, { exact: true });

async function begin(page, hydrates, who, nature) {
  await signInAs(page, who);
  await page.goto('/subject/new');
  await page.getByLabel('开办主体性质').selectOption(nature);
  await update(page, hydrates);
}

/** From now on it is counted what a person uses on this page: each control once, and the buttons that fill others. */
async function counted(page) {
  await hydrated(page);
  await page.evaluate(() => {
    globalThis.used = new Set();
    const use = ({ target }) => target.closest('form.form') && globalThis.used.add(target.dataset.at ?? (target.name || target.id));
    for (const kind of ['input', 'change', 'chosen']) addEventListener(kind, use, true);
    addEventListener('click', ({ target }) => target.closest('button[name=go]') && globalThis.used.add(target.closest('button').value), true);
  });
  return async () => [...(await page.evaluate(() => [...globalThis.used]))].filter((at) => at !== 'submit' && at !== 'next');
}

test('a unit is filed with what the platform knows already: who is signed in, the code of the paper, one address', async ({ page, hydrates }) => {
  test.setTimeout(180_000);
  const who = person('钱测试');
  await begin(page, hydrates, who, '单位');
  const used = hydrates && (await counted(page));
  await at(page, '主办单位名称').fill('一次填报科技有限公司');
  await at(page, '主办单位证件号').fill('91350100M000100Y43');
  await upload(page, hydrates, '主办单位有效证件');
  await chooseRegion(page, hydrates, '单位办公地址', ['北京市', '北京市', '东城区']);
  await at(page, '单位办公详细地址').fill('东华门街道景山前街 4 号');
  await at(page, '法定代表人姓名').fill(who.name);
  // The code tells the rest of the paper.
  await expect(at(page, '主办单位证件类型').locator('option:checked')).toHaveText('营业执照');
  await expect(at(page, '单位性质').locator('option:checked')).toHaveText('企业');

  const me = page.getByLabel('负责人是我本人');
  if (hydrates) {
    await me.check();
  } else {
    await block(page, '负责人信息').getByRole('button', { name: '填入' }).click();
    await expect(me).toBeChecked();
  }
  await expect(at(page, '负责人姓名')).toHaveValue('钱**');
  await expect(at(page, '负责人手机号码')).toHaveValue(`${who.mobile.slice(0, 3)}****${who.mobile.slice(7)}`);
  await expect(at(page, '负责人证件号码')).toHaveValue(/^110\*+\w{4}$/);
  const html = await page.content();
  for (const secret of [who.idNumber, who.mobile]) expect(html).not.toContain(secret);

  for (const section of ['主办单位信息', '负责人信息']) await block(page, section).getByLabel('同单位办公地址').check();
  await update(page, hydrates);
  for (const label of ['单位注册地址', '单位注册详细地址', '负责人常住地址', '负责人常住详细地址']) await expect(at(page, label)).toHaveCount(0);
  await expect(page.getByText('单位注册地址按单位办公地址填报')).toBeVisible();
  await expectNoAxeViolations(page);

  await at(page, '负责人证件有效期').fill('2031-12-31');
  for (const label of ['身份证人像面', '身份证国徽面', '身份证手持']) await upload(page, hydrates, label);
  // Of 22 controls that there were; four are pictures, and the nature was chosen before.
  if (used) expect((await used()).length, (await used()).join(' ')).toBeLessThanOrEqual(13);
  await page.getByRole('button', { name: '提交审核' }).click();
  await page.waitForURL(/\/mine\/filings/);
  await page.goto(`/mine/filings/${new URL(page.url()).searchParams.get('receipt')}`);
  await expect(page.getByRole('main')).toContainText('北京市东城区');
  await expect(page.getByRole('main').locator('dt', { hasText: '单位注册详细地址' }).locator('xpath=following-sibling::dd')).toContainText('景山前街');
});

test('the ticks are taken away again: what they filled goes or stays to be changed', async ({ page, hydrates }) => {
  test.skip(!hydrates, 'without scripts the same is asked of the server: server/service/tests/ask_once.rs');
  const who = person('孙测试');
  await begin(page, hydrates, who, '单位');
  await chooseRegion(page, hydrates, '单位办公地址', ['上海市', '上海市', '黄浦区']);
  await at(page, '单位办公详细地址').fill('某某路一号');
  const me = page.getByLabel('负责人是我本人');
  await me.check();
  await expect(at(page, '负责人姓名')).toHaveValue('孙**');
  await me.uncheck();
  await expect(at(page, '负责人姓名')).toHaveValue('');
  const same = block(page, '负责人信息').getByLabel('同单位办公地址');
  await same.check();
  await expect(at(page, '负责人常住详细地址')).toHaveCount(0);
  await same.uncheck();
  await expect(at(page, '负责人常住详细地址')).toHaveValue('某某路一号');
  await expect(at(page, '负责人常住地址（区县）').locator('option:checked')).toHaveText('黄浦区');
  // For an individual there is no office.
  await page.getByLabel('开办主体性质').selectOption('个人');
  await expect(page.getByLabel('同单位办公地址')).toHaveCount(0);
});

test('a municipality chooses its only city by itself in every field, in every order, and nobody is scolded on the way', async ({ page, hydrates }) => {
  test.skip(!hydrates, 'without scripts the server draws each level');
  test.setTimeout(120_000);
  await begin(page, hydrates, person('李测试'), '单位');
  const fields = ['负责人常住地址', '单位办公地址', '单位注册地址'];
  const told = page.getByText('请选择到最末一级地区');
  for (const round of ['北京市', '上海市', '天津市', '北京市']) {
    for (const label of fields) {
      await at(page, label).selectOption({ label: round });
      await expect(at(page, `${label}（市）`).locator('option:checked')).toHaveText(round);
      await expect(at(page, `${label}（区县）`)).toBeVisible();
      await expect(told).toHaveCount(0);
    }
  }
  await page.waitForTimeout(400);
  for (const label of fields) {
    await expect(at(page, `${label}（市）`).locator('option:checked')).toHaveText('北京市');
    await at(page, `${label}（区县）`).selectOption({ label: '西城区' });
  }
  await page.waitForTimeout(400);
  for (const label of fields) await expect(at(page, `${label}（区县）`).locator('option:checked')).toHaveText('西城区');
  // Whoever leaves it half done is told.
  await at(page, '单位办公地址').selectOption({ label: '浙江省' });
  await at(page, '单位办公地址').focus();
  await at(page, '主办单位名称').focus();
  await expect(told).toHaveCount(1);
});

test('a region is found by a part of its name, by keyboard', async ({ page, hydrates }) => {
  test.skip(!hydrates, 'the cascade alone is there without scripts');
  await begin(page, hydrates, person('周测试'), '个人');
  await hydrated(page);
  const find = page.getByLabel('输入地名查找');
  await find.focus();
  await page.keyboard.type('东城');
  const list = page.getByRole('listbox', { name: '找到的地区' });
  await expect(list.getByRole('option').first()).toHaveText('北京市东城区');
  await expectNoAxeViolations(page);
  await page.keyboard.press('Escape');
  await expect(list).toHaveCount(0);
  await page.keyboard.press('ArrowDown');
  await expect(find).toHaveAttribute('aria-activedescendant', /-0$/);
  await page.keyboard.press('Enter');
  await expect(find).toHaveValue('北京市东城区');
  for (const [suffix, name] of [['', '北京市'], ['（市）', '北京市'], ['（区县）', '东城区']]) {
    await expect(at(page, `负责人常住地址${suffix}`).locator('option:checked')).toHaveText(name);
  }
  // Another one over it, with the mouse; the selects follow where they stand.
  await find.fill('天河');
  await list.getByRole('option', { name: '广东省广州市天河区' }).click();
  await expect(at(page, '负责人常住地址').locator('option:checked')).toHaveText('广东省');
  await expect(at(page, '负责人常住地址（区县）').locator('option:checked')).toHaveText('天河区');
  // Text that chose nothing says nothing.
  await find.fill('没有这里');
  await page.keyboard.press('Tab');
  await expect(find).toHaveValue('广东省广州市天河区');
  await page.getByRole('button', { name: '保存草稿' }).click();
  await page.waitForURL(/\/mine\/drafts/);
  await page.getByRole('row').filter({ hasText: '新增主体' }).getByRole('link').first().click();
  await expect(at(page, '负责人常住地址（区县）').locator('option:checked')).toHaveText('天河区');
  await expect(find).toHaveValue('广东省广州市天河区');
});

test('a domain of any shape is understood and fills 访问地址; an address without scheme gets one', async ({ page, baseURL, hydrates }) => {
  await withSubject(page, baseURL);
  await openSite(page);
  const domain = `shape${serial()}.cn`;
  await at(page, '主域名').fill(`HTTPS://www.${domain.toUpperCase()}/index.html`);
  await at(page, '网站名称').fill('形状站');
  await update(page, hydrates);
  await expect(at(page, '主域名')).toHaveValue(domain);
  await expect(page.getByText(`已识别为 ${domain}`)).toBeVisible();
  await expect(at(page, '网站访问地址')).toHaveValue(`https://www.${domain}/`);
  await at(page, '网站访问地址').fill(`m.${domain}`);
  await at(page, '网站名称').fill('形状站二');
  await update(page, hydrates);
  await expect(at(page, '网站访问地址')).toHaveValue(`https://m.${domain}`);
  await expect(page.getByText(`已补全为 https://m.${domain}`)).toBeVisible();
  // Emptied on purpose it stays empty.
  await at(page, '网站访问地址').fill('');
  await at(page, '网站名称').fill('形状站三');
  await update(page, hydrates);
  await expect(at(page, '网站访问地址')).toHaveValue('');
  await expectNoAxeViolations(page);
});

test('查询当前解析 asks where the domain leads, and what is typed stays', async ({ browser, hydrates }) => {
  const server = await startServer({ template: process.env.E2E_TEMPLATE, env: { BEIAN_NETWORK_CHECKS: 'true' } });
  try {
    const page = await anotherBrowser(browser, server.url, hydrates);
    await withSubject(page, server.url);
    await openSite(page);
    await at(page, '网站名称').fill('解析书店');
    await at(page, '主域名').fill(`nowhere${serial()}.cn`);
    // Once more with the draft that the first time has made.
    for (const site of ['解析书店', '解析书店二']) {
      await at(page, '网站名称').fill(site);
      await page.getByRole('button', { name: '查询当前解析' }).click();
      await page.waitForURL(/\/website\/new\/site\?draft=.*#f-site-ips/);
      await expect(page.getByRole('status').filter({ hasText: /nowhere\d+\.cn/ })).toBeVisible({ timeout: 20_000 });
      await expect(at(page, '网站名称')).toHaveValue(site);
    }
    await page.context().close();
  } finally {
    await server.stop();
  }
});

test('the second step of a website takes nine acts', async ({ page, baseURL, hydrates }) => {
  test.skip(!hydrates, 'proposals are asked for by scripts');
  await withSubject(page, baseURL);
  await openSite(page);
  const used = await counted(page);
  const take = async (section, words) => {
    await block(page, section).getByLabel('名称', { exact: true }).pressSequentially(words);
    await page.getByRole('listbox').getByRole('option').first().click();
  };
  await at(page, '网站名称').fill('九步书店');
  await at(page, '网站开通日期').fill('2026-11-20');
  await page.getByRole('radiogroup', { name: '是否有工信部备案号' }).getByLabel('否').check();
  await at(page, '主域名').fill(`nine${serial()}.cn`);
  await at(page, '网站IP').fill('1.2.4.8');
  await take('网络接入服务商', '阿里');
  await take('域名注册服务商', '阿里');
  await at(page, '网站类型').selectOption('Z');
  await page.getByRole('button', { name: '三项都选“否”' }).click();
  // Of 14 required ones that there were.
  expect((await used()).length, (await used()).join(' ')).toBeLessThanOrEqual(9);
  await page.getByRole('button', { name: '下一步' }).click();
  await page.waitForURL(/\/website\/new\/people/);
});

test('a domain that is on file is told at its step, with the way to one\'s own filing and nothing about another\'s', async ({ page, baseURL, hydrates, browser }) => {
  test.setTimeout(120_000);
  const who = await withSubject(page, baseURL);
  const domain = `known${serial()}.cn`;
  const filing = await fileWebsite(page, baseURL, who, { name: '先办站', domain });
  const own = '您已经申请过此域名的备案，请到首页的审核中网站或已备案网站中查看';
  const open = async (tab) => {
    const draft = await desk(tab, baseURL).save('website_new', 'site', undefined, { ...siteOf(`free${serial()}.cn`), 'site.home_urls': [`https://${domain}/`] });
    await tab.goto(`/website/new/site?draft=${draft.id}`);
    await at(tab, '主域名').fill(domain);
  };
  await open(page);
  const error = page.locator('#f-site-main_domain-error');
  if (hydrates) {
    // On leaving the field already.
    await at(page, '网站名称').focus();
    await expect(error).toContainText(own);
  }
  await page.getByRole('button', { name: '下一步' }).click();
  await expect(page.locator('#errors')).toContainText(own);
  await expect(error.getByRole('link', { name: '查看该申请单' })).toHaveAttribute('href', `/mine/filings/${filing}`);
  await expect(page).toHaveURL(/\/website\/new\/site/);
  await expectNoAxeViolations(page);
  await page.locator('#errors').getByRole('link', { name: '查看该申请单' }).click();
  await page.waitForURL(`**/mine/filings/${filing}`);

  const context = await browser.newContext({ baseURL, javaScriptEnabled: hydrates, locale: 'zh-CN' });
  const other = await context.newPage();
  await withSubject(other, baseURL, person('吴测试'));
  await open(other);
  if (hydrates) await hydrated(other);
  await other.getByRole('button', { name: '下一步' }).click();
  await expect(other.locator('#errors')).toContainText('该域名已有备案或正在审核');
  for (const leaked of [filing, '先办站', '查看该申请单', '您已经申请过']) expect(await other.content()).not.toContain(leaked);
  await context.close();
});

test('a provider completes as one types, over all regions and by its brand', async ({ page, baseURL, hydrates }) => {
  test.skip(!hydrates, 'the dialog is there without scripts: website.spec.mjs');
  await withSubject(page, baseURL);
  await openSite(page);
  await hydrated(page);
  const isp = block(page, '网络接入服务商');
  const name = isp.getByLabel('名称', { exact: true });
  await name.focus();
  await page.keyboard.type('阿里云');
  const list = page.getByRole('listbox', { name: '网络接入服务商' });
  await expect(list.getByRole('option').first()).toContainText('阿里云计算有限公司');
  await expect(name).toHaveAttribute('aria-expanded', 'true');
  await expectNoAxeViolations(page);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(list).toHaveCount(0);
  await expect(name).toHaveValue('阿里云计算有限公司');
  await expect(name).toBeFocused();
  await expect(at(page, '接入商所属地区').locator('option:checked')).toHaveText('浙江省');
  await expect(at(page, '接入商所属地区（市）').locator('option:checked')).toHaveText('杭州市');
  const registrar = block(page, '域名注册服务商');
  await registrar.getByLabel('名称', { exact: true }).fill('godaddy');
  await page.getByRole('listbox', { name: '域名注册服务商' }).getByRole('option').first().click();
  await expect(registrar.getByLabel('域名商所属地区管辖').locator('option:checked')).toHaveText('境外');
  await expect(registrar.getByLabel('域名服务商所属地区', { exact: true }).locator('option:checked')).toHaveText('美国');
  await page.getByRole('button', { name: '保存草稿' }).click();
  await page.waitForURL(/\/mine\/drafts/);
});

test('the guide stands at 网站类型 and its advice can be adopted; three times 否 is one press', async ({ page, baseURL, hydrates }) => {
  await withSubject(page, baseURL);
  await openSite(page);
  await at(page, '网站以什么内容为主').selectOption('软件、在线工具、技术平台');
  await update(page, hydrates);
  await expect(page.getByText('建议选择“G 计算应用类”')).toBeVisible();
  await page.getByRole('button', { name: '采用' }).click();
  await expect(at(page, '网站类型').locator('option:checked')).toHaveText('G 计算应用类');
  await expect(page.getByText('建议选择“G 计算应用类”')).toHaveCount(0);
  await page.getByRole('button', { name: '三项都选“否”' }).click();
  for (const question of ['是否提供互联网交互服务', '是否提供涉及管制物品信息发布服务', '相关前置许可']) {
    await expect(page.getByRole('radiogroup', { name: question, exact: true }).getByLabel('否', { exact: true })).toBeChecked();
  }
  await expectNoAxeViolations(page);
});

test('a wrong file is named with its field, and the picture of before stays', async ({ page, hydrates }) => {
  await begin(page, hydrates, person('王测试'), '个人');
  const handheld = at(page, '身份证手持');
  await handheld.setInputFiles(png());
  if (!hydrates) await page.getByRole('button', { name: '更新表单' }).first().click();
  await expect(page.getByAltText('身份证手持预览')).toBeVisible();
  await handheld.setInputFiles(pdf('合同.pdf'));
  if (!hydrates) await page.getByRole('button', { name: '更新表单' }).first().click();
  await expect(page.locator('#f-principal-id_handheld-error')).toContainText('身份证手持：合同.pdf 不是图片，请上传 png 或 jpg 照片');
  await expect(page.locator('#f-principal-id_handheld-error')).toContainText('原来的照片仍保留');
  await expect(page.getByAltText('身份证手持预览')).toBeVisible();
  // The limits stand there once, and nothing of the picture is cut off.
  await expect(page.locator('.field').filter({ has: handheld }).getByText('5MB')).toHaveCount(1);
  expect(await page.getByAltText('身份证手持预览').evaluate((image) => getComputedStyle(image).objectFit)).toBe('contain');
});

test('one\'s own value behind a mask is shown, for half a minute', async ({ page, hydrates }) => {
  const who = person('赵测试');
  await begin(page, hydrates, who, '个人');
  if (hydrates) await page.getByLabel('负责人是我本人').check();
  else await block(page, '负责人信息').getByRole('button', { name: '填入' }).click();
  await expect(at(page, '负责人证件号码')).toHaveValue(/\*/);
  if (hydrates) await hydrated(page);
  if (hydrates) await page.clock.install();
  await page.getByRole('button', { name: /^显示\s*负责人证件号码$/ }).click();
  await expect(page.getByText(who.idNumber)).toBeVisible();
  await expectNoAxeViolations(page);
  if (hydrates) {
    await expect(at(page, '负责人证件号码')).toHaveValue(/\*/);
    await page.clock.fastForward(31_000);
    await expect(page.getByText(who.idNumber)).toHaveCount(0);
  } else {
    await page.getByRole('link', { name: '返回表单' }).click();
    await expect(at(page, '负责人证件号码')).toHaveValue(/\*/);
    expect(await page.content()).not.toContain(who.idNumber);
  }
  // One's own name is not starred to oneself.
  await expect(page.getByRole('banner')).toContainText('赵测试');
});

test('what could not be saved is saved by itself, after a while and as soon as the browser is back', async ({ page, hydrates }) => {
  test.skip(!hydrates, 'without scripts nothing saves by itself');
  await begin(page, hydrates, person('冯测试'), '个人');
  await hydrated(page);
  const state = page.locator('.save-state');
  const failing = (route) => route.abort();
  await page.route('**/api/save_draft', failing);
  await at(page, '负责人姓名').fill('冯测试');
  await expect(state).toContainText('保存失败');
  await page.unroute('**/api/save_draft', failing);
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await expect(state).toContainText('已保存', { timeout: 5_000 });
  await page.route('**/api/save_draft', failing);
  await at(page, '负责人姓名').fill('冯测试二');
  await expect(state).toContainText('保存失败');
  await page.unroute('**/api/save_draft', failing);
  await expect(state).toContainText('已保存', { timeout: 20_000 });
});

test('the buttons of a form stay at hand on a laptop, 上一步 left of 下一步', async ({ page, baseURL }) => {
  await withSubject(page, baseURL);
  await page.setViewportSize({ width: 1280, height: 720 });
  await page.goto('/website/new/site');
  const next = await page.getByRole('button', { name: '下一步' }).boundingBox();
  const previous = await page.getByRole('button', { name: '上一步' }).boundingBox();
  expect(next.y + next.height).toBeLessThanOrEqual(720);
  expect(previous.x).toBeLessThan(next.x);
});
