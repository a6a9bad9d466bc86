// Being told outside of the platform (R66): a switch for each kind of notice and each way, an e-mail address to which
// nothing goes before it is confirmed, and messages that say nothing about whom or what.
import { test, expect, expectNoAxeViolations, person, signIn, signInAs } from '../harness/test.mjs';
import { fileSubject, fileWebsite, messagesTo, officer } from '../harness/arrange.mjs';

const code = (text) => /验证码 (\d{6})/.exec(text)?.[1];
const box = (page, kind, word) => page.getByRole('checkbox', { name: `${kind}：${word}` });

test('an address is confirmed by a code, and then notices call by e-mail and by text message', async ({ page, baseURL, hydrates }) => {
  const who = person('沈通知');
  const address = `told.${hydrates ? 'a' : 'b'}${Date.now() % 1e6}@mailbox.example.cn`;
  await signInAs(page, who);
  await page.goto('/notices');
  await page.getByRole('main').getByRole('link', { name: '通知设置' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('通知设置');
  await expectNoAxeViolations(page);

  // Quiet: nothing is switched on but a text message for what is returned.
  await expect(page.getByRole('checkbox', { checked: true })).toHaveCount(1);
  await expect(box(page, '退回修改', '短信提醒')).toBeChecked();
  await expect(box(page, '审核通过', '邮件提醒')).toBeDisabled();
  await expect(page.getByText('审核与管理工作')).toHaveCount(0);
  await box(page, '退回修改', '短信提醒').uncheck();
  await box(page, '审核通过', '短信提醒').check();
  await page.getByRole('button', { name: '保存' }).click();
  await expect(page.getByText('通知设置已保存。')).toBeVisible();
  await expect(box(page, '退回修改', '短信提醒')).not.toBeChecked();
  await expect(box(page, '审核通过', '短信提醒')).toBeChecked();

  // A slip is said at its field, which keeps it.
  await page.getByRole('textbox', { name: '电子邮件', exact: true }).fill(address.replace('@', '.'));
  await page.getByRole('button', { name: '发送验证码' }).click();
  await expect(page.getByText('电子邮件地址中缺少 @')).toBeVisible();
  await expect(page.getByRole('textbox', { name: '电子邮件', exact: true })).toHaveValue(address.replace('@', '.'));
  await expect(page.getByRole('textbox', { name: '电子邮件', exact: true })).toHaveAttribute('aria-invalid', 'true');
  await expectNoAxeViolations(page);
  await page.getByRole('textbox', { name: '电子邮件', exact: true }).fill(address);
  await page.getByRole('button', { name: '发送验证码' }).click();
  await expect(page.getByText(/验证码已发送至 t\*\*\*@mailbox\.example\.cn/)).toBeVisible();
  expect(await page.content()).not.toContain(address);

  await page.getByLabel('邮箱验证码').fill('000000');
  await page.getByRole('button', { name: '确认' }).click();
  await expect(page.getByText(/验证码不正确，还可以尝试 4 次/)).toBeVisible();
  await expectNoAxeViolations(page);
  const [mail] = await messagesTo(page, baseURL, address);
  await page.getByLabel('邮箱验证码').fill(code(mail));
  await page.getByRole('button', { name: '确认' }).click();
  await expect(page.getByText('邮箱已验证，请勾选需要用电子邮件提醒的通知。')).toBeVisible();
  await box(page, '审核通过', '邮件提醒').check();
  await page.getByRole('button', { name: '保存' }).click();
  await expect(box(page, '审核通过', '邮件提醒')).toBeChecked();
  await expectNoAxeViolations(page);

  // A subject and its website are approved: each way calls, and says nothing.
  const subject = await fileSubject(page, baseURL, who);
  await fileWebsite(page, baseURL, who, { name: '沈记小站', domain: `told${Date.now() % 1e8}${hydrates ? 'a' : 'b'}.cn` });
  const reviewer = await officer(baseURL);
  await reviewer.decide(subject);
  await reviewer.close();
  for (const to of [address, who.mobile]) {
    const calls = () => messagesTo(page, baseURL, to).then((all) => all.filter((text) => text.includes('您的申请有新的进展')));
    // Not before it can no longer be taken back.
    await expect.poll(async () => (await calls()).length, { timeout: 20_000 }).toBe(1);
    const [text] = await calls();
    expect(text).toContain('请登录平台查看系统通知');
    for (const secret of ['沈', '审核通过', '沈记小站', who.idNumber, '/mine/']) expect(text).not.toContain(secret);
  }
  // What is due is taken within seconds.
  await expect.poll(async () => (await messagesTo(page, baseURL, address))[0], { timeout: 15_000 }).toContain('已发送');

  await page.goto('/notices/settings');
  await page.getByRole('button', { name: '删除邮箱' }).click();
  await expect(page.getByText('邮箱已删除，不再发送邮件提醒。')).toBeVisible();
  await expect(box(page, '审核通过', '邮件提醒')).toBeDisabled();
});

test('what is returned calls by text message whoever chose nothing, once for all of it', async ({ page, baseURL }) => {
  const who = person('蒋退回');
  await signInAs(page, who);
  const subject = await fileSubject(page, baseURL, who);
  await fileWebsite(page, baseURL, who, { domain: `back${Date.now() % 1e9}.cn` });
  const reviewer = await officer(baseURL);
  await reviewer.decide(subject, 'return', '请补充证件');
  await reviewer.close();
  // Not before it can no longer be taken back.
  await expect.poll(async () => (await messagesTo(page, baseURL, who.mobile)).length, { timeout: 20_000 }).toBe(1);
  const calls = await messagesTo(page, baseURL, who.mobile);
  expect(calls[0]).toContain('您的申请有新的进展');
  expect(calls[0]).not.toContain('补充证件');
});

test('staff choose for their own work too, from the menu of the person', async ({ page }) => {
  await signIn(page, '审计员');
  await page.goto('/audit');
  await page.locator('details').filter({ hasText: '退出' }).locator('summary').click();
  await page.getByRole('banner').getByRole('link', { name: '通知设置' }).click();
  await expect(box(page, '审核与管理工作', '短信提醒')).not.toBeChecked();
  await expectNoAxeViolations(page);
});
