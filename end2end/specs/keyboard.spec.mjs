// Nobody needs a mouse, a large screen or movement: the wizard by keyboard alone, 400 % zoom (a viewport of 320 by
// 256), and no animation for whoever asks for none.
import { test, expect, hydrated, person, signInAs } from '../harness/test.mjs';
import { fileSubject, fileWebsite, inForce } from '../harness/arrange.mjs';
import { desk, peopleOf, siteOf } from '../harness/desk.mjs';
import { png } from '../harness/files.mjs';

/** Presses Tab until this control has the focus; every stop on the way can be seen. */
async function tabTo(page, control, { key = 'Tab', most = 200 } = {}) {
  const target = await control.elementHandle();
  for (let presses = 0; presses < most; presses += 1) {
    const { arrived, covered } = await target.evaluate(look);
    expect.soft(covered).toBe('');
    if (arrived) return;
    await page.keyboard.press(key);
  }
  throw new Error(`the keyboard does not reach ${control}`);
}

/** Whether this element has the focus, and what has it where nothing of that can be seen (WCAG 2.4.11). */
function look(target) {
  const stop = document.activeElement;
  const arrived = stop === target;
  if (!stop || stop === document.body) return { arrived, covered: '' };
  // A file control lies invisibly under the button that is drawn for it.
  const seen = stop.matches('input[type=file]') ? stop.closest('.upload-actions') : stop;
  const box = seen.getBoundingClientRect();
  const points = [0.05, 0.5, 0.95].flatMap((x) => [0.1, 0.5, 0.9].map((y) => [box.left + box.width * x, box.top + box.height * y]));
  const visible = points.some(([x, y]) => {
    const top = document.elementFromPoint(x, y);
    return top && (seen.contains(top) || top.contains(seen) || top.closest('label')?.control === stop);
  });
  const where = `${stop.outerHTML.slice(0, 120)} at ${Math.round(box.top)}–${Math.round(box.bottom)}`;
  return { arrived, covered: visible ? '' : `${where} is covered` };
}

async function type(page, control, text) {
  await tabTo(page, control);
  await page.keyboard.type(text);
}

/** Arrows down until the option is chosen. */
async function choose(page, select, label) {
  await tabTo(page, select);
  const at = await select.evaluate((element, label) => [...element.options].findIndex((option) => option.text === label), label);
  for (let here = await select.evaluate((element) => element.selectedIndex); here < at; here += 1) await page.keyboard.press('ArrowDown');
  await expect(select).toHaveValue(await select.evaluate((element, at) => element.options[at].value, at));
}

async function press(page, name) {
  await tabTo(page, page.getByRole('button', { name, exact: true }).first());
  await page.keyboard.press('Enter');
}

test('the whole wizard can be walked by keyboard alone', async ({ page, baseURL, hydrates }) => {
  test.setTimeout(420_000);
  const who = person('云测试');
  await signInAs(page, who);
  await fileSubject(page, baseURL, who);
  const settled = async () => {
    if (hydrates) await hydrated(page);
  };
  const update = async () => {
    if (hydrates) return;
    await press(page, '更新表单');
    await page.waitForLoadState();
  };
  const region = async (label, names) => {
    for (const [level, suffix] of ['', '（市）', '（区县）'].entries()) {
      const select = page.getByLabel(`${label}${suffix}`, { exact: true });
      await expect(select).toBeVisible();
      await choose(page, select, names[level]);
      if (level < 2) await update();
    }
  };
  const radio = async (question, answer) => {
    const group = page.getByRole('radiogroup', { name: question, exact: true });
    const yes = group.getByLabel('是', { exact: true });
    await tabTo(page, yes);
    await page.keyboard.press('Space');
    if (answer === '否') await page.keyboard.press('ArrowRight');
    await expect(group.getByLabel(answer, { exact: true })).toBeChecked();
  };

  await page.goto('/website/new');
  await settled();
  await press(page, '下一步');
  await page.waitForURL(/\/website\/new\/site/);
  await settled();
  const at = (label) => page.getByLabel(label, { exact: true });
  await type(page, at('网站名称'), '示例站');
  await tabTo(page, at('网站开通日期'));
  // Month, day, year: the order of the browser's own language.
  await page.keyboard.type('02202026');
  await expect(at('网站开通日期')).toHaveValue('2026-02-20');
  await radio('是否有工信部备案号', '否');
  await radio('是否有独立一级域名', '是');
  await update();
  await type(page, at('主域名'), 'keyboard.cn');
  await type(page, at('网站访问地址'), 'https://www.keyboard.cn/');
  await type(page, at('网站IP'), '1.2.4.8');
  await region('接入商所属地区', ['北京市', '北京市', '东城区']);
  await type(page, page.getByRole('group', { name: '网络接入服务商' }).getByLabel('名称', { exact: true }), '示例云计算有限公司');
  await region('域名服务商所属地区', ['北京市', '北京市', '东城区']);
  await type(page, page.getByRole('group', { name: '域名注册服务商' }).getByLabel('名称', { exact: true }), '示例域名注册有限公司');
  await choose(page, at('网站类型'), await at('网站类型').locator('option').last().textContent());
  for (const question of ['是否提供互联网交互服务', '是否提供涉及管制物品信息发布服务', '相关前置许可']) await radio(question, '否');

  // Something is wrong first: the summary has the focus, and Enter on its link leads to the field.
  await tabTo(page, at('网站IP'), { key: 'Shift+Tab' });
  await page.keyboard.press('Control+A');
  await page.keyboard.type('10.0.0.1');
  await press(page, '下一步');
  const link = page.locator('#errors a').first();
  await expect(link).toContainText('内网地址');
  if (hydrates) await expect(page.locator('#errors')).toBeFocused();
  await tabTo(page, link);
  await page.keyboard.press('Enter');
  await expect(at('网站IP')).toBeFocused();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('1.2.4.8');
  await press(page, '下一步');

  await page.waitForURL(/\/website\/new\/people/);
  await settled();
  // With a listener for all of them the browser is told once to hand its choosers over, not anew before each press.
  page.on('filechooser', () => {});
  for (const [legend, noun, name, mobile] of [
    ['网站安全负责人信息', '负责人', who.name, who.mobile],
    ['网站应急联络人', '联络人', '李应急', '13900000009'],
  ]) {
    const block = page.getByRole('group', { name: legend });
    await type(page, block.getByLabel(`${noun}姓名`), name);
    await type(page, block.getByLabel(`${noun}证件号码`), who.idNumber);
    await tabTo(page, block.getByLabel('长期有效'));
    await page.keyboard.press('Space');
    for (const label of ['身份证人像面', '身份证国徽面']) {
      await tabTo(page, block.getByLabel(label, { exact: true }));
      const chooser = page.waitForEvent('filechooser');
      await page.keyboard.press('Enter');
      await (await chooser).setFiles(png());
      if (hydrates) await expect(block.getByAltText(`${label}预览`)).toBeVisible();
    }
    await type(page, block.getByLabel('手机号码'), mobile);
  }
  await press(page, '下一步');
  await page.waitForURL(/\/website\/new\/notice/);
  await settled();
  await press(page, '提交');
  await page.waitForURL(/\/mine\/filings\?receipt=/);
  await expect(page.getByText('已提交审核')).toBeVisible();
});

