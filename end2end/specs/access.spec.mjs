// Every server function is an address anybody can call (R74): who gets what, for each of them and each kind
// of caller. A function that is missing here is missing in server-functions.txt, and that fails `make test`.
import { readFileSync } from 'node:fs';
import { test, expect, person, signIn, signInAs } from '../harness/test.mjs';

const NOBODYS = '01900000-0000-7000-8000-000000000000';
const anybody = { anonymous: 200, applicant: 200, reviewer: 200, administrator: 200 };
const signedIn = { anonymous: 401, applicant: 200, reviewer: 200, administrator: 200 };
const notYours = { anonymous: 401, applicant: 404, reviewer: 404, administrator: 404 };
// An administrator gives roles and sees no filings (R60).
const reviewersOnly = { anonymous: 401, applicant: [403, 404], reviewer: 200, administrator: [403, 404] };

// Whoever keeps the system gives no roles and reviews nothing, and the other way round.
const keepersOnly = { anonymous: 401, applicant: 403, reviewer: 403, administrator: 403, auditor: 403, keeper: 200 };

/** What to send, and what each kind of caller is answered. */
const functions = {
  me: [{}, anybody],
  regions: [{ parent: '' }, anybody],
  lookup: [{ text: '没有这个主体' }, anybody],
  public_record: [{ digits: '00000000000000', code: null }, { anonymous: 404, applicant: 404, reviewer: 404 }],
  guide: [{}, anybody],
  home: [{}, signedIn],
  offers: [{}, signedIn],
  sessions: [{}, signedIn],
  deleted_drafts: [{}, signedIn],
  drafts: [{ procedure: '', after: '' }, signedIn],
  filings: [{ procedure: '', state: '', after: '' }, signedIn],
  notice_settings: [{ check: false }, signedIn],
  notices: [{ unread_only: true, after: '' }, signedIn],
  my_subject: [{}, signedIn],
  progress: [{ filing: NOBODYS }, notYours],
  records: [{ business: 'website', in_force: false, after: '' }, signedIn],
  handovers: [{ is_searched: false }, signedIn],
  filing: [{ id: NOBODYS }, notYours],
  record: [{ business: 'website', id: NOBODYS }, notYours],
  handover_view: [{ id: NOBODYS }, notYours],
  form_view: [
    { request: { procedure: 'website_new', step: '', draft: NOBODYS, record: null, fresh: false, check: false } },
    { anonymous: 401, applicant: [403, 404, 409] },
  ],
  find: [{ question: { Regions: { text: '东城', every_level: false } } }, signedIn],
  step_faults: [{ procedure: 'website_new', step: 'site', draft: NOBODYS }, notYours],
  reveal: [
    { request: { procedure: 'subject_new', draft: NOBODYS, record: null, subject: null, at: 'principal.id_no', mask: '1*' } },
    notYours,
  ],
  save_draft: [
    { draft: { procedure: 'website_new', step: 'basics', draft: NOBODYS, record: null, subject: null, version: 1, overwrite: true, answers: {} } },
    { anonymous: 401, applicant: [403, 404, 409] },
  ],
  submit: [{ draft: NOBODYS, version: 1, subject: null, key: NOBODYS }, notYours],
  cancel_view: [{ business: 'website', record: NOBODYS, check: false }, notYours],
  transfer_view: [{ subject: NOBODYS, check: false }, notYours],
  send_identity_code: [{ purpose: 'cancel', record: NOBODYS }, notYours],
  dashboard: [{}, reviewersOnly],
  queue: [{ request: { state: 'all', procedure: '', search: '', after: '' } }, { ...reviewersOnly, keeper: 403, auditor: 403 }],
  queue_desk: [{ request: { state: 'all' } }, reviewersOnly],
  queue_table: [{ request: { state: 'all' } }, { ...reviewersOnly, keeper: 403, auditor: 403 }],
  peek: [{ id: NOBODYS }, { anonymous: 401, applicant: [403, 404], reviewer: 404, administrator: [403, 404] }],
  batch_plan: [{ act: 'claim', filings: [NOBODYS], check: false }, { ...reviewersOnly, keeper: 403, auditor: 403 }],
  batch_report: [{ id: NOBODYS }, { anonymous: 401, applicant: [403, 404], reviewer: 404, administrator: [403, 404] }],
  neighbours: [{ id: NOBODYS, request: {} }, { anonymous: 401, applicant: [403, 404], reviewer: 404, administrator: [403, 404] }],
  undoable: [{}, { ...reviewersOnly, keeper: 403, auditor: 403 }],
  misuse_reports: [{ request: {} }, { ...reviewersOnly, keeper: 403, auditor: 403 }],
  patrol_page: [{ request: {} }, { ...reviewersOnly, keeper: 403, auditor: 403 }],
  second_looks: [{ after: '' }, { ...reviewersOnly, keeper: 403, auditor: 403 }],
  second_look: [{ id: NOBODYS, check: false }, { anonymous: 401, applicant: 403, reviewer: 404, administrator: 403, keeper: 403, auditor: 403 }],
  second_look_results: [{ days: '30' }, { anonymous: 401, applicant: 403, reviewer: 200, administrator: 200, keeper: 403, auditor: 403 }],
  claims_held: [{ after: '' }, { anonymous: 401, applicant: [403, 404], reviewer: [403, 404], administrator: 200 }],
  officer_loads: [{ region: '', days: '' }, { anonymous: 401, applicant: 403, reviewer: 403, administrator: 200, keeper: 403, auditor: 403 }],
  return_reasons: [{ days: '' }, { anonymous: 401, applicant: 403, reviewer: 200, administrator: 200, keeper: 200, auditor: 403 }],
  region_names: [{}, { anonymous: 401, applicant: 403, reviewer: 403, administrator: 200, keeper: 403, auditor: 403 }],
  held_filing: [{ id: NOBODYS }, { anonymous: 401, applicant: 403, reviewer: 403, administrator: 404, keeper: 403, auditor: 403 }],
  kept_form: [{ form: 'reason' }, signedIn],
  review: [{ id: NOBODYS, look: null }, { anonymous: 401, applicant: [403, 404], reviewer: 404 }],
  talk: [{ id: NOBODYS }, { anonymous: 401, applicant: [403, 404], reviewer: 404, administrator: [403, 404], keeper: 403, auditor: 403 }],
  my_talk: [{ id: NOBODYS, check: true }, notYours],
  relatives: [{ id: NOBODYS }, { anonymous: 401, applicant: [403, 404], reviewer: 404, administrator: [403, 404], keeper: 403, auditor: 403 }],
  filing_history: [{ request: { filing: NOBODYS } }, { anonymous: 401, applicant: [403, 404], reviewer: 404, administrator: [403, 404], keeper: 403, auditor: 403 }],
  audit_log: [{ request: {} }, { anonymous: 401, applicant: [403, 404], reviewer: [403, 404], administrator: [403, 404], keeper: 403, auditor: 200 }],
  directory: [{ request: {} }, keepersOnly],
  reasons: [{}, keepersOnly],
  holidays: [{}, keepersOnly],
  holiday_import: [{}, keepersOnly],
  platform_state: [{}, keepersOnly],
  appointed: [{ id: NOBODYS, check: '' }, { anonymous: 401, applicant: 403, reviewer: 403, administrator: 404, keeper: 403, auditor: 403 }],
  looks: [{ after: '' }, signedIn],
  account: [{ id: NOBODYS }, { anonymous: 401, applicant: 403, reviewer: 403, administrator: 404, keeper: 403, auditor: 403 }],
  suspended: [{}, { anonymous: 401, applicant: 403, reviewer: 403, administrator: 200, keeper: 403, auditor: 403 }],
  appointment: [{ check: true }, { anonymous: 401, applicant: 403, reviewer: 403, administrator: 200, keeper: 403, auditor: 403 }],
  staff: [{}, { anonymous: 401, applicant: [403, 404], reviewer: [403, 404], administrator: 200, keeper: 403, auditor: 403 }],
};

