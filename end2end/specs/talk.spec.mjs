// 补充说明: an officer asks without a return, the applicant answers with words and files, and both see it at the field.
import { test, expect, expectNoAxeViolations, person, signIn, signInAs, anotherBrowser } from '../harness/test.mjs';
import { fileWebsite, inForce } from '../harness/arrange.mjs';
import { decideAs } from '../harness/desk.mjs';
import { pdf, png, pretender } from '../harness/files.mjs';

const HTML = '<b>粗</b>请说明首页网址由谁维护';

/** A second website of a subject in force, which an officer has claimed in a browser of their own. */
async function claimed(page, baseURL, browser, hydrates) {
  const who = person('冯测试');
  await signInAs(page, who);
  await inForce(page, baseURL, who);
  const domain = `talk${Date.now() % 1e8}${hydrates ? 'a' : 'b'}.cn`;
  const filing = await fileWebsite(page, baseURL, who, { name: '问答小站', domain });
  const officer = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(officer, '审核员东城');
  await officer.goto(`/review/filings/${filing}`);
  await officer.getByRole('button', { name: '领取', exact: true }).click();
  await expect(officer.getByText('已领取，请审核。')).toBeVisible();
  return { who, filing, officer };
}

const thread = (page) => page.locator('#talk');

async function ask(officer, field, text) {
  const box = thread(officer);
  const summary = box.getByText('向申请人提问', { exact: true });
  if (!(await box.getByLabel('提问内容').isVisible())) await summary.click();
  await box.getByLabel('所问项目').selectOption(field);
  await box.getByLabel('提问内容').fill(text);
  await box.getByRole('button', { name: '发送提问' }).click();
}

test('an officer asks at a field, the applicant is told, answers with files, and the officer decides', async ({ page, baseURL, browser, hydrates }) => {
  test.setTimeout(120_000);
  const { filing, officer } = await claimed(page, baseURL, browser, hydrates);
  // Too short: said at the field, and kept.
  await thread(officer).getByLabel('提问内容').evaluate((box) => box.removeAttribute('minlength'));
  await ask(officer, 'site.name', '为何');
  await expect(thread(officer).getByLabel('提问内容')).toHaveAttribute('aria-invalid', 'true');
  await expect(thread(officer).getByLabel('提问内容')).toHaveValue('为何');
  await expectNoAxeViolations(officer);
  await ask(officer, 'site.name', HTML);
  await expect(officer.getByText('已发送，等待申请人回复。')).toBeVisible();
  await expect(thread(officer)).toContainText('待补充说明');
  await expect(thread(officer)).toContainText(HTML);
  await expectNoAxeViolations(officer);
  await officer.goto('/review/queue?state=waiting');
  await expect(officer.locator('tr').filter({ hasText: '问答小站' })).toContainText('待补充说明');

  // Home, list and notice lead the applicant to the question.
  await page.goto('/');
  await expect(page.getByRole('region', { name: '我的备案进度' })).toContainText('需要补充说明');
  await page.goto('/mine/filings');
  await expect(page.locator('tr').filter({ hasText: '问答小站' })).toContainText('待补充说明');
  await page.goto('/notices');
  await page.getByText(/需要补充说明，请在申请详情中回复/).first().click();
  await expect(page).toHaveURL(new RegExp(`/mine/filings/${filing}#talk$`));
  await expect(thread(page)).toContainText(HTML);
  await expect(thread(page)).not.toContainText('审核员东城');
  // At the field, too.
  await expect(page.locator('.sheet-row').filter({ hasText: '网站名称' }).locator('.asked')).toContainText(HTML);
  await expectNoAxeViolations(page);

  // A file that is none: the words and the good file are kept.
  await page.getByLabel('您的说明').fill('由本单位维护，\n证明见附件。');
  await page.getByLabel('附上文件').setInputFiles([png('证明.png'), pretender()]);
  await page.getByRole('button', { name: '回复', exact: true }).click();
  await expect(page.getByLabel('附上文件')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('您的说明')).toHaveValue('由本单位维护，\n证明见附件。');
  await expect(page.getByLabel(/证明\.png/)).toBeChecked();
  await expectNoAxeViolations(page);
  await page.getByLabel('附上文件').setInputFiles([pdf('合同.pdf')]);
  await page.getByRole('button', { name: '回复', exact: true }).click();
  await expect(page.getByText('已回复，审核继续。')).toBeVisible();
  await expect(thread(page)).toContainText('已回复');
  await expect(thread(page).getByRole('link', { name: '合同.pdf' })).toBeVisible();
  await expectNoAxeViolations(page);
  await page.goto('/');
  await expect(page.getByRole('region', { name: '我的备案进度' })).not.toContainText('需要补充说明');

  await officer.goto('/notices');
  await officer.getByText(/申请人回复了申请单/).first().click();
  await expect(officer).toHaveURL(new RegExp(`/review/filings/${filing}#talk$`));
  await expect(thread(officer)).toContainText('由本单位维护');
  await expect(officer.locator('.sheet-row').filter({ hasText: '网站名称' }).locator('.asked').first()).toContainText('由本单位维护');
  const link = await thread(officer).getByRole('link', { name: '证明.png' }).getAttribute('href');
  expect((await officer.request.get(link)).status()).toBe(200);
  const elsewhere = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(elsewhere, '审核员上海');
  expect((await elsewhere.request.get(link)).status()).toBe(404);
  await elsewhere.context().close();

  // A second one nobody needs any more, and a third that the decision ends.
  await ask(officer, '', '请再说明一件事情');
  await thread(officer).getByRole('button', { name: '无需补充' }).click();
  await expect(officer.getByText('已关闭这个问题。')).toBeVisible();
  await ask(officer, '', '请说明第三件事情');
  await expect(officer.getByText('已发送，等待申请人回复。')).toBeVisible();
  await decideAs(officer, baseURL, filing, 'approve');
  await officer.goto(`/review/filings/${filing}`);
  await expect(thread(officer)).toContainText('已作出决定');
  await expect(thread(officer).getByText('向申请人提问', { exact: true })).toHaveCount(0);
  await page.goto(`/mine/filings/${filing}`);
  await expect(thread(page)).toContainText('已作出决定');
  await expect(page.getByRole('button', { name: '回复', exact: true })).toHaveCount(0);
  await officer.context().close();
});

test('an answer of a session that has ended is kept on the page that says so', async ({ page, baseURL, browser, hydrates }) => {
  const { who, filing, officer } = await claimed(page, baseURL, browser, hydrates);
  await ask(officer, '', '请说明网站的用途');
  await expect(officer.getByText('已发送，等待申请人回复。')).toBeVisible();
  await officer.context().close();
  await page.goto(`/mine/filings/${filing}`);
  await page.getByLabel('您的说明').fill('展示本人的书法作品');
  await page.context().clearCookies();
  await page.getByRole('button', { name: '回复', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('登录已过期');
  await signInAs(page, who);
  await page.getByRole('button', { name: '继续' }).click();
  await expect(thread(page)).toContainText('展示本人的书法作品');
  await expect(thread(page)).toContainText('已回复');
});
