// 移交主体 and 接收主体: from one person's browser to another's, with everything attached (R24, R25), and what can
// happen on the way. The server's clock is put forward between messages.
import { timed as test, expect, anotherBrowser, expectNoAxeViolations, person, signInAs } from '../harness/test.mjs';
import { codesSentTo, fileWebsite, inForce, later, messagesTo } from '../harness/arrange.mjs';
import { desk } from '../harness/desk.mjs';

const title = (page) => page.getByRole('heading', { level: 1 });
const middle = (who) => who.mobile.slice(3, 7);
const errors = (page) => page.getByRole('alert').filter({ hasText: '处需要修改' });

async function withSubject(page, baseURL, name) {
  const giver = person('冯测试');
  await signInAs(page, giver);
  return { giver, ...(await inForce(page, baseURL, giver, { name })) };
}

/** Fills 移交主体 and presses 移交. */
async function offer(page, baseURL, server, giver, to) {
  await later(server, 61);
  await page.goto('/subject/transfer');
  await page.getByRole('button', { name: '获取验证码' }).click();
  await expect(page.getByText(/验证码已发送至/)).toBeVisible();
  const [code] = await codesSentTo(page, baseURL, giver.mobile);
  await page.getByLabel('负责人手机号').fill(middle(giver));
  await page.getByLabel('接收人手机号').fill(to.mobile);
  await page.getByLabel('接收人身份证号').fill(to.idNumber);
  await page.getByLabel('短信验证码').fill(code);
  await page.getByRole('main').getByRole('button', { name: '移交', exact: true }).click();
}

const offered = (page) => expect(page.getByText('已发起移交，等待接收人接收。接收前可以撤回。')).toBeVisible();

