// The other businesses (R40): each from draft to approval, by a filler that goes by the controls of the page;
// repeated sections by keyboard and without scripts; the printed result of an assessment.
import { test, expect, anotherBrowser, person, signInAs, expectNoAxeViolations, hydrated } from '../harness/test.mjs';
import { inForce, officer } from '../harness/arrange.mjs';
import { walkForm } from '../harness/fill.mjs';

const BUSINESSES = [
  {
    code: 'app', menu: 'APP业务', mine: '我的APP', title: '新办APP申请', name: 'APP名称', kind: '03',
    steps: { app: { APP名称: '示例APP', 运营情况: '已上线', 运行平台: '安卓' }, people: {} },
  },
  {
    code: 'mini', menu: '小程序', mine: '我的小程序', title: '新办小程序申请', name: '小程序名称', kind: '04',
    steps: { mini: { 小程序名称: '示例小程序', 所属平台: '微信' }, people: {} },
    also: async (page) => page.getByLabel('访问链接').fill('https://www.journey.cn/mini'),
  },
  {
    code: 'provider', menu: '服务商业务', mine: '我的服务商', title: '新办服务商申请', name: '服务商名称', kind: '05',
    steps: { provider: { 服务商名称: '示例云有限公司', 服务商类型: ['互联网数据中心(IDC)'] }, people: {} },
  },
  {
    code: 'market', menu: '应用市场业务', mine: '我的应用市场', title: '新办应用市场申请', name: '应用市场名称', kind: '06',
    steps: { market: { 应用市场名称: '示例市场', 核验备案号: '是' }, people: {} },
    also: async (page) => {
      await page.getByLabel('域名', { exact: true }).fill('store.journey.cn');
      await page.getByLabel('ICP备案号').fill('京ICP备12345678号-1');
    },
  },
  {
    code: 'assessment', menu: '安全评估', mine: '我的安全评估', title: '安全评估申请', name: '服务名称', kind: '07',
    steps: { service: { 服务名称: '示例论坛' }, measures: { '是否建立投诉、举报制度': '是' } },
    also: async (page) => page.getByLabel('关联的备案').selectOption({ index: 1 }),
  },
];

