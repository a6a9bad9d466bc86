// 抽查复核: a second officer judges a decision without knowing it, in a browser of their own.
import { anotherBrowser, expect, expectNoAxeViolations, hydrated, person, signIn, signInAs, startServer, test as base } from '../harness/test.mjs';
import { fileSubject, fileWebsite } from '../harness/arrange.mjs';
import { decideAs, desk } from '../harness/desk.mjs';

/** Every decision is judged a second time, and nothing waits for 撤回. */
const test = base.extend({
  server: [
    async ({}, use) => {
      const server = await startServer({
        template: process.env.E2E_TEMPLATE,
        env: { BEIAN_SECOND_LOOK_PERCENT: '100', BEIAN_FORWARD_CLOCK: 'true' },
      });
      await use(server);
      await server.stop();
    },
    { scope: 'worker', timeout: 90_000 },
  ],
});

const serial = () => String(Math.floor(Math.random() * 1e9));

/** So that a decision can no longer be taken back. */
async function standing(baseURL) {
  const response = await fetch(`${baseURL}/dev/clock`, {
    method: 'POST',
    headers: { origin: baseURL, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'seconds=11',
    redirect: 'manual',
  });
  expect(response.status).toBe(303);
}

/** Another officer of 北京市东城区, whom the administrator appoints. */
async function appoint(browser, baseURL, hydrates, who) {
  const office = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(office, '管理员');
  await desk(office, baseURL).act('appoint', { name: who.name, id_no: who.idNumber, role: 'reviewer', region: '110101' });
  await office.context().close();
  const officer = await anotherBrowser(browser, baseURL, hydrates);
  await signInAs(officer, who);
  return officer;
}

/** A website that 审核员东城 returned with a remark, and the page of that officer. */
async function returned(page, browser, baseURL, hydrates, name) {
  const who = person('吴申请');
  await signInAs(page, who);
  await fileSubject(page, baseURL, who);
  const website = await fileWebsite(page, baseURL, who, { name, domain: `second${serial()}.cn` });
  const first = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(first, '审核员东城');
  await decideAs(first, baseURL, website, 'return', { note: '请尽快修改', remarks: { 'site.name': '网站名称不规范' } });
  await standing(baseURL);
  return { website, first };
}

const lineOf = (page, name) => page.getByRole('row').filter({ hasText: name });

test('a second officer judges what the first decided, without knowing it', async ({ page, browser, baseURL, hydrates }) => {
  test.setTimeout(120_000);
  const name = `示范站${serial()}`;
  const { website, first } = await returned(page, browser, baseURL, hydrates, name);
  const second = await appoint(browser, baseURL, hydrates, person('郑复核'));

  // The first officer is not told that it was chosen, nor who judges it.
  await first.goto('/review/second-looks');
  await expect(first.getByRole('heading', { level: 1, name: '抽查复核' })).toBeVisible();
  await expect(lineOf(first, name)).toHaveCount(0);

  await second.goto('/review');
  await second.getByRole('link', { name: '抽查复核', exact: true }).first().click();
  await expect(lineOf(second, name)).toHaveCount(1);
  await expectNoAxeViolations(second);
  await lineOf(second, name).getByRole('button', { name: '开始复核' }).click();
  await expect(second).toHaveURL(/\/review\/second-looks\/[0-9a-f-]{36}$/);
  const at = new URL(second.url()).pathname;
  if (hydrates) await hydrated(second);

  // What the first officer had, and nothing of the decision.
  await expect(second.getByRole('heading', { level: 1 })).toContainText(name);
  await expect(second.locator('.answers')).toContainText('网站名称');
  await expect(second.locator('.answers')).toContainText('机器核查');
  await expect(second.getByRole('link', { name: /身份证人像面/ }).first()).toBeVisible();
  const html = await second.content();
  for (const word of ['请尽快修改', '网站名称不规范', '审核员东城', '已退回']) expect(html).not.toContain(word);
  await expectNoAxeViolations(second);

  // The filing's other pages lead back here until it is judged.
  for (const other of [`/review/filings/${website}`, `/review/filings/${website}/history`, `/review/peek/${website}`]) {
    await second.goto(other);
    await expect(second.getByText('请先完成抽查复核').first()).toBeVisible();
    expect(await second.content()).not.toContain('请尽快修改');
  }
  await second.goto(`/review/filings/${website}`);
  await second.getByRole('link', { name: '前往复核' }).click();
  await expect(second).toHaveURL(new RegExp(`${at}$`));
  expect((await first.goto(at)).status()).toBe(404);

  // What is missing is said where it is missing, and what was typed stays.
  const tick = second.getByRole('checkbox', { name: '有问题：网站信息 网站名称' });
  await tick.check();
  await second.getByLabel('复核说明').fill('名称与主体无关');
  await second.getByRole('button', { name: '提交复核' }).click();
  await expect(second.getByText('请选择复核结论')).toBeVisible();
  await expect(tick).toBeChecked();
  await expect(second.getByLabel('复核说明')).toHaveValue('名称与主体无关');
  await expectNoAxeViolations(second);
  await second.getByRole('radio', { name: '应当退回' }).check();
  await second.getByRole('button', { name: '提交复核' }).click();

  // Both beside each other; the applicant and the filing notice nothing.
  await expect(second.getByText('已提交复核结论。')).toBeVisible();
  await expect(second.getByText('两次判断一致')).toBeVisible();
  await expect(second.getByText('双方都指出的栏目：网站信息 · 网站名称。')).toBeVisible();
  await expect(second.getByRole('region', { name: '原决定' })).toContainText('请尽快修改');
  await expect(second.getByRole('region', { name: '您的判断' })).toContainText('名称与主体无关');
  expect(await second.content()).not.toContain('审核员东城');
  await expectNoAxeViolations(second);
  await second.getByRole('link', { name: '查看申请单' }).click();
  await expect(second.getByRole('heading', { level: 1 })).toContainText(name);
  await page.goto(`/mine/filings/${website}`);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  for (const word of ['名称与主体无关', '复核']) expect(await page.content()).not.toContain(word);

  // Counted, of so few without a percentage.
  await second.goto('/review/second-looks/results?days=7');
  await expect(second.getByText(/东城区：复核 \d+ 件，结论一致 \d+ 件/)).toBeVisible();
  await expect(second.getByRole('table', { name: '按理由' })).toContainText('网站名称');
  expect(await second.content()).not.toContain('审核员东城');
  await expectNoAxeViolations(second);
  await first.context().close();
  await second.context().close();
});

test('one officer has it at a time, and gives it back', async ({ page, browser, baseURL, hydrates }) => {
  test.setTimeout(120_000);
  const name = `示范站${serial()}`;
  const { first } = await returned(page, browser, baseURL, hydrates, name);
  const second = await appoint(browser, baseURL, hydrates, person('冯复核'));
  const third = await appoint(browser, baseURL, hydrates, person('陈复核'));
  await third.goto('/review/second-looks');
  await second.goto('/review/second-looks');
  await lineOf(second, name).getByRole('button', { name: '开始复核' }).click();
  await expect(second.getByRole('button', { name: '放回' })).toBeVisible();

  // A colleague whose list is older comes too late.
  await lineOf(third, name).getByRole('button', { name: '开始复核' }).click();
  await expect(third.getByText('已由其他民警开始复核，请选择另一件。')).toBeVisible();
  await expect(lineOf(third, name)).toHaveCount(0);
  const at = new URL(second.url()).pathname;
  expect((await third.goto(at)).status()).toBe(404);
  await second.goto('/review/second-looks');
  await expect(lineOf(second, name).getByRole('link', { name: '继续复核' })).toBeVisible();
  await lineOf(second, name).getByRole('link', { name: '继续复核' }).click();

  await second.getByRole('button', { name: '放回' }).click();
  await expect(second.getByText('已放回，其他民警可以复核。')).toBeVisible();
  expect((await third.goto(at)).status()).toBe(200);
  await expect(third.getByText('尚未开始复核')).toBeVisible();
  await expectNoAxeViolations(third);
  await third.getByRole('button', { name: '开始复核' }).click();
  await expect(third.getByRole('button', { name: '提交复核' })).toBeVisible();

  // On a phone nothing stands beyond the edge.
  await third.setViewportSize({ width: 390, height: 844 });
  for (const path of [at, '/review/second-looks', '/review/second-looks/results']) {
    await third.goto(path);
    expect(await third.evaluate(() => document.documentElement.scrollWidth <= innerWidth), path).toBe(true);
  }
  for (const other of [first, second, third]) await other.context().close();
});

test('of other regions, administrators and applicants: who is for what', async ({ page, browser, baseURL, hydrates }) => {
  const name = `示范站${serial()}`;
  const { first } = await returned(page, browser, baseURL, hydrates, name);
  await page.goto('/');
  await expect(page.getByRole('link', { name: '抽查复核' })).toHaveCount(0);
  const elsewhere = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(elsewhere, '审核员上海');
  await elsewhere.goto('/review/second-looks');
  await expect(elsewhere.getByRole('heading', { level: 1, name: '抽查复核' })).toBeVisible();
  await expect(lineOf(elsewhere, name)).toHaveCount(0);
  await elsewhere.context().close();
  const administrator = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(administrator, '管理员');
  await administrator.goto('/staff');
  await administrator.getByRole('link', { name: '抽查复核', exact: true }).click();
  await expect(administrator.getByRole('heading', { level: 1, name: '复核结果' })).toBeVisible();
  await administrator.context().close();
  await first.context().close();
});
