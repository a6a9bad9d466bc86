// Hostile text in every view: a subject and websites are filed with tags, quotes, very long words, pictures and
// right-to-left text in every free field, and every page of applicant, officer and public shows them as text.
import { test, expect, person, signIn, signInAs } from '../harness/test.mjs';
import { decideAs, desk, peopleOf, siteOf, unitOf } from '../harness/desk.mjs';
import { pdf, png } from '../harness/files.mjs';

const PHONE = { width: 390, height: 844 };
const LONG = 'W'.repeat(120);
const EMOJI = '👩‍👩‍👧‍👦🏳️‍🌈';
const RTL = 'שלום عليكم';
const TAG = '"></title><script>window.hacked=1</script>';
const AREA = '</textarea></script><script>window.hacked=2</script>';
const PICTURE = '</title><img src=x onerror=window.hacked=3>';
const QUOTE = `' onfocus='window.hacked=4' autofocus x="`;
const COMMENT = '--><svg onload=window.hacked=5>{{7-7}}${7-7}';
/** As the server counts: characters, none cut in half. */
const cut = (text, most) => [...text].slice(0, most).join('');
const everything = (most) => cut([AREA, PICTURE, QUOTE, COMMENT, EMOJI, RTL, LONG, LONG, LONG].join(''), most);

const unit = (who, picture) => ({
  ...unitOf(who, picture, cut(`${TAG}${EMOJI}${LONG}`, 90) + ['甲', '乙', '丙'][Math.floor(Math.random() * 3)]),
  'unit.cert_kind': 'other',
  'unit.cert_no': 'A-1234567890',
  'unit.cert_other_name': cut(`${PICTURE}${EMOJI}`, 50),
  'unit.office_address': everything(200),
  'unit.registered_region': '110101',
  'unit.registered_address': cut(`${QUOTE}${LONG}${LONG}`, 200),
  'principal.address': everything(200),
  'principal.email': `${'w'.repeat(60)}@${'w'.repeat(60)}.${'w'.repeat(60)}.cn`,
});

const site = (who, picture, domain, plan) => ({
  ...siteOf(domain),
  ...peopleOf(who, picture),
  'site.name': cut(`${PICTURE}${LONG}`, 60),
  'site.other_domains': [`${'w'.repeat(63)}.${domain}`],
  'site.home_urls': [`https://www.${domain}/${'w'.repeat(300)}?x='"`.replace('"', '%22')],
  'isp.name': cut(`${TAG}${LONG}`, 100),
  'registrar.name': cut(`${COMMENT}${LONG}`, 100),
  'interactive.is_interactive': 'yes',
  'interactive.kinds': ['bbs'],
  'interactive.registered_users': 'lt1k',
  'interactive.moderation': 'before',
  'interactive.real_name': ['sms'],
  'interactive.moderators': '1000000',
  'interactive.log_months': '6',
  'interactive.filter': `第一行\n${everything(900)}`,
  'interactive.security_plan': plan,
  'permit.has': 'yes',
  'permits.#': '1',
  'permits.0.kind': 'news',
  'permits.0.number': cut(`${TAG}${LONG}`, 60),
  'permits.0.issuer': cut(`${PICTURE}${LONG}`, 60),
  'permits.0.valid_to': '2099-01-01',
  'permits.0.file': plan,
  'other.remark': everything(500),
});

/** Goes there, and finds text where text was filed: no tag in what was sent, no script run, nothing beside the page. */
async function visit(page, path, { shows, status = 200 } = {}) {
  const response = await page.goto(path);
  expect.soft(response.status(), path).toBe(status);
  const html = await response.text();
  for (const tag of ['<script>window', '<img src=x', '<svg onload']) {
    expect.soft(html.includes(tag), `${path} sends ${tag}`).toBe(false);
  }
  if (shows) expect.soft(await page.locator('body').innerText(), path).toContain(shows);
  await expectHarmless(page, path);
}

