// An officer's day at the desk (R62): one filing in one window, the next by itself, and what was just done taken back.
import { test, expect, hydrated, person, signIn, signInAs, expectNoAxeViolations } from '../harness/test.mjs';
import { fileSubject, fileWebsite } from '../harness/arrange.mjs';
import { desk, peopleOf, siteOf, subjectOf } from '../harness/desk.mjs';
import { png } from '../harness/files.mjs';

const serial = () => String(Math.floor(Math.random() * 1e9));

const elsewhere = async (browser, baseURL, hydrates) =>
  (await browser.newContext({ baseURL, javaScriptEnabled: hydrates, viewport: { width: 1440, height: 900 } })).newPage();

/** A subject and a website of somebody new, with whom nothing is wrong; as a unit where it has a name. */
async function fileBundle(page, baseURL, who, unit) {
  await signInAs(page, who);
  const subject = await fileSubject(page, baseURL, who, unit);
  const website = await fileWebsite(page, baseURL, who, { name: `站点${serial()}`, domain: `flow${serial()}.cn` });
  return { subject, website };
}

/** The same with which nothing is wrong: sharp pictures, two people. */
async function fileFlawless(page, baseURL) {
  const [who, contact] = [person('钱测试'), person('孙联络')];
  await signInAs(page, who);
  const own = desk(page, baseURL);
  const picture = await own.send(png('证件.png', { width: 1200, height: 800, stripes: true }));
  const subject = await own.fileSubject(subjectOf(who, picture));
  const people = { ...peopleOf(who, picture), ...Object.fromEntries(Object.entries(peopleOf(contact, picture)).filter(([at]) => at.startsWith('emergency'))) };
  const website = await own.fileSite({ ...siteOf(`flow${serial()}.cn`), 'site.name': `站点${serial()}` }, people);
  return { subject, website };
}

/** Counts presses and pages of an officer. */
function counting(page) {
  const count = { presses: 0, pages: 0 };
  page.on('load', () => (count.pages += 1));
  return { count, press: async (target) => ((count.presses += 1), target.click()) };
}

test('a bundle with which nothing is wrong: three presses and two pages, decided together, taken back together', async ({ page, hydrates, baseURL, browser }) => {
  test.setTimeout(120_000);
  const { subject, website } = await fileFlawless(page, baseURL);
  const officer = await elsewhere(browser, baseURL, hydrates);
  await signIn(officer, '审核员东城');
  await officer.goto(`/review/filings/${subject}`);
  if (hydrates) await hydrated(officer);
  const { count, press } = counting(officer);
  await press(officer.getByRole('button', { name: '领取', exact: true }));
  await expect(officer.getByText('已领取，请审核。')).toBeVisible();
  if (hydrates) await hydrated(officer);

  // Both lie on the page: the papers of both, what both answered, one list to confirm.
  await expect(officer.getByRole('heading', { level: 1 })).toContainText('新增主体');
  await expect(officer.getByRole('region', { name: '填报内容' }).or(officer.locator('.answers')).first()).toContainText('网站名称');
  await expect(officer.getByRole('link', { name: /域名证书|身份证人像面/ }).first()).toBeVisible();
  if (hydrates) {
    const fits = await officer.evaluate(() => document.documentElement.scrollHeight <= innerHeight);
    expect(fits, 'the desk fits the window').toBe(true);
    await press(officer.getByRole('button', { name: /^全部 \d+ 项均已确认$/ }));
  } else {
    for (const box of await officer.locator('.sign-off input').all()) await box.check();
  }
  await expectNoAxeViolations(officer);
  await press(officer.getByRole('button', { name: '一并通过 2 件' }));
  await expect(officer.getByText('已作出“审核通过”的决定，共 2 件。')).toBeVisible();
  if (hydrates) await expect.poll(() => count).toEqual({ presses: 3, pages: 2 });

  // The applicant's pages say so, and nobody was told yet.
  const own = desk(page, baseURL);
  const state = async (id) => (await own.ask('filing', { id })).row.state;
  expect([await state(subject), await state(website)]).toEqual(['approved', 'approved']);
  const told = async () => (await own.ask('notices', { unread_only: false, after: '' })).rows.filter((row) => row.text.includes('审核通过')).length;
  expect(await told()).toBe(0);

  // Taken back, both are in hand again, and nobody is told of anything.
  await expect(officer.getByText(/秒内可以撤回/)).toBeVisible();
  await officer.getByRole('button', { name: '撤回', exact: true }).click();
  await expect(officer.getByText('已撤回，没有通知申请人。')).toBeVisible();
  await expect(officer).toHaveURL(new RegExp(subject));
  expect([await state(subject), await state(website)]).toEqual(['in_review', 'in_review']);
  await expectNoAxeViolations(officer);

  // Decided again, it stands after ten seconds; then the applicant is told once.
  if (hydrates) await hydrated(officer);
  for (const box of await officer.locator('.sign-off input').all()) await box.check();
  await officer.getByRole('button', { name: '一并通过 2 件' }).click();
  await expect(officer.getByText('共 2 件。')).toBeVisible();
  await expect.poll(told, { timeout: 20_000 }).toBe(2);
  if (hydrates) await expect(officer.getByText(/秒内可以撤回/)).toHaveCount(0);
  const history = (await own.ask('filing', { id: subject })).history.map((line) => line.what);
  expect(history).toEqual(['提交审核', '领取', '通过']);
  await officer.context().close();
});

