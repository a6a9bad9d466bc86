// What belongs to a person stands in no address: addresses end up in histories, logs of proxies and other people's
// sight (finding 16, ASVS V14.2.1). Every form that a page sends by GET is walked.
import { test, expect, person, signIn, signInAs } from '../harness/test.mjs';
import { fileWebsite, inForce } from '../harness/arrange.mjs';
import { desk, siteOf } from '../harness/desk.mjs';

// Names of controls that a GET form may have: numbers, words and choices of the platform, names of companies and
// sites, reasons. Whoever adds one decides that it never holds a person's name, number, address or e-mail.
const HARMLESS = new Set([
  'q', 'code', 'procedure', 'state', 'region', 'claimed_by', 'age', 'search', 'sort', 'after', 'from',
  'move', 'withdraw', 'delete', 'draft', 'record', 'find', 'area', 'page', 'action', 'object', 'person', 'since', 'until',
  'source', 'fresh', 'fault', 'act',
]);
// And those which hold the name of a company, not of a person.
const OF_COMPANIES = new Set(['/upkeep/providers name', '/website/new/site name']);
const PERSONAL = /姓名|手机|电话|联系|证件|身份证|邮箱|邮件|住址|地址/;

/** Control names, label by label, of the forms of a page that are sent by GET. */
const formsOf = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('form')]
      .filter((form) => (form.getAttribute('method') ?? 'get').toLowerCase() === 'get')
      .flatMap((form) => [...form.elements])
      .filter((control) => control.name)
      .map((control) => ({
        at: `${new URL(control.form.getAttribute('action') ?? location.href, location.href).pathname} ${control.name}`,
        name: control.name,
        label: control.labels?.[0]?.textContent ?? '',
      })),
  );

async function expectHarmless(page, path, secrets) {
  await page.goto(path);
  for (const { at, name, label } of await formsOf(page)) {
    // A ticked filing is named by its id.
    expect.soft(HARMLESS.has(name) || name.startsWith('f.') || OF_COMPANIES.has(at), `${path}: ${at} (${label}) in an address`).toBe(true);
    expect.soft(label, `${path}: ${at}`).not.toMatch(PERSONAL);
  }
  const addresses = await page.evaluate(() =>
    [...document.querySelectorAll('[href], [src], [action], [formaction]')].flatMap((element) =>
      ['href', 'src', 'action', 'formaction'].map((name) => decodeURIComponent(element.getAttribute(name) ?? '')),
    ),
  );
  const telling = [page.url(), ...addresses].filter((address) => secrets.some((secret) => address.includes(secret)));
  expect.soft(telling, path).toEqual([]);
}

test('no page sends personal data in an address', async ({ page, baseURL, hydrates }) => {
  test.skip(hydrates, 'what stands in an address is drawn by the server');
  test.setTimeout(300_000);
  const who = person('何测试');
  const secrets = [who.name, who.mobile, who.idNumber];
  await signInAs(page, who);
  const { subject, website } = await inForce(page, baseURL, who);
  const draft = await desk(page, baseURL).save('website_new', 'site', undefined, siteOf('addresses.cn'));
  for (const path of [
    '/', '/services', '/lookup', '/notices', '/sessions', '/mine/drafts', '/mine/filings', '/mine/subject', '/mine/website',
    '/mine/provider', '/mine/looks', `/mine/website/${website}`, `/website/change?record=${website}`, '/website/change',
    '/website/cancel', `/website/cancel?record=${website}`, `/subject/transfer?record=${subject}`, '/subject/receive',
    '/subject/cancel', `/website/new/site?draft=${draft.id}&find=isp`, `/website/new/people?draft=${draft.id}`, '/provider/new',
  ]) {
    await expectHarmless(page, path, secrets);
  }
  const filing = await fileWebsite(page, baseURL, who, { domain: 'addresses-too.cn' });
  await expectHarmless(page, `/mine/filings/${filing}`, secrets);
  await page.context().clearCookies();

  await signIn(page, '审核员东城');
  for (const path of [
    '/review',
    '/review/queue',
    '/review/patrol',
    '/review/second-looks',
    '/review/second-looks/results',
    `/review/batch?act=claim&f.${filing}=on`,
    `/review/peek/${filing}`,
    `/review/filings/${filing}`,
    `/review/filings/${filing}?move=310000`,
  ]) {
    await expectHarmless(page, path, secrets);
  }
  await page.context().clearCookies();
  for (const [name, paths] of [
    ['管理员', ['/staff', '/review/claims']],
    ['维护员', ['/upkeep/providers', '/upkeep/reasons', '/upkeep/holidays', '/upkeep/platform']],
    ['审计员', ['/audit']],
  ]) {
    await signIn(page, name);
    for (const path of paths) await expectHarmless(page, path, []);
    await page.context().clearCookies();
  }
});

test('waiting subjects are searched without the number in an address', async ({ page }) => {
  const who = person('吕测试');
  const sought = person('施测试');
  await signInAs(page, who);
  const asked = [];
  page.on('request', (request) => asked.push(decodeURIComponent(request.url())));
  await page.goto('/subject/receive');
  for (const [label, text] of [['姓名', sought.name], ['手机号', sought.mobile], ['身份证号', sought.idNumber]]) {
    await page.getByLabel(label, { exact: true }).fill(text);
  }
  await page.getByRole('button', { name: '查询' }).click();
  await expect(page.getByText('没有符合条件的移交')).toBeVisible();
  await page.reload();
  await expect(page.getByLabel('身份证号', { exact: true })).toHaveValue(sought.idNumber);
  for (const secret of [sought.name, sought.mobile, sought.idNumber]) expect(asked.join('\n')).not.toContain(secret);

  // It is the person's own: nobody else's page shows it, and 清除 leaves it.
  await page.getByRole('link', { name: '清除' }).click();
  await expect(page.getByLabel('身份证号', { exact: true })).toHaveValue('');
  await page.context().clearCookies();
  await signInAs(page, person('孔无关'));
  await page.goto('/subject/receive?searched=1');
  await expect(page.getByLabel('身份证号', { exact: true })).toHaveValue('');
});
