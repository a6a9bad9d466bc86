// Filing without looking at pages, by the server functions, for specs about what comes before or after.
import { expect } from '@playwright/test';
import { png } from './files.mjs';

/** What the signed-in person of this page can ask the server. */
export function desk(page, baseURL) {
  const headers = { origin: baseURL };
  const ask = async (name, data) => {
    const response = await page.request.post(`${baseURL}/api/${name}`, { data, headers });
    expect(response.status(), `${name}: ${await response.text()}`).toBe(200);
    return response.json();
  };
  /** Sends a file; its id. */
  const send = async (file = png(), sort = 'picture') => {
    const address = `${baseURL}/files?sort=${sort}`;
    const response = await page.request.post(address, {
      data: file.buffer,
      headers: {
        ...headers,
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}`,
      },
    });
    expect(response.status(), await response.text()).toBe(200);
    return (await response.json()).id;
  };
  /** Saves one step; the draft's head. */
  const save = async (procedure, step, draft, answers, record = null) => {
    const version = draft?.version ?? null;
    const request = { procedure, step, draft: draft?.id ?? null, record, subject: null, version, overwrite: false, answers };
    const saved = await ask('save_draft', { draft: request });
    expect(saved.Ok, JSON.stringify(saved)).toBeTruthy();
    return saved.Ok;
  };
  /** Submits a draft; the filing's id. */
  const submit = async ({ id, version }) => {
    const submitted = await ask('submit', { draft: id, version, subject: null, key: `key-${id}` });
    expect(submitted.Filing, JSON.stringify(submitted)).toBeTruthy();
    return submitted.Filing;
  };
  /** Files a subject; its filing. */
  const fileSubject = async (answers) => submit(await save('subject_new', 'form', undefined, answers));
  /** Files a website; its filing. */
  const fileSite = async (site, people) => {
    const draft = await save('website_new', 'site', undefined, site);
    return submit(await save('website_new', 'people', draft, people));
  };
  /** Saves the same answers at every step of a form; the draft's head. */
  const saveAll = async (procedure, steps, answers, record = null) => {
    let draft;
    for (const step of steps) draft = await save(procedure, step, draft, answers, record);
    return draft;
  };
  /** Posts a form of a page; where it leads. */
  const act = async (name, form) => {
    const response = await page.request.post(`${baseURL}/act/${name}`, { form, headers, maxRedirects: 0 });
    expect(response.status(), `${name}: ${await response.text()}`).toBe(303);
    return response.headers().location;
  };
  return { ask, act, send, save, saveAll, submit, fileSubject, fileSite };
}

/** Claims and decides a filing as the officer of this page. */
export async function decideAs(page, baseURL, filing, decision, { note = '', remarks = {} } = {}) {
  const { ask, act: post } = desk(page, baseURL);
  const look = () => ask('review', { id: filing, look: null });
  if ((await look()).may_decide) await post('claim', { filing });
  const { version, sign_off } = await look();
  const signed = Object.fromEntries(sign_off.map((_, point) => [`sign.${point}`, 'yes']));
  const said = Object.fromEntries(Object.entries(remarks).map(([at, text]) => [`remark.${at}`, text]));
  await post('decide', { filing, version: String(version), decision, note, ...signed, ...said });
  const { state } = (await look()).filing;
  expect(state).toBe({ approve: 'approved', return: 'returned', reject: 'rejected' }[decision]);
}

/** All pages of a list. */
export async function allOf(ask, list, request) {
  const rows = [];
  for (let after = ''; after !== null; ) {
    const page = await ask(list, { ...request, after });
    rows.push(...page.rows);
    after = page.next ?? null;
  }
  return rows;
}

/** Answers of 新增主体 that pass every check: a person who lives in 北京市东城区. */
export const subjectOf = (who, picture) => ({
  'subject.nature': 'person',
  'principal.name': who.name,
  'principal.id_kind': 'resident_id',
  'principal.id_no': who.idNumber,
  'principal.id_long_term': 'yes',
  'principal.id_portrait': picture,
  'principal.id_emblem': picture,
  'principal.id_handheld': picture,
  'principal.region': '110101',
  'principal.address': '某某街道三号院四号楼',
  'principal.mobile': who.mobile,
});

/** The same as a unit. */
export const unitOf = (who, picture, name) => ({
  ...subjectOf(who, picture),
  'subject.nature': 'unit',
  'subject.unit_kind': 'enterprise',
  'unit.name': name,
  'unit.cert_kind': 'business_license',
  'unit.cert_no': '91350100M000100Y43',
  'unit.cert_image': picture,
  'unit.office_region': '110101',
  'unit.office_address': '某某街道一号院二号楼',
  'unit.legal_rep_name': who.name,
});

/** Answers of 网站基本信息. */
export const siteOf = (domain) => ({
  'site.name': '示例站',
  'site.opened_on': new Date().toISOString().slice(0, 10),
  'site.has_icp': 'no',
  'site.has_own_domain': 'yes',
  'site.main_domain': domain,
  'site.home_urls': [`https://www.${domain}/`],
  'site.ips': ['1.2.4.8'],
  'isp.jurisdiction': 'mainland',
  'isp.region': '110101',
  'isp.name': '某某云计算有限公司',
  'isp.access_mode': 'virtual_space',
  'registrar.jurisdiction': 'mainland',
  'registrar.region': '110101',
  'registrar.name': '某某域名注册有限公司',
  'service.class': 'Z',
  'service.types': ['00'],
  'service.languages': ['zh-Hans'],
  'interactive.is_interactive': 'no',
  'controlled.publishes': 'no',
  'permit.has': 'no',
});

/** Answers of 网站负责人. */
export const peopleOf = (who, picture) =>
  Object.fromEntries(
    ['security_officer', 'emergency_contact'].flatMap((section) => [
      [`${section}.name`, who.name],
      [`${section}.id_kind`, 'resident_id'],
      [`${section}.id_no`, who.idNumber],
      [`${section}.id_long_term`, 'yes'],
      [`${section}.id_portrait`, picture],
      [`${section}.id_emblem`, picture],
      [`${section}.mobile`, who.mobile],
    ]),
  );
