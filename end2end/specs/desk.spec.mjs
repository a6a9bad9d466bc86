// The review desk (R60–R63): two officers in two browsers see each other; queue, claims, decisions.
import { test, expect, hydrated, person, signIn, signInAs, expectNoAxeViolations } from '../harness/test.mjs';
import { fileSubject, fileWebsite } from '../harness/arrange.mjs';

const serial = () => String(Math.floor(Math.random() * 1e9));

/** A page of its own, as another person has it. */
async function elsewhere(browser, baseURL, hydrates) {
  return (await browser.newContext({ baseURL, javaScriptEnabled: hydrates })).newPage();
}

/** A second officer of 东城, appointed by the administrator. */
async function secondOfficer(browser, baseURL, hydrates, name) {
  const administrator = await elsewhere(browser, baseURL, hydrates);
  await signIn(administrator, '管理员');
  const officer = person(name);
  const appointed = await administrator.request.post(`${baseURL}/act/appoint`, {
    form: { name, id_no: officer.idNumber, role: 'reviewer', region: '110101' },
    headers: { origin: baseURL },
  });
  expect(appointed.ok()).toBe(true);
  await administrator.context().close();
  const page = await elsewhere(browser, baseURL, hydrates);
  await signInAs(page, officer);
  return page;
}

/** A new subject with a website, filed by somebody new. */
async function fileBundle(page, baseURL, who, unit, domain) {
  await signInAs(page, who);
  await fileSubject(page, baseURL, who, unit);
  await fileWebsite(page, baseURL, who, { name: `站点${unit}`, domain });
}

const rowOf = (page, kind, unit) => page.locator('tr').filter({ hasText: kind }).filter({ hasText: unit });

/** Without scripts a page shows what is new when it is loaded again. */
async function seen(page, hydrates, look) {
  if (!hydrates) await page.reload();
  await look();
}

test('two officers see what arrives, who claims it, who looks at it and what is decided', async ({ page, hydrates, baseURL, browser }) => {
  test.setTimeout(180_000);
  const unit = `双人${serial()}有限公司`;
  const one = await elsewhere(browser, baseURL, hydrates);
  await signIn(one, '审核员东城');
  const other = await secondOfficer(browser, baseURL, hydrates, '王同事');
  for (const officer of [one, other]) {
    await officer.goto('/review/queue');
    await expect(officer.getByRole('heading', { level: 1 })).toContainText('审核队列');
    if (hydrates) await hydrated(officer);
  }

  // What arrives shows by itself, and is marked.
  await fileBundle(page, baseURL, person('孙测试'), unit, `two${serial()}.cn`);
  for (const officer of [one, other]) {
    await seen(officer, hydrates, async () => {
      await expect(rowOf(officer, '新增主体', unit)).toContainText('待审核');
      await expect(rowOf(officer, '新增主体', unit)).toContainText('新到');
      await expect(officer.getByText(/^新到 \d+ 份申请单/)).toBeVisible();
    });
  }
  await expectNoAxeViolations(one);

  // One claims; the other sees it in the queue without a reload.
  if (hydrates) await other.mouse.move(0, 0);
  await rowOf(one, '新增主体', unit).getByRole('button', { name: /^领取/ }).click();
  await expect(one.getByText('已领取，请审核。')).toBeVisible();
  await seen(other, hydrates, async () => {
    await expect(rowOf(other, '新增主体', unit)).toContainText('审核员东城领取');
    if (hydrates) await expect(rowOf(other, '新增主体', unit)).toContainText('刚刚更新');
  });

  // The other opens it: each sees the other, and why it cannot be claimed.
  await rowOf(other, '新增主体', unit).getByRole('link', { name: /^审核/ }).click();
  await expect(other.getByText(/由其他民警（审核员东城）领取/).first()).toBeVisible();
  await expect(other.getByText('审核员东城也打开了本页。')).toBeVisible();
  await seen(one, hydrates, () => expect(one.getByText('王同事也打开了本页。')).toBeVisible());
  await expectNoAxeViolations(other);

  // Whoever tries all the same is told who was quicker, and when.
  const filing = new URL(other.url()).pathname.split('/').pop();
  await other.request.post(`${baseURL}/act/claim`, { form: { filing }, headers: { origin: baseURL, referer: other.url() } });
  await other.reload();
  await expect(other.getByText(/该申请单已于 .* 由其他民警（审核员东城）领取/).first()).toBeVisible();

  // Approval waits for the list; then the other sees the decision.
  await one.getByRole('button', { name: '通过', exact: true }).click();
  await expect(one.getByText('请逐项确认审核清单后再通过')).toBeVisible();
  await expectNoAxeViolations(one);
  for (const box of await one.locator('input[name^="sign."]').all()) await box.check();
  await one.getByRole('button', { name: '通过', exact: true }).click();
  await expect(one.getByText('已作出“审核通过”的决定。')).toBeVisible();
  await seen(other, hydrates, () =>
    expect(other.getByText(/由其他民警（审核员东城）作出“审核通过”决定/).first()).toBeVisible());

  // The officer leaves, and is seen to leave.
  if (hydrates) {
    await one.goto('/review');
    await expect(other.getByText('也打开了本页')).toHaveCount(0);
  }
  for (const officer of [one, other]) await officer.context().close();
});

