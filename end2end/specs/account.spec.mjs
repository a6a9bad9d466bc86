// An administrator suspends a person's account, gives it back, and ends somebody's sessions (ASVS V7.4.2, V7.4.5).
import { test, expect, anotherBrowser, expectNoAxeViolations, person, signIn, signInAs } from '../harness/test.mjs';

/** From the staff page to the account of whoever has this id number. */
async function findAccount(page, who) {
  await page.goto('/staff');
  await page.getByLabel('登录人的身份证号码').fill(who.idNumber);
  await page.getByRole('button', { name: '查找' }).click();
  await page.waitForURL(/\/staff\/people\/[0-9a-f-]{36}$/);
}

test('who is suspended is out at once, is told whom to ask, and can be given back', async ({ page, browser, baseURL, hydrates }) => {
  const who = person('苏停用');
  const other = await anotherBrowser(browser, baseURL, hydrates);
  await signInAs(other, who);
  await other.goto('/sessions');
  await expect(other.getByText('当前会话')).toBeVisible();

  await signIn(page, '管理员');
  await page.goto('/staff');
  await expect(page.getByText('没有已停用的账户。')).toBeVisible();
  await expectNoAxeViolations(page);
  await page.getByLabel('登录人的身份证号码').fill('110101190012310019');
  await page.getByRole('button', { name: '查找' }).click();
  await expect(page.getByText('没有人以这个证件号码登录过平台')).toBeVisible();
  await findAccount(page, who);
  const content = await page.getByRole('main').innerText();
  for (const secret of [who.name, who.idNumber, who.mobile]) expect(content).not.toContain(secret);
  expect(content).toContain('苏**');
  await expectNoAxeViolations(page);
  const account = page.url();

  await page.getByLabel('理由').fill('冒用他人身份');
  await page.getByRole('button', { name: '停用账户' }).click();
  await expect(page.getByText('账户已停用，该人员的全部登录已结束。')).toBeVisible();
  expect(page.url()).toBe(account);
  await expect(page.getByText('冒用他人身份')).toBeVisible();
  await expectNoAxeViolations(page);
  await page.goto('/staff');
  await expect(page.getByRole('table', { name: '已停用的账户' }).getByRole('row').nth(1)).toContainText('冒用他人身份');
  await expectNoAxeViolations(page);

  // The page that was open: a press is answered so, and signing in is refused with whom to ask.
  await other.locator('details').filter({ hasText: '退出' }).locator('summary').click();
  await other.getByRole('button', { name: '长辈版' }).click();
  await expect(other.getByText('您的账户已停用，不能登录和办理业务。如有疑问，请联系平台管理员')).toBeVisible();
  await other.goto('/mine/drafts');
  await expect(other.getByText('登录').first()).toBeVisible();
  await other.goto('/');
  await other.getByRole('link', { name: '用户登录' }).first().click();
  await other.getByLabel('真实姓名').fill(who.name);
  await other.getByLabel('手机号码').fill(who.mobile);
  await other.getByLabel('身份证号码').fill(who.idNumber);
  await other.getByRole('button', { name: '登录', exact: true }).click();
  await expect(other.getByText('请联系平台管理员或当地公安机关网安部门')).toBeVisible();
  await expectNoAxeViolations(other);

  await page.getByRole('table', { name: '已停用的账户' }).getByRole('link', { name: '账户' }).click();
  await page.getByLabel('理由').fill('已核实为本人');
  await page.getByRole('button', { name: '恢复账户' }).click();
  await expect(page.getByText('账户已恢复使用。')).toBeVisible();
  await signInAs(other, who);
  await other.goto('/notices');
  await expect(other.getByText('您的账户已恢复使用').first()).toBeVisible();

  // Only the sessions: the account stays.
  await page.reload();
  await expect(page.getByRole('table', { name: '目前的登录' }).getByRole('row')).toHaveCount(2);
  await page.getByLabel('理由').fill('设备丢失');
  await page.getByRole('button', { name: '结束全部登录' }).click();
  await expect(page.getByText('该人员的全部登录已结束。')).toBeVisible();
  await expect(page.getByText('目前没有登录。')).toBeVisible();
  await other.goto('/sessions');
  await expect(other.getByText('当前会话')).toHaveCount(0);
  await signInAs(other, who);
  await other.context().close();
});

test('nobody but an administrator does it, and nobody to themselves', async ({ page, baseURL, browser }) => {
  const who = person('倪普通');
  await signInAs(page, who);
  const { request } = page;
  const post = (act, form) => request.post(`${baseURL}/act/${act}`, { form, headers: { origin: baseURL }, maxRedirects: 0 });
  expect((await post('find-person', { id_no: who.idNumber })).status()).toBe(403);
  for (const act of ['suspend', 'reinstate', 'end-sessions']) {
    const nobodys = '01900000-0000-7000-8000-000000000000';
    expect((await post(act, { person: nobodys, reason: '理由' })).status(), act).toBe(403);
  }
  await page.goto('/staff');
  await expect(page.getByText('您没有办理此项业务的权限')).toBeVisible();

  const administrator = await (await browser.newContext({ baseURL, locale: 'zh-CN' })).newPage();
  await signIn(administrator, '管理员');
  await administrator.goto('/staff');
  await administrator.getByRole('row').filter({ has: administrator.getByRole('cell', { name: '管理员', exact: true }) }).getByRole('link', { name: '账户' }).first().click();
  await expect(administrator.getByText('这是您自己的账户')).toBeVisible();
  await expect(administrator.getByRole('button', { name: '停用账户' })).toHaveCount(0);
  await administrator.context().close();
});
