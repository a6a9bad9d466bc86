// Open desks without a storm (R61): what a colleague does shows within three seconds, for which a page asks for the row
// alone, and for nothing while nobody sees it.
import { test, expect, hydrated, person, signIn, signInAs, anotherBrowser } from '../harness/test.mjs';
import { fileSubject, fileWebsite } from '../harness/arrange.mjs';
import { desk } from '../harness/desk.mjs';

const serial = () => String(Math.floor(Math.random() * 1e9));
const rowOf = (page, unit) => page.locator('tr[data-row]').filter({ hasText: unit });

/** An officer of 东城, appointed by the administrator, on a page of their own. */
async function colleague(browser, baseURL, hydrates) {
  const administrator = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(administrator, '管理员');
  const officer = person('钱同事');
  await desk(administrator, baseURL).act('appoint', { name: officer.name, id_no: officer.idNumber, role: 'reviewer', region: '110101' });
  await administrator.context().close();
  const page = await anotherBrowser(browser, baseURL, hydrates);
  await signInAs(page, officer);
  return page;
}

/** What a page asks the server for from now on: addresses and sizes. */
function asked(page) {
  const all = [];
  page.on('response', async (response) => {
    const { pathname } = new URL(response.url());
    if (!pathname.startsWith('/review/') || pathname === '/review/events') return;
    const entry = { pathname, size: 0 };
    all.push(entry);
    entry.size = (await response.body().catch(() => Buffer.alloc(0))).length;
  });
  return all;
}

/** Claims or releases a filing as the officer of a page, without looking at it. */
const act = (page, baseURL, name, filing) => desk(page, baseURL).act(name, { filing });

/** Three new subjects, each with a website. */
async function fileThree(page, baseURL) {
  const units = ['甲', '乙', '丙'].map((name) => `行${name}${serial()}有限公司`);
  const filings = [];
  for (const unit of units) {
    const who = person('孙测试');
    await signInAs(page, who);
    filings.push(await fileSubject(page, baseURL, who, unit));
    // A subject alone is put to nobody (R15).
    await fileWebsite(page, baseURL, who, { domain: `row${serial()}.cn` });
  }
  return { units, filings };
}

test('what a colleague does shows within three seconds, and only the row is fetched for it', async ({ page, hydrates, baseURL, browser }) => {
  test.skip(!hydrates, 'without scripts nothing changes by itself');
  test.setTimeout(120_000);
  const { units: [unit, other], filings: [filing] } = await fileThree(page, baseURL);
  const watcher = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(watcher, '审核员东城');
  await watcher.goto('/review/queue?state=pending&sort=newest');
  await hydrated(watcher);
  await watcher.mouse.move(0, 0);
  await expect(rowOf(watcher, unit)).toHaveCount(1);
  const whole = (await (await watcher.request.get(`${baseURL}/review/queue?state=pending&sort=newest`)).body()).length;
  const worker = await colleague(browser, baseURL, hydrates);
  const requests = asked(watcher);

  // It leaves the list; the others stay as they are.
  const beside = await rowOf(watcher, other).elementHandle();
  const total = async () => Number(/共 (\d+) 条/.exec(await watcher.locator('#queue .pager').textContent())[1]);
  const before = await total();
  await act(worker, baseURL, 'claim', filing);
  await expect(rowOf(watcher, unit)).toHaveCount(0, { timeout: 3_000 });
  expect(await beside.evaluate((row) => row.isConnected), 'the other row is the same still').toBe(true);
  expect(await total(), 'a subject and its website are claimed together').toBe(before - 2);
  await expect.poll(() => requests.map(({ pathname }) => pathname)).toEqual(['/review/rows']);
  await expect.poll(() => requests[0].size).toBeGreaterThan(0);
  expect(requests[0].size).toBeLessThan(whole / 4);

  // It comes back to its place, marked.
  await act(worker, baseURL, 'release', filing);
  await expect(rowOf(watcher, unit)).toContainText('刚刚更新', { timeout: 3_000 });
  expect(await total()).toBe(before);
  const order = await watcher.locator('tr[data-row]').evaluateAll((rows) => rows.map((row) => Number(row.dataset.at)));
  expect(order).toEqual([...order].sort((one, another) => another - one));
  expect(new Set(requests.map(({ pathname }) => pathname))).toEqual(new Set(['/review/rows']));
  for (const one of [watcher, worker]) await one.context().close();
});

test('many changes at once are asked for together, and a page nobody sees asks for nothing', async ({ page, hydrates, baseURL, browser }) => {
  test.skip(!hydrates, 'without scripts nothing changes by itself');
  test.setTimeout(120_000);
  const { units: [unit], filings: [filing, second] } = await fileThree(page, baseURL);
  const watcher = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(watcher, '审核员东城');
  await watcher.addInitScript(() => {
    let isHidden = false;
    Object.defineProperty(document, 'hidden', { get: () => isHidden });
    window.hide = (hide) => {
      isHidden = hide;
      document.dispatchEvent(new Event('visibilitychange'));
    };
  });
  await watcher.goto('/review/queue?sort=newest');
  await hydrated(watcher);
  await watcher.mouse.move(0, 0);
  const worker = await colleague(browser, baseURL, hydrates);
  const requests = asked(watcher);

  for (let times = 0; times < 3; times += 1) {
    await act(worker, baseURL, 'claim', filing);
    await act(worker, baseURL, 'claim', second);
    await act(worker, baseURL, 'release', filing);
    await act(worker, baseURL, 'release', second);
  }
  await act(worker, baseURL, 'claim', filing);
  await expect(rowOf(watcher, unit)).toContainText('钱同事领取', { timeout: 3_000 });
  expect(requests.length, 'thirteen changes').toBeLessThanOrEqual(3);

  // Let what is planned run out.
  await watcher.waitForTimeout(3_000);
  requests.length = 0;
  await watcher.evaluate(() => window.hide(true));
  await act(worker, baseURL, 'release', filing);
  await watcher.waitForTimeout(3_500);
  expect(requests).toEqual([]);
  await expect(rowOf(watcher, unit)).toContainText('钱同事领取');
  await watcher.evaluate(() => window.hide(false));
  await expect(rowOf(watcher, unit)).toContainText('待审核', { timeout: 3_000 });
  await expect.poll(() => requests.length).toBe(1);
  for (const one of [watcher, worker]) await one.context().close();
});

test('a line that something else answered is opened anew, and the page is read anew for what was missed', async ({ page, hydrates, baseURL, browser }) => {
  test.skip(!hydrates, 'without scripts nothing changes by itself');
  test.setTimeout(120_000);
  const { units: [unit], filings: [filing] } = await fileThree(page, baseURL);
  const watcher = await anotherBrowser(browser, baseURL, hydrates);
  await signIn(watcher, '审核员东城');
  const worker = await colleague(browser, baseURL, hydrates);
  // As a proxy answers while no server is there; a browser does not try again by itself after that.
  let refused = 0;
  await watcher.route('**/review/events', (route) => {
    refused += 1;
    return refused <= 2 ? route.fulfill({ status: 503, body: '' }) : route.continue();
  });
  await watcher.goto('/review/queue?state=pending&sort=newest');
  await hydrated(watcher);
  await watcher.mouse.move(0, 0);
  await expect(rowOf(watcher, unit)).toHaveCount(1);
  await act(worker, baseURL, 'claim', filing);
  await expect(rowOf(watcher, unit)).toHaveCount(0, { timeout: 20_000 });
  expect(refused, 'refused twice, there at the third').toBe(3);
});