test('nothing moves under the pointer: rows change in their places, what is new waits', async ({ page, hydrates, baseURL, browser }) => {
  test.skip(!hydrates, 'without scripts nothing moves by itself');
  test.setTimeout(180_000);
  const unit = `静止${serial()}有限公司`;
  const who = person('李测试');
  await fileBundle(page, baseURL, who, unit, `still${serial()}.cn`);
  const one = await elsewhere(browser, baseURL, hydrates);
  await signIn(one, '审核员东城');
  const other = await secondOfficer(browser, baseURL, hydrates, '赵同事');
  await one.goto('/review/queue?state=pending');
  await hydrated(one);
  const row = rowOf(one, '新增主体', unit);
  await row.hover();
  const before = await row.boundingBox();
  await other.goto('/review/queue');
  await rowOf(other, '新增主体', unit).getByRole('button', { name: /^领取/ }).click();
  await expect(row).toContainText('已不在此列表');
  expect((await row.boundingBox()).y).toBe(before.y);
  await one.getByRole('button', { name: '刷新' }).click();
  await expect(row).toHaveCount(0);
  for (const officer of [one, other]) await officer.context().close();
});

test('an officer finds, keeps and works through a queue', async ({ page, hydrates, baseURL, browser }) => {
  test.setTimeout(180_000);
  const unit = `队列${serial()}有限公司`;
  const domain = `queue${serial()}.cn`;
  await fileBundle(page, baseURL, person('周测试'), unit, domain);
  const officer = await elsewhere(browser, baseURL, hydrates);
  await signIn(officer, '审核员东城');
  await officer.goto('/review/queue');

  // Filters stand in the address, go back, and are kept as a view.
  await officer.getByLabel('业务类型').selectOption('新办网站申请');
  await officer.getByLabel('搜索').fill(domain);
  await officer.getByLabel('领取人').selectOption('未领取');
  await officer.getByRole('button', { name: '查询' }).click();
  await expect(officer).toHaveURL(/procedure=website_new/);
  await expect(rowOf(officer, '新办网站申请', unit)).toHaveCount(1);
  await expect(rowOf(officer, '新增主体', unit)).toHaveCount(0);
  await officer.locator('.views-edit summary').click();
  const view = `我的${serial()}`.slice(0, 12);
  await officer.getByLabel('将当前筛选保存为').fill(view);
  await officer.getByRole('button', { name: '保存视图' }).click();
  await expect(officer.getByText('视图已保存。')).toBeVisible();
  await expect(officer.getByRole('link', { name: view })).toHaveAttribute('aria-current', 'page');
  await expectNoAxeViolations(officer);
  await officer.getByRole('link', { name: '清除' }).click();
  await expect(rowOf(officer, '新增主体', unit)).toHaveCount(1);
  await officer.goBack();
  await expect(officer.getByLabel('搜索')).toHaveValue(domain);
  await officer.goto('/review/queue');
  await officer.getByRole('link', { name: view }).click();
  await expect(rowOf(officer, '新办网站申请', unit)).toHaveCount(1);

  // The next one of this queue.
  await officer.getByRole('button', { name: '领取下一件' }).click();
  await expect(officer.getByRole('heading', { level: 1 })).toContainText(`新办网站申请：站点${unit}`);
  await expect(officer).toHaveURL(/from=/);
  await expect(officer.getByText('30 分钟没有操作，将自动释放。')).toBeVisible();

  // The bundle, the subject's sheet, and unmasking by one click with a purpose.
  await expect(officer.getByText('138****', { exact: false }).or(officer.getByText('139****', { exact: false })).first()).toBeVisible();
  await officer.getByRole('button', { name: '核对证件信息' }).click();
  await expect(officer.getByText('本次查看及其目的已记入审计日志')).toBeVisible();
  // What it was opened for stands in no address.
  expect(decodeURIComponent(officer.url())).not.toContain('核对证件信息');
  await expectNoAxeViolations(officer);
  await officer.getByRole('link', { name: '恢复遮盖' }).click();

  // Papers lie beside the answers: chosen, turned, larger; the answers they prove are marked.
  if (hydrates) {
    await officer.getByRole('link', { name: /身份证人像面/ }).first().click();
    await expect(officer.locator('.stage-view img').first()).toHaveAttribute('alt', /身份证人像面/);
    await expect(officer.locator('.sheet-row[data-proved]').filter({ hasText: '负责人证件号码' })).toHaveCount(1);
    await officer.getByRole('button', { name: '旋转' }).click();
    await officer.getByRole('button', { name: '放大' }).click();
    await expect(officer.locator('.stage-view img').first()).toHaveAttribute('style', /rotate\(90deg\) scale\(1\.25\)/);
    await officer.getByRole('button', { name: '并排' }).click();
    await expect(officer.locator('.stage-view img')).toHaveCount(2);
    await officer.getByRole('button', { name: '并排' }).click();
    await expectNoAxeViolations(officer);
  }

  // A remark at a field, ready-made, with what should stand there.
  await officer.locator('.keys summary').click();
  await expect(officer.getByText('领取下一件').or(officer.getByText('上一件')).first()).toBeVisible();
  const name = officer.locator('.sheet-row').filter({ hasText: '网站名称' }).first();
  await name.locator('summary').click();
  await name.getByLabel('对“网站名称”的意见').fill('网站名称与ICP备案的名称不一致或不符合命名要求，请修改。');
  await name.getByLabel('对“网站名称”建议填写的内容').fill('示例企业官网');
  await expectNoAxeViolations(officer);
  await officer.getByRole('button', { name: '退回', exact: true }).click();
  await expect(officer.getByText('已作出“已退回”的决定。')).toBeVisible();
  await page.goto('/mine/filings');
  await page.getByRole('row').filter({ hasText: '新办网站申请' }).getByRole('link', { name: /^详情/ }).click();
  await expect(page.getByText('建议填写：示例企业官网').first()).toBeVisible();
  await officer.context().close();
});