/** Pages of an applicant with a subject, a website, a draft and a filing. */
async function pagesOf(page, baseURL, who) {
  const { website, domain } = await inForce(page, baseURL, who, { name: '示例科技有限公司' });
  const { ask, send, save } = desk(page, baseURL);
  const begun = await save('website_new', 'site', undefined, siteOf(`z${domain}`));
  const draft = await save('website_new', 'people', begun, peopleOf(who, await send()));
  const filing = await fileWebsite(page, baseURL, who, { domain: `y${domain}` });
  const { registration } = await ask('record', { business: 'website', id: website });
  return [
    '/',
    '/services',
    '/website/new/subject',
    `/website/new/site?draft=${draft.id}`,
    '/website/new/site?fresh=1&check=1',
    `/website/new/people?draft=${draft.id}`,
    `/website/new/notice?draft=${draft.id}`,
    '/subject/change',
    '/subject/cancel',
    '/subject/transfer',
    '/mine/drafts',
    '/mine/filings',
    `/mine/filings/${filing}`,
    `/receipt/${filing}`,
    '/mine/subject',
    '/mine/website',
    `/mine/website/${website}`,
    '/notices',
    '/sessions',
    `/lookup?q=${domain}`,
    `/r/${registration.digits}`,
  ];
}

test('at 400 % nothing is cut off or hidden: no page scrolls sideways, no bar covers what has the focus', async ({ page, baseURL }) => {
  test.setTimeout(240_000);
  const who = person('苏测试');
  await signInAs(page, who);
  const pages = await pagesOf(page, baseURL, who);
  await page.setViewportSize({ width: 320, height: 256 });
  for (const path of pages) {
    await page.goto(path);
    const { width, room } = await page.evaluate(() => ({
      width: document.documentElement.scrollWidth,
      room: document.documentElement.clientWidth,
    }));
    expect.soft(width, `${path} is not wider than the screen`).toBeLessThanOrEqual(room);
  }
  await page.goto(pages[3]);
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press('Tab');
    expect.soft((await page.evaluate(look)).covered).toBe('');
  }
});

test('whoever asks for no movement gets none', async ({ page, baseURL, hydrates }) => {
  test.skip(!hydrates, 'without scripts less moves, by the same style sheet');
  test.setTimeout(240_000);
  const who = person('潘测试');
  await signInAs(page, who);
  const pages = await pagesOf(page, baseURL, who);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  for (const path of pages) {
    await page.goto(path);
    const moving = await page.evaluate(() => {
      const seconds = (list) => Math.max(...list.split(',').map((one) => parseFloat(one) * (one.trim().endsWith('ms') ? 0.001 : 1)));
      return [...document.querySelectorAll('*')].flatMap((element) =>
        [undefined, '::before', '::after'].flatMap((part) => {
          const look = getComputedStyle(element, part);
          const moves = seconds(look.transitionDuration) > 0.02 || (look.animationName !== 'none' && seconds(look.animationDuration) > 0.02);
          return moves || look.scrollBehavior === 'smooth' ? [`${element.tagName}.${element.className}${part ?? ''}`] : [];
        }),
      );
    });
    expect.soft(moving, path).toEqual([]);
  }
});
