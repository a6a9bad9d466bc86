// R82: pages in open tabs survive an upgrade of the server. Their saves still work, or ask for a reload and the text
// is still there after it.
import { test, expect, hydrated, person, signInAs, startServer } from '../harness/test.mjs';

async function begin(page) {
  await page.goto('/subject/new');
  await page.getByLabel('开办主体性质').selectOption('个人');
  await page.getByLabel('负责人姓名').fill('魏测试');
  await page.getByRole('button', { name: '保存草稿' }).click();
  await page.waitForURL(/\/mine\/drafts/);
  await page.getByRole('row').filter({ hasText: '新增主体' }).getByRole('link').first().click();
  await page.waitForURL(/draft=/);
}

const name = (page) => page.getByLabel('负责人姓名', { exact: true });
const address = (page) => page.getByLabel('负责人常住详细地址', { exact: true });
const notSaved = (page) => page.getByRole('alert').filter({ hasText: /系统已升级|网络连接失败/ });

test('R82: a tab that was open while the server was replaced goes on saving', async ({ hydrates, browser }) => {
  test.setTimeout(120_000);
  const server = await startServer();
  const context = await browser.newContext({ baseURL: server.url, javaScriptEnabled: hydrates });
  try {
    const page = await context.newPage();
    await signInAs(page, person('魏测试'));
    await begin(page);
    if (hydrates) await hydrated(page);
    await server.kill();
    await address(page).fill('某某街道三号院四号楼');
    if (hydrates) {
      await page.getByRole('button', { name: '保存草稿' }).click();
      await expect(notSaved(page)).toBeVisible();
    }
    await server.start();
    // The same page, drawn by the server before; the session outlived it.
    if (hydrates) await page.getByRole('button', { name: '重试' }).first().click();
    else await page.getByRole('button', { name: '保存草稿' }).click();
    if (hydrates) await expect(page.getByRole('status').filter({ hasText: '已保存' })).toBeVisible();
    else await page.waitForURL(/\/mine\/drafts/);
    await page.goto('/mine/drafts');
    await page.getByRole('row').filter({ hasText: '新增主体' }).getByRole('link').first().click();
    await expect(address(page)).toHaveValue('某某街道三号院四号楼');
  } finally {
    await context.close();
    await server.stop();
  }
});

/** What the server may have become since the page was drawn: how it takes the page's save. */
const upgrades = {
  'the function has another shape': async (route) => {
    const { draft } = route.request().postDataJSON();
    const { answers, ...rest } = draft;
    await route.continue({ postData: JSON.stringify({ draft: { ...rest, given: answers } }) });
  },
  'the function is gone': async (route) => route.continue({ url: route.request().url().replace('save_draft', 'save_draft_2') }),
  'the answer has a shape the page does not know': async (route) =>
    route.fulfill({ status: 200, contentType: 'application/json', body: JSON.stringify({ Moved: { to: 'elsewhere' } }) }),
  'the form does not ask a question any more': async (route) => {
    const { draft } = route.request().postDataJSON();
    draft.answers['principal.no_longer_asked'] = 'something';
    await route.continue({ postData: JSON.stringify({ draft }) });
  },
};

for (const [what, become] of Object.entries(upgrades)) {
  test(`R82: when ${what}, the page asks for a reload and the text is there after it`, async ({ page, hydrates }) => {
    test.skip(!hydrates, 'a plain post is understood by its names alone');
    await signInAs(page, person('陶测试'));
    await begin(page);
    await page.route('**/api/save_draft', become);
    await name(page).fill('姜测试');
    await address(page).fill('某某街道三号院四号楼');
    await page.getByRole('button', { name: '保存草稿' }).click();
    await expect(page.getByRole('alert').filter({ hasText: '系统已升级，请刷新页面；已填写的内容会保留' })).toBeVisible();
    await page.unroute('**/api/save_draft');
    await page.reload();
    await expect(name(page)).toHaveValue('姜测试');
    await expect(address(page)).toHaveValue('某某街道三号院四号楼');
    await expect(page.getByRole('status').filter({ hasText: '已保存' })).toBeVisible();
    await page.reload();
    await expect(name(page)).toHaveValue('姜测试');
  });
}

test('R82: a save of an older page is understood: what it does not know yet is left as it is', async ({ page, baseURL }) => {
  await signInAs(page, person('戚测试'));
  const headers = { origin: baseURL };
  const draft = { procedure: 'subject_new', step: 'form', draft: null, record: null, subject: null, version: null, overwrite: false };
  const first = await page.request.post('/api/save_draft', {
    data: { draft: { ...draft, answers: { 'subject.nature': 'person', 'principal.email': 'a@example.cn' }, added_later: 1 } },
    headers,
  });
  expect(first.status()).toBe(200);
  const { Ok: head } = await first.json();
  // A plain post of a page that had fewer questions and others.
  const posted = await page.request.post('/form/subject/new/form', {
    multipart: { draft: head.id, version: String(head.version), 'subject.nature': 'person', 'principal.name': '戚测试', 'principal.fax': '1', go: 'save' },
    headers,
    maxRedirects: 0,
  });
  expect(posted.headers().location).toBe('/mine/drafts');
  await page.goto(`/subject/new/form?draft=${head.id}`);
  await expect(name(page)).toHaveValue('戚测试');
});
