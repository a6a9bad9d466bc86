// 注销主体 and the identity check it shares with 移交主体: middle four digits, code by message, statement, attachment, and
// what ends with the subject (R22, R23, R36, R71, R72). The server's clock is put forward, so nobody waits.
import { timed as test, expect, anotherBrowser, expectNoAxeViolations, person, signIn, signInAs, waitForHydration } from '../harness/test.mjs';
import { codesSentTo, fileSubject, fileWebsite, inForce, later, officer } from '../harness/arrange.mjs';
import { pdf, png, pretender } from '../harness/files.mjs';

const dialog = (page) => page.getByRole('dialog');
const title = (page) => page.getByRole('heading', { level: 1 });
const middle = (who) => who.mobile.slice(3, 7);
const wrong = (figures) => [...figures].map((figure) => (Number(figure) + 1) % 10).join('');

async function withSubject(page, baseURL) {
  const who = person('吴测试');
  await signInAs(page, who);
  return { who, ...(await inForce(page, baseURL, who)) };
}

async function fill(page, who, code, { figures = middle(who), reason = '网站已经停止运营', file } = {}) {
  await page.getByLabel('负责人姓名').fill(who.name);
  await page.getByLabel('负责人手机号码').fill(figures);
  if (code !== undefined) await page.getByLabel('短信验证码').fill(code);
  await page.getByLabel('注销原因').fill(reason);
  if (file) await page.getByLabel('附件说明').setInputFiles(file);
}

const press = (page) => page.getByRole('main').getByRole('button', { name: '注销', exact: true }).click();
const errors = (page) => page.getByRole('alert').filter({ hasText: '处需要修改' });

/** Presses 获取验证码 and reads what the telephone got. */
async function askForCode(page, baseURL, who) {
  const before = await codesSentTo(page, baseURL, who.mobile);
  await page.getByRole('button', { name: '获取验证码' }).click();
  await expect(page.getByText(/验证码已发送至 139\*{4}\d{4}，5 分钟内有效/)).toBeVisible();
  const after = await codesSentTo(page, baseURL, who.mobile);
  expect(after).toHaveLength(before.length + 1);
  return after[0];
}

