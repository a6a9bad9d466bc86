// The same person, the same site elsewhere (重复与关联), and a filing through time (历次记录), by two officers.
import { test, expect, expectNoAxeViolations, person, signIn, signInAs, anotherBrowser } from '../harness/test.mjs';
import { fileSubject, fileWebsite } from '../harness/arrange.mjs';
import { decideAs, desk } from '../harness/desk.mjs';

const serial = () => String(Math.floor(Math.random() * 1e9));

/** A second officer of 东城, appointed by the administrator. */
async function secondOfficer(browser, baseURL, hydrates, name) {
  const administrator = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(administrator, '管理员');
  const who = person(name);
  await desk(administrator, baseURL).act('appoint', { name, id_no: who.idNumber, role: 'reviewer', region: '110101' });
  await administrator.context().close();
  const officer = await anotherBrowser(browser, baseURL, hydrates);
  await signInAs(officer, who);
  return officer;
}

test('a unit filed twice is one line until an officer has looked at the pair, which a colleague sees', async ({ page, baseURL, browser, hydrates }) => {
  test.setTimeout(120_000);
  const names = [`甲重复${serial()}有限公司`, `乙重复${serial()}有限公司`];
  const subjects = [];
  for (const name of names) {
    const who = person('吕测试');
    await signInAs(page, who);
    subjects.push(await fileSubject(page, baseURL, who, name));
    await fileWebsite(page, baseURL, who, { domain: `rel${serial()}.cn` });
  }
  const officer = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(officer, '审核员东城');
  await officer.goto(`/review/filings/${subjects[0]}`);
  const card = officer.locator('#relatives');
  const line = card.locator('.checks li').filter({ hasText: names[1] });
  await expect(line).toContainText('请核实：单位证件号码相同');
  const pair = card.locator('.relatives-list > li').filter({ hasText: names[1] });
  await expect(pair.getByRole('table')).toContainText(names[0]);
  await expect(pair.getByRole('table')).toContainText(names[1]);
  await expectNoAxeViolations(officer);
  // Without saying why it is not marked.
  await pair.getByRole('button', { name: '标为已核对' }).click();
  const reason = pair.getByLabel('核对情况');
  await expect(reason).toHaveAttribute('aria-invalid', 'true');
  await expectNoAxeViolations(officer);
  await reason.fill('<i>总公司与分公司</i>，证照一致');
  await pair.getByRole('button', { name: '标为已核对' }).click();
  await expect(officer.getByText('已标为已核对。')).toBeVisible();
  await expect(line).toHaveCount(0);
  await expect(pair).toContainText('已核对');
  await officer.context().close();

  const colleague = await secondOfficer(browser, baseURL, hydrates, '邓同事');
  await colleague.goto(`/review/filings/${subjects[1]}`);
  const back = colleague.locator('.relatives-list > li').filter({ hasText: names[0] });
  await expect(colleague.locator('#relatives .checks li').filter({ hasText: names[0] })).toHaveCount(0);
  await back.locator('summary').click();
  await expect(back).toContainText('<i>总公司与分公司</i>，证照一致');
  await expect(back).toContainText('审核员东城');
  await colleague.evaluate(() => scrollTo(0, 0));
  await expectNoAxeViolations(colleague);
  await colleague.context().close();
});

test('an officer steps through what was submitted, decided and looked at, and holds two moments against each other', async ({ page, baseURL, browser, hydrates }) => {
  test.setTimeout(120_000);
  const who = person('蒋测试');
  await signInAs(page, who);
  const unit = `历次${serial()}有限公司`;
  const filing = await fileSubject(page, baseURL, who, unit);
  await fileWebsite(page, baseURL, who, { domain: `his${serial()}.cn` });
  const officer = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(officer, '审核员东城');
  await decideAs(officer, baseURL, filing, 'return', { note: '请改地址', remarks: { 'unit.office_address': '门牌号不存在' } });
  // Submitted again with another address.
  const own = desk(page, baseURL);
  const href = await own.act('redraft', { filing, along: 'yes' });
  const draft = new URL(href, baseURL).searchParams.get('draft');
  const request = { procedure: 'subject_new', step: 'form', draft, record: null, subject: null, fresh: false, check: false, review: false };
  const view = await own.ask('form_view', { request });
  const answers = { ...view.answers, 'unit.office_address': '某某街道五号院六号楼' };
  const saved = await own.save('subject_new', 'form', view.draft, answers);
  await own.submit(saved);
  const colleague = await secondOfficer(browser, baseURL, hydrates, '尹同事');
  const seer = desk(colleague, baseURL);
  await seer.act('unmask', { filing, purpose: '电话核实' });

  await officer.goto(`/review/filings/${filing}`);
  await officer.getByRole('link', { name: '历次记录' }).click();
  await expect(officer.getByRole('heading', { level: 1 })).toContainText('历次记录');
  const line = officer.getByRole('navigation', { name: '时间线' });
  await expect(line.locator('li').filter({ hasText: '查看完整个人信息' })).toContainText('尹同事');
  await expectNoAxeViolations(officer);
  await line.getByRole('link', { name: /退回/ }).click();
  const moment = officer.locator('#moment');
  await expect(moment).toContainText('门牌号不存在');
  await expect(moment).toContainText('审核员东城');
  const address = officer.locator('.sheet-row').filter({ hasText: '门牌号不存在' });
  await expect(address).toBeVisible();
  await expect(officer.getByText('当时的申请内容（第 1 次提交）')).toBeVisible();
  await expectNoAxeViolations(officer);
  await moment.getByRole('link', { name: '下一个' }).click();
  await expect(moment.getByRole('heading')).toHaveText('重新提交');
  await expect(officer.getByText('当时的申请内容（第 2 次提交）')).toBeVisible();
  await officer.getByRole('button', { name: '比较', exact: true }).click();
  const changes = officer.locator('#compare').getByRole('table');
  await expect(changes.locator('tbody tr')).toHaveCount(1);
  await expect(changes).toContainText('单位办公详细地址');
  expect(await officer.content()).not.toContain(who.idNumber);
  await expectNoAxeViolations(officer);
  await officer.context().close();

  const elsewhere = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(elsewhere, '审核员上海');
  expect((await elsewhere.goto(`/review/filings/${filing}/history`)).status()).toBe(404);
  await elsewhere.context().close();
  await colleague.context().close();
});
