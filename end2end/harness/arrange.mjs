// What a spec only needs to be there, made through the same doors a browser uses but without its pages:
// a subject in force, a website of it, a decision. What a spec is about, it walks through the pages.
import { expect } from '@playwright/test';
import { png } from './files.mjs';
import { signIn } from './test.mjs';

/** The doors as one signed-in person's browser knows them. */
export function doors(page, baseURL) {
  const headers = { origin: baseURL };
  const told = async (response) => `${response.url()} answers ${response.status()}: ${(await response.text()).slice(0, 300)}`;
  return {
    async call(name, input) {
      const response = await page.request.post(`${baseURL}/api/${name}`, { data: input, headers });
      expect(response.ok(), await told(response)).toBe(true);
      return response.json();
    },
    /** Posts a form of a page; says where it leads. */
    async act(name, fields) {
      const response = await page.request.post(`${baseURL}/act/${name}`, { form: fields, headers, maxRedirects: 0 });
      expect(response.status(), await told(response)).toBe(303);
      return response.headers().location;
    },
    async upload(file = png()) {
      const address = `${baseURL}/files?name=${encodeURIComponent(file.name)}&sort=picture`;
      const response = await page.request.post(address, { data: file.buffer, headers: { ...headers, 'content-type': file.mimeType } });
      expect(response.ok(), await told(response)).toBe(true);
      return (await response.json()).id;
    },
    /** Saves every step of a form; says what draft it is. */
    async draft(procedure, steps, answers, more = {}) {
      let draft;
      for (const step of steps) {
        const asked = { procedure, step, draft: draft?.id ?? null, record: null, subject: null, version: draft?.version ?? null, overwrite: false, answers, ...more };
        const saved = await this.call('save_draft', { draft: asked });
        expect(saved.Ok, JSON.stringify(saved)).toBeTruthy();
        draft = saved.Ok;
      }
      return draft;
    },
    /** Files what was saved; says the filing's id. */
    async submit(draft) {
      const submitted = await this.call('submit', { draft: draft.id, version: draft.version, subject: null, key: `arranged-${draft.id}` });
      expect(submitted.Filing, JSON.stringify(submitted)).toBeTruthy();
      return submitted.Filing;
    },
  };
}

const principal = (person, picture) => ({
  'principal.name': person.name,
  'principal.id_kind': 'resident_id',
  'principal.id_no': person.idNumber,
  'principal.id_long_term': 'yes',
  'principal.id_portrait': picture,
  'principal.id_emblem': picture,
  'principal.id_handheld': picture,
  'principal.region': '110101',
  'principal.address': '景山前街 4 号院 2 号楼',
  'principal.mobile': person.mobile,
  'principal.email': 'example@abc123.cn',
});

/** Files 新增主体 for whoever is signed in on this page, as a unit or, without a name, as a person. */
export async function fileSubject(page, baseURL, person, name) {
  const own = doors(page, baseURL);
  const picture = await own.upload();
  const unit = {
    'subject.nature': 'unit',
    'subject.unit_kind': 'enterprise',
    'unit.name': name,
    'unit.cert_kind': 'business_license',
    'unit.cert_no': '91350100M000100Y43',
    'unit.cert_image': picture,
    'unit.office_region': '110101',
    'unit.office_address': '东华门街道景山前街 4 号',
    'unit.legal_rep_name': person.name,
  };
  const answers = { ...(name ? unit : { 'subject.nature': 'person' }), ...principal(person, picture) };
  return own.submit(await own.draft('subject_new', ['form'], answers));
}

