// The main job: a subject and a website are filed, an officer approves, the public finds it
// (R5, R10–R17, R30, R34, R38, R51, R60, R62, R74, R80).
import { test, expect, person, signIn, signInAs, expectNoAxeViolations, walkSignIn, walkSignInAs } from '../harness/test.mjs';
import { chooseRegion, decide, fillIndividual, fillUnit, fillWebsite } from '../harness/journey.mjs';

const serial = () => String(Math.floor(Math.random() * 1e9));

test('a unit files itself and its website, an officer approves both, the public finds it', async ({ page, browser, hydrates, baseURL }, testInfo) => {
  test.setTimeout(300_000);
  const who = person('赵测试');
  const unit = `示例科技${serial()}有限公司`;
  const domain = `journey${serial()}.cn`;
  await walkSignInAs(page, who);
  await page.goto('/');
  await expect(page.getByText('您当前尚无有效主体，请先申请主体')).toBeVisible();
  await page.getByRole('link', { name: '申请主体' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('新增主体');
  await fillUnit(page, hydrates, who, unit);

  // R11, R12: the draft on the way, taken up again.
  await page.getByRole('button', { name: '保存草稿' }).click();
  await page.waitForURL(/\/mine\/drafts/);
  await expect(page.getByRole('row').filter({ hasText: '新增主体' })).toContainText(unit);
  await page.goto('/subject/new');
  await expect(page.getByText('您有一条草稿，是否使用')).toBeVisible();
  await page.getByRole('button', { name: '是', exact: true }).click();
  await expect(page.getByLabel('主办单位名称')).toHaveValue(unit);
  await expectNoAxeViolations(page);
  await page.getByRole('button', { name: '提交审核' }).click();

  // R13, R80
  await page.waitForURL(/\/mine\/filings/);
  await expect(page.getByRole('row').filter({ hasText: '新增主体' })).toContainText('待审核');
  await expect(page.getByText('还差一步：请填报网站或其他业务')).toBeVisible();
  await expectNoAxeViolations(page);

  await fillWebsite(page, hydrates, who, { name: '示例站', domain });
  await expect(page.getByText('互联网信息服务单位网络安全责任告知书').first()).toBeVisible();
  await expectNoAxeViolations(page);
  await page.getByRole('button', { name: '提交', exact: true }).click();
  await page.waitForURL(/\/mine\/filings/);
  await expect(page.getByRole('row').filter({ hasText: '新办网站申请' })).toContainText('待审核');

  // Another region sees nothing (R60).
  const elsewhere = await (await browser.newContext({ baseURL, javaScriptEnabled: hydrates })).newPage();
  await signIn(elsewhere, '审核员上海');
  await elsewhere.goto('/review/queue');
  await expect(elsewhere.getByText(unit)).toHaveCount(0);
  await elsewhere.context().close();

  const officer = await (await browser.newContext({ baseURL, javaScriptEnabled: hydrates })).newPage();
  await walkSignIn(officer, '审核员东城');
  await officer.goto('/review');
  await expectNoAxeViolations(officer);
  await decide(officer, '新增主体', unit, '通过');
  await expectNoAxeViolations(officer);
  await decide(officer, '新办网站申请', '示例站', '通过');
  await officer.context().close();

  await page.goto('/mine/subject');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('有效');
  await expectNoAxeViolations(page);
  await page.goto('/mine/website');
  await page.getByRole('link', { name: /^详情/ }).first().click();
  await expect(page.getByText(/测公网安备\d{14}号/).first()).toBeVisible();
  await expectNoAxeViolations(page);

  const anybody = await (await browser.newContext({ baseURL, javaScriptEnabled: hydrates })).newPage();
  for (const text of [domain, unit]) {
    await anybody.goto('/lookup');
    await anybody.getByRole('searchbox').fill(text);
    await anybody.getByRole('button', { name: '查询' }).click();
    await expect(anybody.getByText('示例站').first()).toBeVisible();
    await expect(anybody.getByText(who.mobile)).toHaveCount(0);
  }
  await expectNoAxeViolations(anybody);
  await anybody.context().close();
});

test('an individual files, and withdraws within thirty minutes', async ({ page, hydrates }) => {
  test.setTimeout(120_000);
  const who = person('钱测试');
  await signInAs(page, who);
  await page.goto('/subject/new');
  await fillIndividual(page, hydrates, who);
  await page.getByRole('button', { name: '提交审核' }).click();
  await page.waitForURL(/\/mine\/filings/);
  await page.getByRole('row').filter({ hasText: '新增主体' }).getByRole('link', { name: /^详情/ }).click();
  await expect(page.getByText('申请详情').first()).toBeVisible();
  // R17
  await page.getByRole('button', { name: '撤销申请' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '确认' }).click();
  await expect(page.getByText('已撤销').first()).toBeVisible();
});

test('what is wrong is said at its field and nothing typed is lost', async ({ page, hydrates }) => {
  await signInAs(page, person('孙测试'));
  await page.goto('/subject/new');
  await page.getByLabel('开办主体性质').selectOption('个人');
  await page.getByLabel('负责人姓名').fill('</textarea><script>alert(1)</script>');
  await page.getByLabel('负责人证件号码').fill('110105194912310021');
  await page.getByLabel('负责人手机号码').fill('12345');
  await page.getByRole('button', { name: '提交审核' }).click();
  await expect(page.getByRole('alert').filter({ hasText: '处需要修改' })).toBeVisible();
  await expect(page.getByLabel('负责人证件号码')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('负责人证件号码')).toHaveValue('110105194912310021');
  await expect(page.getByLabel('负责人手机号码')).toHaveValue('12345');
  await expectNoAxeViolations(page);
});