test('R24, R25: what is handed over is received by another person with everything attached, and the giver loses it at once', async ({ page, baseURL, hydrates, server, browser }) => {
  test.setTimeout(180_000);
  const unit = `移交科技${Date.now() % 1e7}有限公司`;
  const { giver, subject, website } = await withSubject(page, baseURL, unit);
  const receiver = person('陈接收');
  await page.goto('/subject/transfer');
  await expect(title(page)).toHaveText(/移交主体\s*\(\s*有效\s*\)/);
  await expect(page.getByRole('complementary', { name: '移交须知' })).toContainText('15 天');
  await expectNoAxeViolations(page);
  // A draft does not move.
  const own = desk(page, baseURL);
  await own.save('subject_change', 'form', undefined, { 'unit.name': '没有移交的草稿' }, subject);

  await offer(page, baseURL, server, giver, receiver);
  await offered(page);
  await expect(title(page)).toContainText('移交中');
  await expect(page.getByText(`${receiver.mobile.slice(0, 3)}****${receiver.mobile.slice(7)}`).first()).toBeVisible();
  expect(await page.content()).not.toContain(receiver.idNumber);
  await expectNoAxeViolations(page);
  // Both sides are told by message.
  expect((await messagesTo(page, baseURL, receiver.mobile))[0]).toContain('接收主体');
  expect((await messagesTo(page, baseURL, giver.mobile))[0]).toContain('正在移交给');
  await page.goto('/mine/subject');
  await expect(title(page)).toContainText('移交中');
  // R26, R79: nothing else meanwhile, and why.
  for (const path of ['/website/new', '/subject/change', '/subject/cancel']) {
    await page.goto(path);
    await expect(page.getByText('主体正在移交，不能办理新的业务；如需继续使用，请先撤回移交').first(), path).toBeVisible();
    await expectNoAxeViolations(page);
  }
  await page.getByRole('main').getByRole('link', { name: '查看' }).first().click();
  await expect(title(page)).toContainText('移交主体');

  // The receiver has no account yet: it waits until the person signs in.
  const other = await anotherBrowser(browser, baseURL, hydrates);
  await signInAs(other, receiver);
  // Told once, however often the person signs in.
  await signInAs(other, receiver);
  await other.goto('/notices');
  const told = other.getByText(`主体“${unit}”正在移交给您，请核对后接收`);
  await expect(told).toHaveCount(1);
  await other.goto('/subject/receive');
  await expect(other.getByRole('columnheader')).toHaveText(['序号', '主体名称', '发送人姓名', '联系电话', '身份证号', '创建时间', '操作']);
  const row = other.getByRole('row').filter({ hasText: unit });
  await expect(row.getByRole('cell').nth(2)).toHaveText('冯**');
  await expect(row.getByRole('cell').nth(3)).toHaveText(`${giver.mobile.slice(0, 3)}****${giver.mobile.slice(7)}`);
  await expect(row.getByRole('cell').nth(4)).toHaveText(/^110\*+.{4}$/);
  await expectNoAxeViolations(other);
  // Searched by 姓名, 手机号, 身份证号.
  for (const [label, hit, miss] of [['姓名', giver.name, '王'], ['手机号', giver.mobile, '13700000000'], ['身份证号', giver.idNumber, '110101190001010014']]) {
    for (const [typed, count] of [[miss, 0], [hit, 1]]) {
      await other.goto('/subject/receive');
      await other.getByLabel(label, { exact: true }).fill(typed);
      await other.getByRole('button', { name: '查询' }).click();
      await other.waitForURL(/receive\?searched=1$/);
      await expect(other.getByLabel(label, { exact: true })).toHaveValue(typed);
      await expect(other.getByRole('row').filter({ hasText: unit }), `${label} ${typed}`).toHaveCount(count);
    }
  }
  await other.getByRole('link', { name: /^详情/ }).click();
  await expect(title(other)).toContainText(unit);
  await expect(other.getByText('网站：1 项')).toBeVisible();
  await expect(other.getByText('接收后可以查看').first()).toBeVisible();
  await expectNoAxeViolations(other);
  const details = new URL(other.url()).pathname;

  // A third person neither sees nor opens nor receives it (R74).
  const third = await anotherBrowser(browser, baseURL, hydrates);
  await signInAs(third, person('褚无关'));
  await third.goto('/subject/receive');
  await expect(third.getByText('目前没有移交给您的主体。')).toBeVisible();
  expect((await third.goto(details)).status()).toBe(404);
  const handover = details.split('/').pop();
  const refused = await third.request.post(`${baseURL}/act/receive`, { form: { handover }, headers: { origin: baseURL }, maxRedirects: 0 });
  expect(refused.status()).toBe(404);
  await third.context().close();

  // The giver's pages are open in that moment: the list, and a file.
  await page.goto(`/mine/website/${website}`);
  const file = await page.locator('a.thumb img').first().getAttribute('src');
  expect((await page.request.get(file)).status()).toBe(200);
  await other.getByRole('button', { name: '接收', exact: true }).click();
  await expect(other.getByText('主体已接收，请尽快办理变更主体，更新负责人信息。')).toBeVisible();
  await expect(other.getByText('目前没有移交给您的主体。')).toBeVisible();
  await expectNoAxeViolations(other);

  expect((await page.reload()).status()).toBe(404);
  expect((await page.request.get(file)).status()).toBe(404);
  await page.goto('/mine/subject');
  await expect(page.getByText('您当前尚无有效主体，请先申请主体').first()).toBeVisible();
  await page.goto('/notices');
  await expect(page.getByText(`您移交的主体“${unit}”已由接收人接收`)).toBeVisible();
  await page.goto('/mine/filings');
  await expect(page.getByText(unit)).toHaveCount(0);

  await other.goto('/mine/subject');
  await expect(title(other)).toContainText('有效');
  await expect(other.getByText(unit, { exact: true }).first()).toBeVisible();
  await other.goto(`/mine/website/${website}`);
  await expect(other.getByText(/测公网安备\d{14}号/).first()).toBeVisible();
  expect((await other.request.get(file)).status()).toBe(200);
  await other.goto('/mine/filings');
  await expect(other.getByRole('row').filter({ hasText: unit })).not.toHaveCount(0);
  await other.goto('/mine/drafts');
  await expect(other.getByText('没有草稿。')).toBeVisible();
  // The to-do leads to the change.
  await other.goto('/notices');
  await expectNoAxeViolations(other);
  await other.getByRole('button', { name: /待办：请尽快办理变更主体/ }).click();
  await expect(title(other)).toContainText('变更主体');
  await other.context().close();
});

test('R24: the receiver must be another person, and every number must be a right one', async ({ page, baseURL, server }) => {
  const { giver } = await withSubject(page, baseURL);
  await offer(page, baseURL, server, giver, giver);
  await expect(errors(page)).toContainText('接收人不能是您本人');
  await expect(page.getByLabel('接收人身份证号')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('接收人手机号')).toHaveValue(giver.mobile);
  await expectNoAxeViolations(page);
  await page.getByLabel('接收人手机号').fill('12345');
  await page.getByLabel('接收人身份证号').fill('110105194912310021');
  await page.getByRole('main').getByRole('button', { name: '移交', exact: true }).click();
  await expect(errors(page)).toContainText('接收人身份证号不正确');
  await expect(page.getByLabel('接收人手机号')).toHaveAttribute('aria-invalid', 'true');
  await page.goto('/mine/subject');
  await expect(title(page)).toContainText('有效');
});

