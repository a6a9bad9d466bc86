// Text that could not be saved is kept in this browser (R77), and read there by nobody but the person whose it is:
// finding 8, ASVS V14.3.1 and V14.3.3.
import { timed as test, expect, hydrated, person, signInAs, tellProvider } from '../harness/test.mjs';
import { later } from '../harness/arrange.mjs';

const NUMBER = '负责人证件号码';
const DAY = 24 * 60 * 60 * 1000;

/** Everything the browser holds for this site that a script, or whoever sits at the machine, can read. */
const stored = (page) =>
  page.evaluate(async () => {
    const databases = await indexedDB.databases();
    const caches = await globalThis.caches.keys();
    return { local: { ...localStorage }, session: { ...sessionStorage }, databases, caches, cookie: document.cookie };
  });

const keptIn = async (page) => Object.keys((await stored(page)).local).filter((name) => name.startsWith('kept/'));

/** Types on a page that can save nothing, until the browser keeps it. */
async function typeUnsaved(page, who) {
  await page.goto('/subject/new');
  await hydrated(page);
  await page.route('**/api/save_draft', (route) => route.abort());
  await page.getByLabel('开办主体性质').selectOption('个人');
  await page.getByLabel('负责人姓名').fill(who.name);
  await page.getByLabel(NUMBER).fill(who.idNumber);
  await page.getByLabel('负责人手机号码').fill(who.mobile);
  await page.getByLabel('负责人常住详细地址').fill('景山前街 4 号院 2 号楼');
  await page.getByRole('button', { name: '保存草稿' }).click();
  await expect(page.getByText('保存失败').first()).toBeVisible();
  await expect.poll(() => keptIn(page)).toHaveLength(1);
}

async function expectUnreadable(page, who) {
  const text = JSON.stringify(await stored(page));
  for (const secret of [who.idNumber, who.mobile, who.name, '景山前街', 'principal', 'answers']) {
    for (const form of [secret, Buffer.from(secret).toString('base64').replace(/=+$/, ''), encodeURIComponent(secret)]) {
      expect(text, secret).not.toContain(form);
    }
  }
}

/** What another page of this browser gets by the key it was given. */
const opened = (page, name) =>
  page.evaluate((name) => {
    const props = document.querySelector('leptos-island[data-component^=StepForm]').dataset.props;
    const [, key] = /"kept_key":"([^"]+)"/.exec(props);
    return globalThis.kept.find(key, name);
  }, name);

test('what was typed is sealed, is back for the same person after the session has ended, and for nobody else', async ({ page, server }) => {
  const who = person('韩测试');
  await signInAs(page, who);
  await typeUnsaved(page, who);
  await expectUnreadable(page, who);

  // The session ends by itself, and the page that is still open goes on keeping.
  await later(server, 40 * 60);
  await page.unroute('**/api/save_draft');
  await page.getByLabel('电子邮件地址').fill('later@abc123.cn');
  await page.getByRole('button', { name: '保存草稿' }).click();
  await expect(page.getByText('登录已过期').first()).toBeVisible();
  await expectUnreadable(page, who);
  const [name] = await keptIn(page);

  // Somebody else signs in at this machine: neither the page nor its key shows any of it.
  const other = await page.context().newPage();
  await signInAs(other, person('杨无关'));
  await other.goto('/subject/new');
  await hydrated(other);
  await expect(other.getByLabel('开办主体性质')).toHaveValue('');
  expect(await opened(other, name)).toBeNull();
  await expectUnreadable(other, who);
  await later(server, 40 * 60);
  await other.close();

  // The same person is back in the same step with all of it.
  await page.getByRole('link', { name: '重新登录' }).click();
  await tellProvider(page, who);
  await page.waitForURL(/\/subject\/new/);
  await expect(page.getByLabel(NUMBER)).toHaveValue(who.idNumber);
  await expect(page.getByLabel('电子邮件地址')).toHaveValue('later@abc123.cn');
  await expect(page.locator('.save-state')).toContainText('已保存');
  await expect.poll(() => keptIn(page)).toEqual([]);
});

test('退出 leaves nothing behind', async ({ page }) => {
  const who = person('秦测试');
  await signInAs(page, who);
  await typeUnsaved(page, who);
  await page.evaluate(() => localStorage.setItem('left by something else', 'x'));
  await page.locator('details').filter({ hasText: '退出' }).locator('summary').click();
  const answer = page.waitForResponse((response) => response.url().endsWith('/auth/logout'));
  await page.getByRole('button', { name: '退出' }).click();
  expect((await (await answer).allHeaders())['clear-site-data']).toBe('"storage"');
  await expect(page.getByText('用户登录').first()).toBeVisible();
  expect(await stored(page)).toEqual({ local: {}, session: {}, databases: [], caches: [], cookie: '' });
});

test('a day later it is gone, whoever opens whatever page, and so is what an older version left in the open', async ({ page }) => {
  const who = person('尤测试');
  await signInAs(page, who);
  await typeUnsaved(page, who);
  const [name] = await keptIn(page);
  await page.evaluate(() => localStorage.setItem('kept/old/subject_new/form/new', '{"version":null,"answers":{}}'));
  await page.context().clearCookies();
  const began = Date.now();
  await page.clock.setFixedTime(began + DAY - 10 * 60_000);
  await page.goto('/lookup');
  await expect.poll(() => keptIn(page)).toEqual([name]);
  await page.clock.setFixedTime(began + DAY + 10 * 60_000);
  await page.goto('/lookup');
  await expect.poll(() => keptIn(page)).toEqual([]);
});
