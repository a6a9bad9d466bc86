// The main journey (specs/journey.spec.mjs) in Debian's Firefox ESR: `node firefox/run.mjs`. FIREFOX names another
// one; where there is none, that is said and nothing is run.
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { png } from '../harness/files.mjs';
import { person } from '../harness/people.mjs';
import { startServer } from '../harness/server.mjs';
import { startFirefox } from './bidi.mjs';

const program = process.env.FIREFOX || ['firefox-esr', 'firefox'].flatMap(onPath)[0];
if (!program) {
  console.log('The journey in Firefox is skipped: no Firefox is installed.');
  process.exit(0);
}

function onPath(name) {
  return (process.env.PATH ?? '').split(path.delimiter).map((directory) => path.join(directory, name)).filter((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const directory = await mkdtemp(path.join(tmpdir(), 'beian-journey-'));
const server = await startServer();
const firefox = await startFirefox(program);
const picture = path.join(directory, 'picture.png');
await writeFile(picture, png().buffer);

const who = person('赵测试');
const serial = String(Date.now() % 1e9);
const unit = `火狐科技${serial}有限公司`;
const domain = `firefox${serial}.cn`;
const at = (address) => `${server.url}${address}`;
const applicant = await firefox.open();

async function region(page, label) {
  for (const [suffix, name] of [['', '北京市'], ['（市）', '北京市'], ['（区县）', '东城区']]) await page.choose(`${label}${suffix}`, name);
}

async function signIn(page, name) {
  await page.goto(at('/'));
  await page.follow('用户登录');
  await page.arrivesAt(/\/idp\/authorize/);
  await page.press(name);
  await page.arrivesAt(/^[^?]*:\d+\/(?!idp|auth)/);
}

const steps = {
  'R1, R5: somebody new signs in and is asked for a subject': async () => {
    await applicant.goto(at('/'));
    await applicant.follow('用户登录');
    await applicant.arrivesAt(/\/idp\/authorize/);
    await applicant.type('真实姓名', who.name);
    await applicant.type('手机号码', who.mobile);
    await applicant.type('身份证号码', who.idNumber);
    await applicant.press('登录');
    await applicant.arrivesAt(/^[^?]*:\d+\/(?!idp|auth)/);
    await applicant.goto(at('/'));
    await applicant.sees('您当前尚无有效主体，请先申请主体');
    await applicant.follow('申请主体');
    await applicant.arrivesAt(/\/subject\/new/);
  },
  'R10, R77: what is typed saves itself and is back after a reload': async () => {
    await applicant.choose('开办主体性质', '单位');
    await applicant.choose('单位性质', '企业');
    await applicant.type('主办单位名称', unit);
    await applicant.sees('已保存');
    await applicant.goto(at('/subject/new'));
    await applicant.sees('您有一条草稿，是否使用');
    await applicant.press('是');
    await applicant.arrivesAt(/draft=/);
    const kept = await applicant.value('主办单位名称');
    if (kept !== unit) throw new Error(`the draft holds “${kept}”`);
  },
  'R13, R71: a subject with pictures is submitted': async () => {
    await applicant.choose('主办单位证件类型', '营业执照');
    await applicant.type('主办单位证件号', '91350100M000100Y43');
    await applicant.upload('主办单位有效证件', picture);
    await region(applicant, '单位办公地址');
    await applicant.type('单位办公详细地址', '东华门街道景山前街 4 号');
    await applicant.type('法定代表人姓名', who.name);
    await applicant.type('负责人姓名', who.name);
    await applicant.type('负责人证件号码', who.idNumber);
    await applicant.tick('长期有效');
    for (const label of ['身份证人像面', '身份证国徽面', '身份证手持']) await applicant.upload(label, picture);
    await region(applicant, '负责人常住地址');
    await applicant.type('负责人常住详细地址', '景山前街 4 号院 2 号楼');
    await applicant.type('负责人手机号码', who.mobile);
    await applicant.press('提交审核');
    await applicant.arrivesAt(/\/mine\/filings/);
    await applicant.sees('还差一步：请填报网站或其他业务');
  },
  'R30, R34: a website is filed through its four steps': async () => {
    await applicant.goto(at('/website/new'));
    await applicant.press('下一步');
    await applicant.arrivesAt(/\/website\/new\/site/);
    await applicant.type('网站名称', '火狐示例站');
    await applicant.set('网站开通日期', '2026-11-20');
    await applicant.answer('是否有工信部备案号', '否');
    await applicant.answer('是否有独立一级域名', '是');
    await applicant.type('主域名', domain);
    await applicant.type('网站访问地址', `https://www.${domain}/`);
    await applicant.type('网站IP', '1.2.4.8');
    await region(applicant, '接入商所属地区');
    await applicant.type('名称', '示例云计算有限公司', await applicant.group('网络接入服务商'));
    await region(applicant, '域名服务商所属地区');
    await applicant.type('名称', '示例域名注册有限公司', await applicant.group('域名注册服务商'));
    await applicant.choose('网站类型', 'Z 其他');
    for (const question of ['是否提供互联网交互服务', '是否提供涉及管制物品信息发布服务', '相关前置许可']) await applicant.answer(question, '否');
    await applicant.press('下一步');
    await applicant.arrivesAt(/\/website\/new\/people/);
    for (const [legend, noun, name, mobile] of [
      ['网站安全负责人信息', '负责人', who.name, who.mobile],
      ['网站应急联络人', '联络人', '李应急', '13900000009'],
    ]) {
      const block = await applicant.group(legend);
      await applicant.type(`${noun}姓名`, name, block);
      await applicant.type(`${noun}证件号码`, who.idNumber, block);
      await applicant.tick('长期有效', block);
      for (const label of ['身份证人像面', '身份证国徽面']) await applicant.upload(label, picture, block);
      await applicant.type('手机号码', mobile, block);
    }
    await applicant.press('下一步');
    await applicant.arrivesAt(/\/website\/new\/notice/);
    await applicant.sees('互联网信息服务单位网络安全责任告知书');
    await applicant.press('提交');
    await applicant.arrivesAt(/\/mine\/filings/);
  },
  'R62: an officer approves both': async () => {
    const officer = await firefox.open();
    await signIn(officer, '审核员东城');
    for (const [kind, title] of [['新增主体', unit], ['新办网站申请', '火狐示例站']]) {
      await officer.goto(at('/review/queue'));
      await officer.pressInRow(kind, title);
      await officer.arrivesAt(/\/review\/filings\//);
      // With the subject its website is claimed.
      if (kind === '新增主体') {
        await officer.press('领取');
        await officer.sees('已领取，请审核。');
        await officer.hydrated();
      }
      await officer.tickAll('sign.');
      await officer.press('通过');
      await officer.sees('已作出“审核通过”的决定。');
    }
  },
  'R38: the website has its number, and the public finds it': async () => {
    await applicant.goto(at('/mine/subject'));
    await applicant.sees('有效');
    await applicant.goto(at('/mine/website'));
    await applicant.pressInRow('火狐示例站');
    await applicant.sees('测公网安备');
    const anybody = await firefox.open();
    await anybody.goto(at(`/lookup?q=${domain}`));
    await anybody.sees('火狐示例站');
  },
  'nothing was thrown on any page': async () => {
    if (firefox.thrown.length > 0) throw new Error(firefox.thrown.join('\n'));
  },
};

console.log(`\nThe main journey in Firefox ${firefox.version}\n`);
let passed = 0;
const names = Object.keys(steps);
for (const name of names) {
  const began = Date.now();
  try {
    await steps[name]();
  } catch (error) {
    console.log(`  ✘  ${name}\n     ${error.stack}`);
    break;
  }
  passed += 1;
  console.log(`  ✓  ${name} (${((Date.now() - began) / 1000).toFixed(1)}s)`);
}
await firefox.stop();
await server.stop();
await rm(directory, { recursive: true, force: true });
// What comes after a step that failed was not walked, and has not passed.
if (passed < names.length) console.log(`\n  ${names.length - passed} failed`);
console.log(`  ${passed} passed`);
process.exitCode = passed === names.length ? 0 : 1;