test('what came to the wrong region is handed to the right one', async ({ page, hydrates, baseURL, browser }) => {
  test.setTimeout(180_000);
  const unit = `移送${serial()}有限公司`;
  await fileBundle(page, baseURL, person('吴测试'), unit, `move${serial()}.cn`);
  const officer = await elsewhere(browser, baseURL, hydrates);
  await signIn(officer, '审核员东城');
  await officer.goto('/review/queue');
  await rowOf(officer, '新增主体', unit).getByRole('link', { name: /^审核/ }).click();
  await officer.locator('#transfer summary').click();
  await officer.getByLabel('移送至（省）').selectOption('上海市');
  await officer.getByRole('button', { name: '下一级' }).click();
  await officer.getByLabel('移送至（市）').selectOption('上海市');
  await officer.getByRole('button', { name: '下一级' }).click();
  await officer.getByLabel('移送至（区县）').selectOption('黄浦区');
  await officer.getByLabel('移送理由').fill('办公地址实际在黄浦区');
  await expectNoAxeViolations(officer);
  await officer.getByRole('button', { name: '移送', exact: true }).click();
  await expect(officer.getByText('已移送。')).toBeVisible();
  await expect(rowOf(officer, '新增主体', unit)).toHaveCount(0);

  const there = await elsewhere(browser, baseURL, hydrates);
  await signIn(there, '审核员上海');
  await there.goto('/review/queue');
  await expect(rowOf(there, '新增主体', unit)).toContainText('移送');
  await rowOf(there, '新办网站申请', unit).getByRole('link', { name: /^审核/ }).click();
  await expect(there.getByText('由北京市东城区移送至上海市黄浦区：办公地址实际在黄浦区').first()).toBeVisible();
  await there.getByRole('button', { name: '领取', exact: true }).click();

  // The administrator sees whose it is and who has it, no answer of it, and takes it over with a reason.
  const administrator = await elsewhere(browser, baseURL, hydrates);
  await signIn(administrator, '管理员');
  await administrator.goto('/review/claims');
  const held = administrator.locator('tr').filter({ hasText: '新办网站申请' }).filter({ hasText: unit });
  await expect(held).toContainText('审核员上海');
  await expect(held).toContainText('上海市黄浦区');
  await expectNoAxeViolations(administrator);
  await held.getByRole('link', { name: /^查看并接管/ }).click();
  await expect(administrator.getByRole('heading', { level: 1 })).toContainText(`站点${unit}`);
  await expect(administrator.getByRole('main')).toContainText('由北京市东城区移送至上海市黄浦区');
  await expect(administrator.getByRole('main')).toContainText('审核民警 审核员上海');
  await expectNoAxeViolations(administrator);
  // Without a reason it is told at the field, in Chinese, and what was typed stays.
  await administrator.getByLabel('接管理由').fill('');
  await administrator.getByRole('button', { name: '接管', exact: true }).click();
  await expect(administrator.getByText('请填写接管的理由，不超过 200 字')).toBeVisible();
  await expect(administrator.getByLabel('接管理由')).toHaveAttribute('aria-invalid', 'true');
  await expectNoAxeViolations(administrator);
  await administrator.getByLabel('接管理由').fill('民警休假');
  await administrator.getByRole('button', { name: '接管', exact: true }).click();
  await expect(administrator.getByText('已接管该申请单。')).toBeVisible();
  await there.reload();
  await expect(there.getByRole('button', { name: '领取', exact: true })).toBeEnabled();
  for (const person of [officer, there, administrator]) await person.context().close();
});