for (const { code, menu, mine, title, name, kind, steps, also } of BUSINESSES) {
  test(`${title}: from a draft to the number and its public page`, async ({ page, browser, baseURL, hydrates }) => {
    test.setTimeout(180_000);
    const who = person('吴测试');
    await signInAs(page, who);
    await inForce(page, baseURL, who);
    const called = Object.values(steps)[0][name];
    const first = Object.keys(steps)[0];

    // R4, R7: the shortcut and the menu lead here.
    await page.goto('/services');
    await expect(page.getByRole('heading', { name: menu, exact: true })).toBeVisible();
    await expect(page.getByRole('navigation', { name: '主菜单' }).getByRole('link', { name: mine })).toBeAttached();
    await page.getByRole('main').getByRole('link', { name: title, exact: true }).click();
    await expect(page.getByRole('heading', { level: 1 })).toContainText(title);

    await walkForm(page, hydrates, {
      path: `/${code}/new`,
      steps,
      onStep: async (step) => {
        if (step !== first) return;
        if (also) await also(page);
        // What is missing is said before one gets on, here: nothing is.
        await expectNoAxeViolations(page);
        await page.getByRole('button', { name: '保存草稿' }).click();
        await page.waitForURL(/\/mine\/drafts/);
        await page.getByRole('row').filter({ hasText: called }).getByRole('link').first().click();
        await page.waitForURL((url) => url.pathname.endsWith(`/${step}`));
        await expect(page.getByLabel(name, { exact: true })).toHaveValue(called);
      },
    });
    // R78
    await expect(page.getByRole('main')).toContainText(called);
    await expectNoAxeViolations(page);
    await page.getByRole('button', { name: '提交', exact: true }).click();
    await page.waitForURL(/\/mine\/filings/);
    const filing = new URL(page.url()).searchParams.get('receipt');
    await expect(page.getByRole('row').filter({ hasText: title })).toContainText('待审核');

    const reviewer = await officer(baseURL);
    const desk = await anotherBrowser(browser, baseURL, false);
    await desk.context().addCookies((await reviewer.request.storageState()).cookies);
    await desk.goto(`/review/filings/${filing}`);
    await expect(desk.getByRole('main')).toContainText(called);
    await expectNoAxeViolations(desk);
    await desk.context().close();
    await reviewer.decide(filing);
    await reviewer.close();

    // R52, R38
    await page.goto(`/mine/${code}`);
    await expect(page.getByRole('heading', { level: 1 })).toContainText(mine);
    await page.getByRole('link', { name: /^详情/ }).first().click();
    const number = page.getByText(new RegExp(`测公网安备\\d{6}${kind}\\d{6}号`)).first();
    await expect(number).toBeVisible();
    const digits = /\d{14}/.exec(await number.textContent())[0];
    await expectNoAxeViolations(page);
    await page.goto(`/r/${digits}`);
    await expect(page.getByRole('main')).toContainText(called);
    await expect(page.getByText(who.mobile)).toHaveCount(0);
    await expectNoAxeViolations(page);

    if (code === 'assessment') {
      await page.goto('/mine/assessment');
      await page.getByRole('link', { name: /^详情/ }).first().click();
      await page.getByRole('link', { name: '查看评估结果' }).click();
      await expect(page.getByRole('heading', { level: 1 })).toContainText('安全评估结果');
      const printed = await page.getByText(/^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/).textContent();
      await expectNoAxeViolations(page);
      await page.goto(`/r/${digits}`);
      await page.getByLabel('查验码').fill('2222-2222-2222');
      await page.getByRole('button', { name: '查验', exact: true }).click();
      await expect(page.getByText('查验码与平台记录不一致')).toBeVisible();
      await page.getByLabel('查验码').fill(printed.toLowerCase());
      await page.getByRole('button', { name: '查验', exact: true }).click();
      await expect(page.getByText('查验通过')).toBeVisible();
      await expectNoAxeViolations(page);
    }
  });
}

test('items of a repeated section are added, moved and removed by keyboard, also without scripts', async ({ page, baseURL, hydrates }) => {
  test.setTimeout(120_000);
  const who = person('郑测试');
  await signInAs(page, who);
  await inForce(page, baseURL, who);
  await page.goto('/app/new/app');
  if (hydrates) await hydrated(page);
  const press = async (name) => {
    await page.getByRole('button', { name, exact: true }).focus();
    await page.keyboard.press('Enter');
  };
  const item = (number) => page.getByRole('group', { name: `SDK ${number}`, exact: true });
  const names = async () => {
    const boxes = page.getByLabel('SDK名称', { exact: true });
    const values = [];
    for (let at = 0; at < (await boxes.count()); at += 1) values.push(await boxes.nth(at).inputValue());
    return values;
  };
  for (const [number, name] of [[1, '推送一'], [2, '统计二'], [3, '地图三']]) {
    await press('添加SDK');
    await item(number).getByLabel('SDK名称', { exact: true }).fill(name);
  }
  await expect(page.getByRole('button', { name: '上移SDK 1' })).toHaveCount(0);
  await expect(page.getByRole('button', { name: '下移SDK 3' })).toHaveCount(0);
  await press('上移SDK 3');
  await expect.poll(names).toEqual(['推送一', '地图三', '统计二']);
  if (hydrates) await expect(page.getByRole('button', { name: '上移SDK 2' })).toBeFocused();
  await press('删除SDK 1');
  await expect.poll(names).toEqual(['地图三', '统计二']);
  await press('下移SDK 1');
  await expect.poll(names).toEqual(['统计二', '地图三']);
  await expectNoAxeViolations(page);
  await page.getByRole('button', { name: '保存草稿' }).click();
  await page.waitForURL(/\/mine\/drafts/);
  await page.getByRole('row').filter({ hasText: '新办APP申请' }).getByRole('link').first().click();
  await expect.poll(names).toEqual(['统计二', '地图三']);
});