test('after a decision the next one opens: of the same bundle, then of the queue', async ({ page, hydrates, baseURL, browser }) => {
  test.setTimeout(120_000);
  const unit = `接连${serial()}有限公司`;
  const { subject, website } = await fileBundle(page, baseURL, person('冯测试'), unit);
  const other = await (await browser.newContext({ baseURL })).newPage();
  const next = await fileBundle(other, baseURL, person('陈测试'), unit.replace('接连', '之后'));
  const officer = await elsewhere(browser, baseURL, hydrates);
  await signIn(officer, '审核员东城');
  // This queue has these two alone.
  await officer.goto(`/review/queue?state=pending&procedure=subject_new&search=${encodeURIComponent(unit)}`);
  await officer.getByRole('button', { name: '领取下一件' }).click();
  await expect(officer).toHaveURL(new RegExp(subject));
  if (hydrates) await hydrated(officer);

  // Without the list: the sentence stands at the list, which has the focus.
  await officer.getByRole('button', { name: '通过', exact: true }).click();
  await expect(officer.getByText('请逐项确认审核清单后再通过')).toBeVisible();
  if (hydrates) await expect(officer.locator('.sign-off input').first()).toBeFocused();
  for (const box of await officer.locator('.sign-off input').all()) await box.check();
  await officer.getByRole('button', { name: '通过', exact: true }).click();
  await expect(officer.getByText('下面是一并提交的申请单。')).toBeVisible();
  await expect(officer).toHaveURL(new RegExp(website));
  if (hydrates) await hydrated(officer);

  // A return without words: the sentence stands at the note, which has the focus.
  await officer.getByRole('button', { name: '退回', exact: true }).click();
  await expect(officer.getByText('请填写退回的理由，或至少对一个栏目提出意见')).toBeVisible();
  if (hydrates) await expect(officer.getByLabel('审核意见')).toBeFocused();
  await officer.getByLabel('审核意见').fill('名称不符');
  await officer.getByRole('button', { name: '退回', exact: true }).click();
  // Nothing waits in this queue any more.
  await expect(officer.getByText(/已作出“已退回”的决定。没有等待领取的申请单/)).toBeVisible();
  await expect(officer).toHaveURL(/\/review\/queue/);
  const own = desk(page, baseURL);
  expect((await own.ask('filing', { id: website })).row.state).toBe('returned');
  // What others filed was left alone.
  const theirs = desk(other, baseURL);
  expect((await theirs.ask('filing', { id: next.subject })).row.state).toBe('pending');

  // A decided filing has no dead buttons.
  await officer.goto(`/review/filings/${subject}`);
  await expect(officer.getByRole('heading', { level: 1 })).toContainText('审核通过');
  for (const name of ['通过', '退回', '不予通过', '释放', '领取']) {
    await expect(officer.getByRole('button', { name, exact: true })).toHaveCount(0);
  }
  await expectNoAxeViolations(officer);
  await officer.context().close();
  await other.context().close();
});

test('of two officers one decides and takes back, and the other sees both', async ({ page, hydrates, baseURL, browser }) => {
  test.setTimeout(120_000);
  const { subject, website } = await fileBundle(page, baseURL, person('楚测试'), `看见${serial()}有限公司`);
  const one = await elsewhere(browser, baseURL, hydrates);
  await signIn(one, '审核员东城');
  // A second officer of 东城.
  const administrator = await elsewhere(browser, baseURL, hydrates);
  await signIn(administrator, '管理员');
  const colleague = person('卫同事');
  await desk(administrator, baseURL).act('appoint', { name: colleague.name, id_no: colleague.idNumber, role: 'reviewer', region: '110101' });
  const other = await elsewhere(browser, baseURL, hydrates);
  await signInAs(other, colleague);
  const act = desk(one, baseURL);
  await act.act('claim', { filing: subject });
  await other.goto(`/review/filings/${website}`);
  if (hydrates) await hydrated(other);

  await one.goto(`/review/filings/${subject}`);
  if (hydrates) await hydrated(one);
  await one.getByLabel('审核意见').fill('照片不清晰');
  await one.getByRole('button', { name: '退回', exact: true }).click();
  await expect(one.getByText('已作出“已退回”的决定。')).toBeVisible();
  const seen = async (text) => {
    if (!hydrates) await other.reload();
    await expect(other.getByText(text).first()).toBeVisible();
  };
  await seen(/由其他民警（审核员东城）作出“已退回”决定/);
  // Nobody else can take it back.
  const offer = await act.ask('undoable', {});
  const theirs = await other.request.post(`${baseURL}/act/undo`, { form: { act: offer.act }, headers: { origin: baseURL, referer: other.url() } });
  expect(theirs.ok()).toBe(true);
  expect((await desk(page, baseURL).ask('filing', { id: subject })).row.state).toBe('returned');

  await one.getByRole('button', { name: '撤回', exact: true }).click();
  await expect(one.getByText('已撤回，没有通知申请人。')).toBeVisible();
  await seen(/由其他民警（审核员东城）(撤回上一步操作|领取)/);
  expect((await desk(page, baseURL).ask('filing', { id: website })).row.state).toBe('in_review');
  // The applicant never sees that it was returned.
  await page.goto(`/mine/filings/${subject}`);
  await expect(page.getByText('照片不清晰')).toHaveCount(0);
  for (const officer of [one, other, administrator]) await officer.context().close();
});
