// Fills a step of any form by the controls that stand on it: whatever is required and empty gets an answer
// that passes its check, round after round, as answers ask for more. A spec says only what matters to it.
import { expect } from './test.mjs';
import { pdf, png } from './files.mjs';
import { withCheckDigit } from './test.mjs';

const DATE_TO_COME = '2031-12-31';
const DATE_PAST = '2026-10-20';

/** What a text control is given, by the label it bears; the first that fits. */
const WORDS = [
  [/姓名/, '周应急'],
  [/证件号码/, withCheckDigit('11010119010101778')],
  [/手机号码/, '13900000777'],
  [/电话/, '4009100100'],
  [/邮箱|电子邮件/, 'example@abc123.cn'],
  [/包名/, 'cn.example.journey'],
  [/MD5/, '00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF'],
  [/公钥/, '0123456789abcdef'.repeat(8)],
  [/AppID/, 'wx0123456789abcdef'],
  [/IP$/, '1.2.4.8'],
  [/域名$/, 'api.journey.cn'],
  [/经营许可证号/, 'B1-20200001'],
  [/ICP备案号/, '京ICP备12345678号-1'],
  [/邮政编码/, '100000'],
  [/后缀/, '.cn'],
  [/地址$|官网|链接|网址/, 'https://www.journey.cn/'],
  [/月数|（月）/, '6'],
  [/数$|数量|用户$|带宽/, '12'],
];
const LONG = '某某单位已经建立并落实相应的管理制度和技术措施，由专人负责，定期检查并留存记录，发现问题及时处置和报告，'.repeat(2);

/**
 * `answers`: by the label of the question, the text or option (or list of options) to give instead.
 * Gives the labels it filled.
 */
export async function fillStep(page, hydrates, answers = {}) {
  const filled = [];
  const fields = page.locator('.field:has(.star)');
  for (let round = 0; round < 12; round += 1) {
    let touched = 0;
    let asked = await fields.evaluateAll(questions);
    const count = asked.length;
    for (let at = 0; at < asked.length; at += 1) {
      if (asked[at].isAnswered) continue;
      const { label } = asked[at];
      await fillField(page, hydrates, fields.nth(at), asked[at], answers[label]);
      filled.push(label);
      touched += 1;
      // Other questions may stand on the page now: at once, or because the server was asked for the next region.
      asked = await fields.evaluateAll(questions);
      if (hydrates && asked.length !== count) break;
    }
    if (!hydrates && (await refresh(page))) continue;
    if (touched === 0) return filled;
  }
  throw new Error('the form asks for more and more');
}

let refreshed = new WeakMap();
/** Asks the server for what the answers make it ask, until it asks for nothing new. */
async function refresh(page) {
  const button = page.getByRole('button', { name: '更新表单' }).first();
  if ((await button.count()) === 0) return false;
  await button.click();
  await page.waitForLoadState();
  const names = await page.locator('.field [name]').evaluateAll((controls) => [...new Set(controls.map((one) => one.name))].join(' '));
  const files = await page.locator('.upload[data-state="done"]').count();
  const state = `${new URL(page.url()).pathname} ${names} ${files}`;
  const isNew = refreshed.get(page) !== state;
  refreshed.set(page, state);
  return isNew;
}

/** What each of these fields asks and by what kind of control, and whether it is answered. */
function questions(fields) {
  const KINDS = { upload: '.upload', radio: 'input[type=radio]', checkbox: 'input[type=checkbox]', cascade: '.cascade', select: 'select', textarea: 'textarea', date: 'input[type=date]' };
  const kindOf = (field) => Object.keys(KINDS).find((kind) => field.querySelector(KINDS[kind]));
  const labelOf = (field) => {
    const label = field.querySelector('.field-label');
    return [...label.children].filter((part) => !part.matches('.star, .visually-hidden')).map((part) => part.textContent.trim()).join('');
  };
  const isAnswered = (field) => {
    const upload = field.querySelector('.upload');
    if (upload) return upload.dataset.state === 'done' || [...field.querySelectorAll('input[type=file]')].some((one) => one.files.length > 0);
    const choices = [...field.querySelectorAll('input[type=radio], input[type=checkbox]')];
    if (choices.length > 0 && !field.querySelector('input[type=date]')) return choices.some((one) => one.checked);
    const controls = [...field.querySelectorAll('input:not([type=hidden]), select, textarea')].filter((one) => one.type !== 'file');
    return controls.length > 0 && controls.every((one) => one.value !== '');
  };
  return fields.map((field) => ({ label: labelOf(field), kind: kindOf(field), isAnswered: isAnswered(field) }));
}

async function fillField(page, hydrates, field, { label, kind }, wanted) {
  const options = wanted === undefined ? [] : [wanted].flat();
  const word = (only) => options[0] ?? WORDS.find(([pattern]) => pattern.test(label) && only.test(label))?.[1];
  switch (kind) {
    case 'upload':
      return uploadTo(hydrates, field);
    case 'radio':
    case 'checkbox': {
      const box = field.getByRole(kind);
      const names = options.length > 0 ? options : [kind === 'radio' ? '否' : ''];
      for (const name of names) await (name ? field.getByLabel(name, { exact: true }) : box.first()).check();
      return undefined;
    }
    case 'cascade': {
      const scope = page.locator('.field').filter({ has: page.locator(`#${await field.locator('select').first().getAttribute('id')}`) });
      return cascade(page, hydrates, scope);
    }
    case 'select':
      return field.locator('select').selectOption(options.length > 0 ? { label: options[0] } : { index: 1 });
    case 'textarea':
      return field.locator('textarea').fill(word(/IP$|域名$|地址$|后缀/) ?? LONG);
    case 'date':
      return field.locator('input[type=date]').fill(options[0] ?? (/有效期/.test(label) ? DATE_TO_COME : DATE_PAST));
    default:
      return field.locator('input').first().fill(word(/./) ?? `某某${label}`);
  }
}

/** Goes down the first branch, level by level. */
async function cascade(page, hydrates, field) {
  const names = ['北京市', '北京市', '东城区'];
  for (let level = 0; level < names.length; level += 1) {
    const select = field.locator('select').nth(level);
    if (level > 0 && !hydrates) {
      if ((await select.count()) === 0) {
        await page.getByRole('button', { name: '更新表单' }).first().click();
        await page.waitForLoadState();
      }
    }
    await select.selectOption({ label: names[level] });
  }
}

async function uploadTo(hydrates, field) {
  const input = field.locator('input[type=file]');
  const isPicture = (await input.getAttribute('accept')).includes('image');
  const isMany = (await input.getAttribute('multiple')) !== null;
  const several = [1, 2, 3].map((shade) => png(`截图${shade}.png`, { colour: [40 * shade, 90, 120] }));
  await input.setInputFiles(isPicture ? (isMany ? several : png()) : pdf());
  if (hydrates) {
    await expect(field.locator('.upload[data-state="done"]')).toBeVisible();
    if (isMany && isPicture) await expect(field.locator('.upload-picture img')).toHaveCount(3);
  }
}

/** Walks a business's form from its first step to the notice; `steps` gives the answers of each. */
export async function walkForm(page, hydrates, { path, steps, onStep = async () => {} }) {
  await page.goto(path);
  await page.getByRole('button', { name: '下一步' }).click();
  for (const [step, answers] of Object.entries(steps)) {
    await page.waitForURL((url) => url.pathname.endsWith(`/${step}`));
    await fillStep(page, hydrates, answers);
    await onStep(step);
    await page.getByRole('button', { name: '下一步' }).click();
  }
  await page.waitForURL(/\/notice/);
}