async function expectHarmless(page, path) {
  const found = await page.evaluate(() => ({
    hacked: window.hacked,
    scripts: [...document.querySelectorAll('script')].filter((script) => script.textContent.includes('hacked')).length,
    elements: document.querySelectorAll('img[src="x"], svg[onload], [onerror], [onfocus], [onload]').length,
    width: document.documentElement.scrollWidth,
    room: document.documentElement.clientWidth,
  }));
  expect.soft(found, path).toMatchObject({ hacked: undefined, scripts: 0, elements: 0 });
  expect.soft(found.width, `${path} is not wider than the screen`).toBeLessThanOrEqual(found.room);
}

test('what people write is text on every page of applicant, officer and public', async ({ baseURL, browser }) => {
  test.setTimeout(300_000);
  const open = async (userAgent) => {
    const context = await browser.newContext({ baseURL, viewport: PHONE, userAgent });
    return context.newPage();
  };
  const page = await open(`${TAG}${LONG} Chrome/120`);
  const who = person('蒋测试');
  await signInAs(page, who);
  const { ask, send, save, submit } = desk(page, baseURL);
  const draftOf = async (answers) => save('website_new', 'people', await save('website_new', 'site', undefined, answers), answers);
  const file = async (answers) => submit(await draftOf(answers));
  const picture = await send({ ...png(), name: `${PICTURE}${LONG}.png` });
  const plan = await send({ ...pdf(), name: `${TAG}${EMOJI}.pdf` }, 'document');
  const answers = unit(who, picture);
  const name = answers['unit.name'];
  const serial = String(Math.floor(Math.random() * 1e9));

  // Drafts hold whatever is typed, also what no filing takes.
  const wild = { ...answers, 'unit.name': `\u202e${TAG}\u0007${everything(2000)}`, 'principal.name': AREA };
  const draft = await save('subject_new', 'form', undefined, wild);
  await visit(page, '/', { shows: '开办主体' });
  await visit(page, '/mine/drafts', { shows: 'window.hacked=1' });
  await visit(page, '/subject/new');
  await visit(page, `/subject/new/form?draft=${draft.id}&check=1`, { shows: '处需要修改' });
  await expect(page.getByLabel('主办单位名称', { exact: true })).toHaveValue(/hacked/);

  const subject = await submit(await save('subject_new', 'form', draft, answers));
  const returned = await file(site(who, picture, `returned${serial}.cn`, plan));
  const approved = await file(site(who, picture, `approved${serial}.cn`, plan));
  const pending = await draftOf(site(who, picture, `draft${serial}.cn`, plan));
  for (const path of ['/', '/services', '/mine/filings', `/mine/filings?receipt=${subject}`, '/mine/drafts']) await visit(page, path);
  for (const id of [subject, returned, approved]) {
    await visit(page, `/mine/filings/${id}`, { shows: 'hacked' });
    await visit(page, `/receipt/${id}`);
  }
  for (const step of ['subject', 'site', 'people', 'notice']) {
    await visit(page, `/website/new/${step}?draft=${pending.id}`);
    await visit(page, `/website/new/${step}?draft=${pending.id}&check=1`);
  }

  const officer = await open();
  await signIn(officer, '审核员东城');
  for (const path of ['/review', '/review/queue', `/review/queue?search=${encodeURIComponent(TAG)}`]) await visit(officer, path);
  for (const id of [subject, returned, approved]) {
    await visit(officer, `/review/filings/${id}`, { shows: 'hacked' });
    await visit(officer, `/review/peek/${id}`);
    await visit(officer, `/review/batch?act=transfer&f.${id}=on`);
  }
  await decideAs(officer, baseURL, subject, 'approve', { note: everything(900) });
  await decideAs(officer, baseURL, approved, 'approve', { note: `${AREA}\n${LONG}` });
  const remarks = { 'site.name': everything(300), 'other.remark': AREA };
  await decideAs(officer, baseURL, returned, 'return', { note: everything(900), remarks });
  for (const id of [subject, returned, approved]) await visit(officer, `/review/filings/${id}`, { shows: 'hacked' });
  for (const path of ['/review', '/review/queue?state=all', '/notices', '/sessions']) await visit(officer, path);
  await officer.context().close();
  // Not before it can no longer be taken back.
  const own = desk(page, baseURL);
  const told = async () => (await own.ask('notices', { unread_only: false, after: '' })).rows.some((row) => row.text.includes('退回'));
  await expect.poll(told, { timeout: 20_000 }).toBe(true);

  await visit(page, '/');
  await visit(page, '/notices', { shows: '退回' });
  await visit(page, '/sessions', { shows: 'hacked' });
  await visit(page, `/mine/filings/${returned}`, { shows: 'hacked' });
  await visit(page, '/mine/subject', { shows: 'hacked' });
  await visit(page, '/mine/website');
  const record = (await ask('records', { business: 'website', after: '' })).rows[0].id;
  await visit(page, `/mine/website/${record}`, { shows: 'hacked' });
  const view = await ask('record', { business: 'website', id: record });
  // Returned: the remarks stand beside the fields.
  await page.goto(`/mine/filings/${returned}`);
  await page.getByRole('button', { name: '修改后重新提交' }).click();
  await page.waitForURL(/\/website\/new\//);
  await expectHarmless(page, 'the form of a returned filing');
  const again = new URL(page.url()).searchParams.get('draft');
  await visit(page, `/website/new/site?draft=${again}&check=1`, { shows: 'hacked' });

  // A change, its comparison, and the identity checks.
  const change = await ask('form_view', {
    request: { procedure: 'subject_change', step: 'form', draft: null, record: null, fresh: true, check: false },
  });
  const address = { 'unit.office_address': cut(`${QUOTE}${AREA}${LONG}`, 200) };
  const changed = await save('subject_change', 'form', undefined, { ...change.answers, ...address }, change.record);
  await visit(page, '/subject/change');
  await visit(page, `/subject/change/form?draft=${changed.id}`);
  await visit(page, `/subject/change/form?draft=${changed.id}&compare=1`, { shows: '变更前' });
  const change_filing = await submit(changed);
  await visit(page, `/mine/filings/${change_filing}`, { shows: '变更前' });
  for (const path of ['/subject/change', '/subject/cancel', '/subject/transfer', '/website/change', '/website/cancel']) await visit(page, path);
  await visit(page, `/website/cancel?record=${record}`);
  await page.request.post('/act/cancel', {
    multipart: {
      business: 'website',
      record,
      key: record,
      'identity.name': AREA,
      'identity.middle_four': QUOTE,
      'identity.sms_code': TAG,
      'identity.reason': everything(500),
      'file:identity.attachment': { ...pdf(), name: `${TAG}.pdf` },
    },
    headers: { origin: baseURL },
  });
  await visit(page, `/website/cancel?record=${record}&check=1`);
  const search = encodeURIComponent(TAG);
  await page.request.post('/act/search-handovers', { form: { name: TAG, mobile: TAG, id_no: QUOTE }, headers: { origin: baseURL } });
  await visit(page, `/subject/receive?searched=1&name=${search}`);
  for (const path of [`/mine/filings?procedure=${search}&state=${search}&after=${search}`, `/mine/drafts?procedure=${search}&after=${search}`]) {
    await visit(page, path);
  }
  await visit(page, `/nowhere/${search}`, { status: 404 });
  await page.context().close();

  const anybody = await open();
  const { digits } = view.registration;
  await visit(anybody, `/r/${digits}`, { shows: 'onerror' });
  for (const text of [`approved${serial}.cn`, name, TAG, everything(200), '\u202e\u0000']) {
    await visit(anybody, `/lookup?q=${encodeURIComponent(text)}`);
  }
  await visit(anybody, '/dev/outbox');
  await anybody.context().close();

  const administrator = await open();
  await signIn(administrator, '管理员');
  await administrator.request.post('/act/appoint', {
    form: { name: PICTURE, id_no: person().idNumber, role: 'reviewer', region: '110101' },
    headers: { origin: baseURL },
  });
  await visit(administrator, '/staff');
  await administrator.context().close();
});