/** Files 新办网站申请 for the current subject. */
export async function fileWebsite(page, baseURL, person, { name = '示例站', domain }) {
  const own = doors(page, baseURL);
  const picture = await own.upload();
  const officer = (block, name, mobile) => ({
    [`${block}.name`]: name,
    [`${block}.id_kind`]: 'resident_id',
    [`${block}.id_no`]: person.idNumber,
    [`${block}.id_long_term`]: 'yes',
    [`${block}.id_portrait`]: picture,
    [`${block}.id_emblem`]: picture,
    [`${block}.mobile`]: mobile,
  });
  const answers = {
    'site.name': name,
    'site.opened_on': '2026-02-20',
    'site.has_icp': 'no',
    'site.has_own_domain': 'yes',
    'site.main_domain': domain,
    'site.home_urls': [`https://www.${domain}/`],
    'site.ips': ['1.2.4.8'],
    'isp.jurisdiction': 'mainland',
    'isp.region': '110101',
    'isp.name': '示例云计算有限公司',
    'isp.access_mode': 'virtual_space',
    'registrar.jurisdiction': 'mainland',
    'registrar.region': '110101',
    'registrar.name': '示例域名注册有限公司',
    'service.class': 'Z',
    'service.types': ['00'],
    'service.languages': ['zh-Hans'],
    'interactive.is_interactive': 'no',
    'controlled.publishes': 'no',
    'permit.has': 'no',
    ...officer('security_officer', person.name, person.mobile),
    ...officer('emergency_contact', '李应急', '13900000009'),
  };
  return own.submit(await own.draft('website_new', ['site', 'people'], answers));
}

/** An officer in a browser of his own, who decides what he is told. Close it after use. */
export async function officer(browser, baseURL, name = '审核员东城') {
  const context = await browser.newContext({ baseURL, javaScriptEnabled: false, locale: 'zh-CN' });
  const page = await context.newPage();
  await signIn(page, name);
  const own = doors(page, baseURL);
  return {
    page,
    async decide(filing, decision = 'approve', note = '') {
      await own.act('claim', { filing });
      const { version } = await own.call('review', { id: filing, purpose: null });
      await own.act('decide', { filing, version: String(version), decision, note });
    },
    close: () => context.close(),
  };
}

/** A subject and a website of it, both approved, of whoever is signed in on this page. */
export async function inForce(page, baseURL, browser, person, { name, domain = `s${person.idNumber.slice(-6).toLowerCase()}${Date.now() % 1e6}.cn` } = {}) {
  const subject = await fileSubject(page, baseURL, person, name);
  const website = await fileWebsite(page, baseURL, person, { domain });
  const desk = await officer(browser, baseURL);
  await desk.decide(subject);
  await desk.decide(website);
  await desk.close();
  const own = doors(page, baseURL);
  const view = await own.call('my_subject', {});
  const websites = await own.call('records', { business: 'website', after: '' });
  return { subject: view.row.id, website: websites.rows[0].id, domain };
}

/** The newest code sent to a number, as the telephone would show it (R72). */
export async function codeSentTo(page, baseURL, mobile) {
  const found = await codesSentTo(page, baseURL, mobile);
  expect(found.length, `a code sent to ${mobile}`).toBeGreaterThan(0);
  return found[0];
}

export async function codesSentTo(page, baseURL, mobile) {
  return (await messagesTo(page, baseURL, mobile)).map((text) => /验证码 (\d{6})/.exec(text)?.[1]).filter(Boolean);
}

/** The messages of /dev/outbox to this number, the newest first. */
export async function messagesTo(page, baseURL, mobile) {
  const html = await (await page.request.get(`${baseURL}/dev/outbox`)).text();
  return [...html.matchAll(/<tr>(.*?)<\/tr>/gs)].map((row) => row[1]).filter((row) => row.includes(mobile));
}

/**
 * Puts the clock of a server started with `env: { BEIAN_FORWARD_CLOCK: 'true' }` forward. Sessions end after
 * half an hour of rest: `awake` are pages whose people stay signed in meanwhile.
 */
export async function later(server, seconds, awake = []) {
  const hop = awake.length > 0 ? 20 * 60 : seconds;
  for (let left = seconds; left > 0; left -= hop) {
    const response = await fetch(`${server.url}/dev/clock`, {
      method: 'POST',
      headers: { origin: server.url, 'content-type': 'application/x-www-form-urlencoded' },
      body: `seconds=${Math.min(left, hop)}`,
      redirect: 'manual',
    });
    expect(response.status).toBe(303);
    for (const page of awake) await page.request.get(`${server.url}/sessions`);
  }
}