test('R24: with a filing of the subject open it cannot be handed over, and the page says why', async ({ page, baseURL }) => {
  const { giver } = await withSubject(page, baseURL);
  await fileWebsite(page, baseURL, giver, { domain: `open${Date.now() % 1e7}.cn` });
  await page.goto('/subject/transfer');
  await expect(page.getByText('该主体还有未办结的申请单，办结后才能移交').first()).toBeVisible();
  await expect(page.getByRole('button', { name: '获取验证码' })).toHaveCount(0);
  await expectNoAxeViolations(page);
  await page.getByRole('main').getByRole('link', { name: '查看' }).click();
  await expect(title(page)).toContainText('我的申请');
});

test('R24: the giver revokes until it is received; who comes later is told', async ({ page, baseURL, hydrates, server, browser }) => {
  test.setTimeout(120_000);
  const { giver } = await withSubject(page, baseURL);
  const receiver = person('卫接收');
  const other = await anotherBrowser(browser, baseURL, hydrates);
  await signInAs(other, receiver);
  await offer(page, baseURL, server, giver, receiver);
  await offered(page);
  await other.goto('/notices');
  await expect(other.getByText(/正在移交给您，请核对后接收/)).toBeVisible();
  await other.getByRole('button', { name: /正在移交给您，请核对后接收/ }).click();
  await other.waitForURL(/\/subject\/receive/);
  const stale = await page.context().newPage();
  await stale.goto('/subject/transfer');
  await page.getByRole('button', { name: '撤回移交' }).click();
  await expect(page.getByText('移交已撤回。')).toBeVisible();
  await expect(title(page)).toContainText('有效');
  // The receiver's page still shows it.
  await other.getByRole('button', { name: /^接收/ }).click();
  await expect(other.getByText('移交已由移交人撤回')).toBeVisible();
  await expect(other.getByText('目前没有移交给您的主体。')).toBeVisible();
  await expectNoAxeViolations(other);
  // So does the giver's other tab.
  await stale.getByRole('button', { name: '撤回移交' }).click();
  await expect(stale.getByText('该主体没有正在进行的移交')).toBeVisible();
  await other.context().close();
});

test('R24: the receiver refuses, and the subject stays with its giver, who is told', async ({ page, baseURL, hydrates, server, browser }) => {
  test.setTimeout(120_000);
  const { giver } = await withSubject(page, baseURL);
  const receiver = person('蒋接收');
  await offer(page, baseURL, server, giver, receiver);
  await offered(page);
  const other = await anotherBrowser(browser, baseURL, hydrates);
  await signInAs(other, receiver);
  await other.goto('/subject/receive');
  await other.getByRole('button', { name: /^拒绝/ }).click();
  await expect(other.getByText('已拒绝接收。')).toBeVisible();
  await other.context().close();
  await page.goto('/notices');
  await expect(page.getByText(/接收人拒绝接收主体.*主体仍在您名下/)).toBeVisible();
  await page.goto('/mine/subject');
  await expect(title(page)).toContainText('有效');
});

test('R24: after fifteen days it lapses: nobody can receive it any more', async ({ page, baseURL, hydrates, server, browser }) => {
  test.setTimeout(180_000);
  const { giver } = await withSubject(page, baseURL);
  const receiver = person('沈接收');
  await offer(page, baseURL, server, giver, receiver);
  await offered(page);
  await later(server, 14 * 24 * 3600);
  const other = await anotherBrowser(browser, baseURL, hydrates);
  await signInAs(other, receiver);
  await other.goto('/subject/receive');
  await other.getByRole('link', { name: /^详情/ }).click();
  await expect(other.getByText('1 天', { exact: true })).toBeVisible();
  const details = other.url();
  // The session lasts half an hour; so the clock goes on in small steps for the last day.
  await later(server, 24 * 3600, []);
  await signInAs(other, receiver);
  await other.goto('/subject/receive');
  await expect(other.getByText('目前没有移交给您的主体。')).toBeVisible();
  await other.goto(details);
  await expect(other.getByText('移交超过 15 天未接收，已失效')).toBeVisible();
  await expectNoAxeViolations(other);
  await other.context().close();
});
