// The public page of a record says whether it is in force, and takes reports of misuse to the officers of its region.
import { test, expect, expectNoAxeViolations, person, signIn, signInAs, anotherBrowser } from '../harness/test.mjs';
import { inForce } from '../harness/arrange.mjs';
import { desk } from '../harness/desk.mjs';

const HTML = '<script>document.title="冒"</script><b>盗用备案号</b>';

/** A website in force whose public page a stranger has open. */
async function published(page, baseURL, browser, hydrates) {
  const who = person('杨测试');
  await signInAs(page, who);
  const { website } = await inForce(page, baseURL, who);
  const { ask } = desk(page, baseURL);
  const { registration } = await ask('record', { business: 'website', id: website });
  const stranger = await anotherBrowser(browser, baseURL, hydrates);
  await stranger.goto(`/r/${registration.digits}`);
  return { digits: registration.digits, website, stranger, who };
}

test('the public page says 有效 and when that was looked up', async ({ page, baseURL, browser, hydrates }) => {
  const { stranger } = await published(page, baseURL, browser, hydrates);
  await expect(stranger.getByRole('article')).toContainText('有效');
  await expect(stranger.getByText(/核验时间/)).toContainText(/\d{4}-\d{2}-\d{2} \d{2}:\d{2}/);
  await expect(stranger.getByRole('link', { name: '举报冒用' })).toBeVisible();
  await expectNoAxeViolations(stranger);
});

test('a stranger reports a misused number; the officer of the region deals with it, and no other sees it', async ({ page, baseURL, browser, hydrates }) => {
  const { stranger, digits } = await published(page, baseURL, browser, hydrates);
  await stranger.getByRole('link', { name: '举报冒用' }).click();
  await expect(stranger.getByRole('heading', { level: 1 })).toHaveText('举报冒用');
  await expectNoAxeViolations(stranger);
  await stranger.getByLabel('其他网站或应用盗用此备案号').check();
  await stranger.getByLabel('发现地址').fill('javascript:alert(1)');
  await stranger.getByLabel('情况说明').fill(HTML);
  await stranger.getByLabel('联系方式').fill('13800002222');
  await stranger.getByRole('button', { name: '提交举报' }).click();
  await expect(stranger.getByText('举报已收到')).toBeVisible();
  await expectNoAxeViolations(stranger);
  // Once more from the same address.
  await stranger.goto(`/r/${digits}/report`);
  await stranger.getByLabel('其他情况').check();
  await stranger.getByLabel('情况说明').fill('再说一次，盗用备案号');
  await stranger.getByRole('button', { name: '提交举报' }).click();
  await expect(stranger.getByText('您今天已经举报过此备案')).toBeVisible();
  await stranger.context().close();

  const officer = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(officer, '审核员东城');
  await officer.goto('/review');
  await expect(officer.getByText(/条举报线索待处理/)).toBeVisible();
  await officer.getByRole('main').getByRole('link', { name: '举报线索' }).click();
  const report = officer.locator('section.card').filter({ hasText: digits });
  await expect(report).toContainText(HTML);
  await expect(report).toContainText('javascript:alert(1)');
  await expect(report.getByRole('link', { name: /alert/ })).toHaveCount(0);
  expect(await officer.title()).toContain('举报线索');
  await expect(report).not.toContainText('13800002222');
  await expectNoAxeViolations(officer);
  await report.getByRole('button', { name: '查看（电话核实）' }).click();
  await expect(report).toContainText('13800002222');
  await expect(report).toBeInViewport();
  await report.getByLabel('处理说明').fill('已通知接入商核查');
  await report.getByRole('button', { name: '标为已处理' }).click();
  await expect(officer.getByText('线索已标为已处理。')).toBeVisible();
  await expect(officer.locator('section.card').filter({ hasText: digits })).toHaveCount(0);
  await officer.getByRole('link', { name: '已处理', exact: true }).click();
  await expect(report).toContainText('已通知接入商核查');
  await expectNoAxeViolations(officer);
  await officer.context().close();

  const elsewhere = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(elsewhere, '审核员上海');
  for (const path of ['/review/reports', '/review/reports?handled=1']) {
    await elsewhere.goto(path);
    await expect(elsewhere.getByText(digits)).toHaveCount(0);
  }
  await elsewhere.context().close();
});

test('reports are refused without what is asked, about nothing, and from foreign sites', async ({ page, baseURL, browser, hydrates, playwright }) => {
  const { stranger, digits } = await published(page, baseURL, browser, hydrates);
  await stranger.context().close();
  const request = await playwright.request.newContext({ baseURL });
  const post = (form, headers = { origin: baseURL }) =>
    request.post('/act/report-misuse', { form: { kind: 'other', text: '盗用了备案号', ...form }, headers, maxRedirects: 0 });
  for (const [form, status] of [
    [{ digits: '00000000000000' }, 404],
    [{ digits: "' OR 1=1 --" }, 404],
    [{ digits, kind: 'king' }, 422],
    [{ digits, text: '短' }, 422],
    [{ digits, text: '字'.repeat(501) }, 422],
    [{ digits, contact: '1'.repeat(101) }, 422],
  ]) {
    const response = await post(form);
    expect(response.status(), JSON.stringify(form).slice(0, 80)).toBe(status);
    expect(await response.text()).toContain('举报没有提交');
  }
  expect((await post({ digits }, { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' })).status()).toBe(403);
  expect((await request.get(`/r/00000000000000/report`)).status()).toBe(404);
  await request.dispose();
});