test('R22, R23: a subject is cancelled after the identity check, and with it what belongs to it', async ({ page, baseURL, hydrates, browser }) => {
  test.setTimeout(120_000);
  const { who, domain } = await withSubject(page, baseURL);
  const open = await fileWebsite(page, baseURL, who, { domain: `open${domain}`, name: '未办结站' });
  await page.goto('/subject/cancel');
  await expect(title(page)).toHaveText(/注销主体\s*\(\s*有效\s*\)/);
  const statement = page.getByRole('complementary', { name: '特别声明' });
  await expect(statement).toContainText('如果负责人手机号码发生变动，请通过开办主体变更流程，修改手机号');
  await expect(statement).toContainText('由负责人手写签名或单位盖章，上传扫描文件');
  await expect(page.getByRole('complementary', { name: '注销的影响' })).toContainText(/网站：\d 项.*尚未办结的申请单：1 项，将转为“已终止”/);
  // The number with a gap for the four figures that are typed.
  await expect(page.getByText(who.mobile.slice(0, 3), { exact: true })).toBeVisible();
  await expect(page.getByText(who.mobile.slice(7), { exact: true })).toBeVisible();
  expect(await page.content()).not.toContain(who.mobile);
  await expectNoAxeViolations(page);

  const code = await askForCode(page, baseURL, who);
  if (hydrates) await expect(page.getByText(/\d+ 秒后可重新获取/)).toBeVisible();
  await expectNoAxeViolations(page);
  await fill(page, who, code, { file: pdf('注销说明.pdf') });
  await press(page);
  await page.waitForURL(/\/mine\/filings/);
  await expect(page.getByRole('row').filter({ hasText: '注销主体' })).toContainText('待审核');
  const filing = new URL(page.url()).searchParams.get('receipt');
  await page.goto('/mine/subject');
  await expect(title(page)).toContainText('注销中');
  await expectNoAxeViolations(page);

  // R26: nothing new meanwhile, and every refusal says why.
  await page.goto('/website/new');
  await expect(page.getByText('主体正在注销，不能办理新的业务；如需继续使用，请先撤销注销申请').first()).toBeVisible();
  await page.goto('/subject/cancel');
  await expect(page.getByText('存在审核中的单据').or(page.getByText(/主体正在注销/)).first()).toBeVisible();
  await expectNoAxeViolations(page);

  await page.goto(`/mine/filings/${filing}`);
  for (const shown of ['网站已经停止运营', '附件说明']) await expect(page.getByText(shown).first()).toBeVisible();
  // What only proves who was there is not filed.
  expect(await page.content()).not.toContain(code);
  await expectNoAxeViolations(page);
  const file = await page.getByRole('link', { name: /附件说明/ }).getAttribute('href');
  const sent = await page.request.get(file);
  expect([sent.status(), sent.headers()['content-type']]).toEqual([200, 'application/pdf']);
  if (hydrates) await expectShownOnTheDesk(browser, baseURL, filing, file);

  const reviewer = await officer(baseURL);
  await reviewer.decide(filing);
  await reviewer.close();
  await page.goto('/mine/subject');
  await expect(page.getByText('您当前尚无有效主体，请先申请主体').first()).toBeVisible();
  await page.goto('/');
  await expect(dialog(page)).toContainText('您当前尚无有效主体，请先申请主体');
  await page.goto(`/mine/filings/${open}`);
  await expect(page.getByText('已终止').first()).toBeVisible();
  await expectNoAxeViolations(page);
  const anybody = await anotherBrowser(browser, baseURL, hydrates);
  await anybody.goto(`/lookup?q=${domain}`);
  await expect(anybody.getByText(/已注销/).first()).toBeVisible();
  await anybody.context().close();
});

/** A document stands in a frame of the officer's page, and in none of a foreign one. */
async function expectShownOnTheDesk(browser, baseURL, filing, file) {
  const desk = await anotherBrowser(browser, baseURL, true);
  await signIn(desk, '审核员东城');
  const blocked = [];
  desk.on('console', (message) => blocked.push(...(/frame/i.test(message.text()) ? [message.text()] : [])));
  await desk.goto(`/review/filings/${filing}`);
  const answer = desk.waitForResponse((response) => new URL(response.url()).pathname === file);
  await desk.locator('.paper').filter({ hasText: '附件说明' }).click();
  await expect(desk.locator('.stage-view iframe')).toHaveAttribute('src', `${baseURL}${file}`);
  const headers = (await answer).headers();
  expect([headers['x-frame-options'], headers['content-security-policy']]).toEqual(['SAMEORIGIN', "default-src 'none'; frame-ancestors 'self'"]);
  expect(blocked).toEqual([]);
  await desk.context().close();
}