const callers = {
  anonymous: async () => {},
  applicant: (page) => signInAs(page, person('陈测试')),
  reviewer: (page) => signIn(page, '审核员东城'),
  administrator: (page) => signIn(page, '管理员'),
  keeper: (page) => signIn(page, '维护员'),
  auditor: (page) => signIn(page, '审计员'),
};

test('every server function is in the table', () => {
  const list = readFileSync(new URL('../server-functions.txt', import.meta.url), 'utf8');
  const names = list.split('\n').filter((line) => line && !line.startsWith('#'));
  expect(Object.keys(functions).sort()).toEqual(names.sort());
});

for (const [caller, arrive] of Object.entries(callers)) {
  test(`${caller}: each server function answers what this caller may have`, async ({ page, baseURL }) => {
    await arrive(page);
    for (const [name, [input, expected]] of Object.entries(functions)) {
      if (!(caller in expected)) continue;
      const response = await page.request.post(`${baseURL}/api/${name}`, { data: input, headers: { origin: baseURL } });
      const told = `${name} answers ${response.status()}: ${(await response.text()).slice(0, 200)}`;
      expect.soft([expected[caller]].flat(), told).toContain(response.status());
    }
  });
}

test('a page of another site cannot call a server function with the person\'s cookies', async ({ page, baseURL }) => {
  await signIn(page, '申请人甲');
  const response = await page.request.post(`${baseURL}/api/home`, {
    data: {},
    headers: { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' },
  });
  expect(response.status()).toBe(403);
});

test('the public interface for programs answers everybody alike, without a cookie', async ({ page, baseURL }) => {
  const paths = ['/api/v1/openapi.json', '/api/v1/records?domain=nobody-filed-this.cn', '/api/v1/records/99999902999999', '/api/v1/records/1'];
  const statuses = [200, 200, 404, 400];
  for (const arrive of [callers.anonymous, callers.applicant, callers.reviewer]) {
    await page.context().clearCookies();
    await arrive(page);
    for (const [nth, path] of paths.entries()) {
      const response = await page.request.get(`${baseURL}${path}`, { headers: { origin: 'https://elsewhere.example' } });
      expect.soft(response.status(), path).toBe(statuses[nth]);
      expect.soft(response.headers()['access-control-allow-origin'], path).toBe('*');
      expect.soft(response.headers()['set-cookie'], path).toBeUndefined();
    }
    const post = await page.request.post(`${baseURL}/api/v1/records/1`, { headers: { origin: baseURL } });
    expect.soft([post.status(), post.headers()['content-type']]).toEqual([405, 'application/problem+json']);
  }
  await page.goto('/lookup');
  await expect(page.getByRole('link', { name: '开放接口' })).toHaveAttribute('href', '/api/v1/openapi.json');
});
