// Steps that several journeys share: filling the forms as a person would, with and without scripts.
import { fileSubject } from './arrange.mjs';
import { expect, hydrated, person, signInAs } from './test.mjs';
import { png, pdf } from './files.mjs';

/** Chooses province, city and county in the cascade that begins with the control of this label. */
export async function chooseRegion(page, hydrates, label, names) {
  const first = page.getByLabel(label, { exact: true });
  await first.selectOption({ label: names[0] });
  for (const [level, suffix] of [[1, '（市）'], [2, '（区县）']]) {
    if (!names[level]) break;
    if (!hydrates) await page.getByRole('button', { name: '更新表单' }).first().click();
    const next = page.getByLabel(`${label}${suffix}`, { exact: true });
    await next.selectOption({ label: names[level] });
  }
}

/** Puts a picture to the question of this label, and waits until it is there. */
export async function upload(page, hydrates, label, file = png()) {
  const control = page.getByLabel(label, { exact: true });
  await control.setInputFiles(file);
  if (hydrates) await expect(page.getByAltText(`${label}预览`)).toBeVisible();
}

async function fillPrincipal(page, hydrates, person) {
  await page.getByLabel('负责人姓名').fill(person.name);
  await page.getByLabel('负责人证件号码').fill(person.idNumber);
  await page.getByLabel('长期有效').check();
  for (const label of ['身份证人像面', '身份证国徽面', '身份证手持']) await upload(page, hydrates, label);
  await chooseRegion(page, hydrates, '负责人常住地址', ['北京市', '北京市', '东城区']);
  await page.getByLabel('负责人常住详细地址').fill('景山前街 4 号院 2 号楼');
  await page.getByLabel('负责人手机号码').fill(person.mobile);
  await page.getByLabel('电子邮件地址').fill('example@abc123.cn');
}

/** Fills 新增主体 as a unit (R10). */
export async function fillUnit(page, hydrates, person, name) {
  await page.getByLabel('开办主体性质').selectOption('单位');
  if (!hydrates) await page.getByRole('button', { name: '更新表单' }).first().click();
  await page.getByLabel('单位性质').selectOption('企业');
  await page.getByLabel('主办单位名称').fill(name);
  await page.getByLabel('主办单位证件类型').selectOption('营业执照');
  await page.getByLabel('主办单位证件号').fill('91350100M000100Y43');
  await upload(page, hydrates, '主办单位有效证件');
  await chooseRegion(page, hydrates, '单位办公地址', ['北京市', '北京市', '东城区']);
  await page.getByLabel('单位办公详细地址').fill('东华门街道景山前街 4 号');
  await page.getByLabel('法定代表人姓名').fill(person.name);
  await fillPrincipal(page, hydrates, person);
}

/** Fills 新增主体 as an individual. */
export async function fillIndividual(page, hydrates, person) {
  await page.getByLabel('开办主体性质').selectOption('个人');
  await fillPrincipal(page, hydrates, person);
}

const yes = (page, question, answer) =>
  page.getByRole('radiogroup', { name: question, exact: true }).getByLabel(answer, { exact: true }).check();

/** Signs somebody in who has a subject. */
export async function withSubject(page, baseURL, who = person('郑测试')) {
  await signInAs(page, who);
  await fileSubject(page, baseURL, who);
  return who;
}

/** Opens a new website's second step. */
export async function openSite(page) {
  await page.goto('/website/new');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('新办网站申请');
  await page.getByRole('button', { name: '下一步' }).click();
  await page.waitForURL(/\/website\/new\/site/);
}

/** Fills 网站基本信息, the second step of 新办网站申请 (R30). */
export async function fillSite(page, hydrates, { name, domain }) {
  await openSite(page);
  await page.getByLabel('网站名称').fill(name);
  await page.getByLabel('网站开通日期').fill('2026-11-20');
  await yes(page, '是否有工信部备案号', '否');
  await yes(page, '是否有独立一级域名', '是');
  if (!hydrates) await page.getByRole('button', { name: '更新表单' }).first().click();
  await page.getByLabel('主域名', { exact: true }).fill(domain);
  await page.getByLabel('网站访问地址').fill(`https://www.${domain}/`);
  await page.getByLabel('网站IP').fill('1.2.4.8');
  const isp = page.getByRole('group', { name: '网络接入服务商' });
  await chooseRegion(page, hydrates, '接入商所属地区', ['浙江省', '杭州市', '西湖区']);
  await isp.getByLabel('名称', { exact: true }).fill('阿里云计算有限公司');
  const registrar = page.getByRole('group', { name: '域名注册服务商' });
  await chooseRegion(page, hydrates, '域名服务商所属地区', ['浙江省', '杭州市', '西湖区']);
  await registrar.getByLabel('名称', { exact: true }).fill('阿里云计算有限公司');
  await page.getByLabel('网站类型').selectOption('Z');
  await yes(page, '是否提供互联网交互服务', '否');
  await yes(page, '是否提供涉及管制物品信息发布服务', '否');
  await yes(page, '相关前置许可', '否');
}

/** Walks the four steps of 新办网站申请 up to the last one (R30). */
export async function fillWebsite(page, hydrates, person, site) {
  await fillSite(page, hydrates, site);
  await page.getByRole('button', { name: '下一步' }).click();
  await page.waitForURL(/\/website\/new\/people/);
  await fillOfficer(page, hydrates, '网站安全负责人信息', '负责人', person);
  await fillOfficer(page, hydrates, '网站应急联络人', '联络人', { ...person, name: '李应急', mobile: '13900000009' });
  await page.getByRole('button', { name: '下一步' }).click();
  await page.waitForURL(/\/website\/new\/notice/);
}

async function fillOfficer(page, hydrates, legend, noun, person) {
  const block = page.getByRole('group', { name: legend });
  await block.getByLabel(`${noun}姓名`).fill(person.name);
  await block.getByLabel(`${noun}证件号码`).fill(person.idNumber);
  await block.getByLabel('长期有效').check();
  for (const label of ['身份证人像面', '身份证国徽面']) {
    await block.getByLabel(label).setInputFiles(png());
    if (hydrates) await expect(block.getByAltText(`${label}预览`)).toBeVisible();
  }
  await block.getByLabel('手机号码').fill(person.mobile);
}

/** Claims the filing on the review desk whose row names this text, and presses a decision. */
export async function decide(page, kind, title, decision, note = '') {
  await page.goto('/review/queue');
  await page.getByRole('row').filter({ hasText: kind }).filter({ hasText: title }).getByRole('link').last().click();
  await page.waitForURL(/\/review\/filings\//);
  const claim = page.getByRole('button', { name: '领取', exact: true });
  if (await claim.count()) await claim.click();
  if (note) await page.getByLabel('审核意见').fill(note);
  // What is approved is signed off point by point.
  if (decision === '通过') for (const point of await page.locator('input[name^="sign."]').all()) await point.check();
  await page.getByRole('button', { name: decision, exact: true }).click();
  await expect(page.getByText(/已作出/)).toBeVisible();
}