test('R22: wrong middle figures are counted, what was typed stays, and the fifth locks for half an hour', async ({ page, baseURL, server }) => {
  test.setTimeout(120_000);
  // A restart ends what other tests put the clock forward by; the one below must not move it.
  await server.kill();
  await server.start();
  const { who } = await withSubject(page, baseURL);
  await page.goto('/subject/cancel');
  await press(page);
  await expect(errors(page)).toBeVisible();
  await expect(page.getByLabel('负责人姓名')).toHaveAttribute('aria-invalid', 'true');
  await expectNoAxeViolations(page);
  for (const left of [4, 3, 2, 1]) {
    await fill(page, who, '123456', { figures: wrong(middle(who)) });
    await press(page);
    await expect(page.getByText(`手机号码中间四位不正确，还可以尝试 ${left} 次`).first()).toBeVisible();
    await expect(page.getByLabel('注销原因')).toHaveValue('网站已经停止运营');
    await expect(page.getByLabel('负责人姓名')).toHaveValue(who.name);
  }
  await expectNoAxeViolations(page);
  await press(page);
  await expect(page.getByText(/身份验证错误次数过多，请 \d+ 分钟后再试/).first()).toBeVisible();
  await expectNoAxeViolations(page);
  // The right ones are not taken either, here or for handing it over, and no code is sent; nor after a restart.
  await server.kill();
  await server.start();
  await fill(page, who, '123456');
  await press(page);
  await expect(errors(page)).toContainText(/身份验证错误次数过多/);
  await page.getByRole('button', { name: '获取验证码' }).click();
  await expect(page.getByText(/身份验证错误次数过多，请 \d+ 分钟后再试/).first()).toBeVisible();
  expect(await codesSentTo(page, baseURL, who.mobile)).toEqual([]);
  await page.goto('/subject/transfer');
  await expect(page.getByText(/身份验证错误次数过多，请 \d+ 分钟后再试/).first()).toBeVisible();

  await later(server, 30 * 60 + 1, [page]);
  await page.goto('/subject/cancel');
  await expect(page.getByText(/身份验证错误次数过多/)).toHaveCount(0);
  const code = await askForCode(page, baseURL, who);
  await fill(page, who, code);
  await press(page);
  await page.waitForURL(/\/mine\/filings/);
});

test('R72: a wrong, an expired, a replaced, another purpose\'s and a used code are not taken', async ({ page, baseURL, server }) => {
  test.setTimeout(180_000);
  const { who } = await withSubject(page, baseURL);
  await page.goto('/subject/cancel');
  const first = await askForCode(page, baseURL, who);
  await fill(page, who, wrong(first));
  await press(page);
  await expect(page.getByText('验证码不正确，还可以尝试 4 次').first()).toBeVisible();
  // 60 s between sends.
  // With scripts the button says so itself, and can still be pressed.
  await page.getByRole('button', { name: '获取验证码' }).click({ force: true });
  await expect(page.getByText(/请 \d+ 秒后再获取验证码/).first()).toBeVisible();
  await later(server, 61);
  await page.goto('/subject/cancel');
  const second = await askForCode(page, baseURL, who);
  await fill(page, who, first);
  await press(page);
  await expect(errors(page)).toContainText(first === second ? '' : '验证码不正确');
  await later(server, 5 * 60 + 1);
  await fill(page, who, second);
  await press(page);
  await expect(errors(page)).toContainText('验证码已失效，请重新获取');

  await page.goto('/subject/transfer');
  const handing = await askForCode(page, baseURL, who);
  await page.goto('/subject/cancel');
  await fill(page, who, handing);
  await press(page);
  await expect(errors(page)).toContainText('验证码已失效，请重新获取');

  await later(server, 61);
  await page.goto('/subject/cancel');
  const good = await askForCode(page, baseURL, who);
  await fill(page, who, good);
  await press(page);
  await page.waitForURL(/\/mine\/filings/);
  // Withdrawn (R17), the subject is valid again, and the code is spent.
  await page.goto(`/mine/filings/${new URL(page.url()).searchParams.get('receipt')}?withdraw=1`);
  await dialog(page).getByRole('button', { name: '确认' }).click();
  await page.goto('/mine/subject');
  await expect(title(page)).toContainText('有效');
  await page.goto('/subject/cancel');
  await fill(page, who, good);
  await press(page);
  await expect(errors(page)).toContainText('验证码已失效，请重新获取');
  await page.goto('/mine/subject');
  await expect(title(page)).toContainText('有效');
});

test('R71: an attachment that is no pdf, that is scripted or encrypted is refused; what was typed stays', async ({ page, baseURL }) => {
  test.setTimeout(120_000);
  const { who } = await withSubject(page, baseURL);
  const altered = (name, from, to) => {
    const file = pdf(name);
    file.buffer = Buffer.from(file.buffer.toString('latin1').replace(from, to), 'latin1');
    return file;
  };
  const catalog = '/Type /Catalog';
  const bad = [
    pretender('网页.pdf'),
    { ...png('图片.pdf'), name: '图片.pdf' },
    altered('脚本.pdf', catalog, `${catalog} /OpenAction << /S /JavaScript /JS (app.alert(1)) >>`),
    altered('加密.pdf', 'trailer\n<<', 'trailer\n<< /Encrypt << /Filter /Standard /V 1 /R 2 >>'),
  ];
  await page.goto('/subject/cancel');
  for (const file of bad) {
    await fill(page, who, '123456', { figures: wrong(middle(who)), file });
    await press(page);
    await expect(page.getByLabel('附件说明', { exact: true }), file.name).toHaveAttribute('aria-invalid', 'true');
    await expect(page.getByLabel('注销原因')).toHaveValue('网站已经停止运营');
  }
  await expectNoAxeViolations(page);
  // A file refused counts no try of the figures: nothing was looked at yet.
  await expect(page.getByText(/还可以尝试/)).toHaveCount(0);
  // A good one is kept while the rest is mended, and can be taken away again.
  await fill(page, who, '123456', { figures: wrong(middle(who)), file: pdf('说明.pdf') });
  await press(page);
  await expect(page.getByText('手机号码中间四位不正确，还可以尝试 4 次').first()).toBeVisible();
  await expect(page.getByText('说明.pdf')).toBeVisible();
  await expectNoAxeViolations(page);
  await page.getByRole('button', { name: '删除附件说明' }).click();
  await expect(page.getByText('说明.pdf')).toHaveCount(0);
  await expect(page.getByLabel('注销原因')).toHaveValue('网站已经停止运营');
});

test('Enter in the identity form submits it; it does not send a code', async ({ page, baseURL }) => {
  const { who } = await withSubject(page, baseURL);
  await page.goto('/subject/cancel');
  await page.getByLabel('负责人姓名').fill(who.name);
  await page.getByLabel('负责人姓名').press('Enter');
  await expect(errors(page)).toBeVisible();
  expect(await codesSentTo(page, baseURL, who.mobile)).toEqual([]);
});

test('R26: a subject under change or without approval cannot be cancelled, and the page says why', async ({ page, baseURL }) => {
  const who = person('郑测试');
  await signInAs(page, who);
  await page.goto('/subject/cancel');
  await expect(page.getByText('您当前尚无有效主体，请先申请主体').first()).toBeVisible();
  await expectNoAxeViolations(page);
  await fileSubject(page, baseURL, who);
  await page.goto('/subject/cancel');
  await expect(page.getByText('主体尚未审核通过，通过后才能办理此项业务').first()).toBeVisible();
  await page.getByRole('main').getByRole('link', { name: '查看' }).first().click();
  await expect(title(page)).toContainText('申请详情');
});

test('R77: a session that ended meanwhile costs nothing that was typed', async ({ page, baseURL, hydrates, server }) => {
  test.setTimeout(120_000);
  const { who } = await withSubject(page, baseURL);
  await page.goto('/subject/cancel');
  await fill(page, who, '123456', { reason: '说明很长，不愿再写一遍' });
  await later(server, 31 * 60);
  await press(page);
  await expect(page.getByText('您填写的内容保留在本页。请先在新窗口登录，再回到本页点击“继续”。')).toBeVisible();
  await expectNoAxeViolations(page);
  const tab = await page.context().newPage();
  if (hydrates) await waitForHydration(tab);
  await signInAs(tab, who);
  await page.getByRole('button', { name: '继续' }).click();
  await expect(errors(page)).toContainText('验证码');
  await expect(page.getByLabel('注销原因')).toHaveValue('说明很长，不愿再写一遍');
  await expect(page.getByLabel('负责人姓名')).toHaveValue(who.name);
});
