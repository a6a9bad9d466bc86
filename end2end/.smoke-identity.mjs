import { startServer } from './harness/server.mjs';
import { chromium } from '@playwright/test';
import * as T from './harness/test.mjs';
const server = await startServer();
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium' });
for (const js of [true]) {
  const context = await browser.newContext({ baseURL: server.url, javaScriptEnabled: js });
  const page = await context.newPage();
  const errors = []; page.on('console', m => { if (m.type() === 'error') errors.push(m.text()); }); page.on('pageerror', e => errors.push(String(e)));
  await T.signIn(page, '申请人甲');
  for (const p of ['/subject/cancel','/subject/transfer','/website/cancel?record=nope','/subject/new','/']) {
    const r = await page.goto(p);
    await page.waitForTimeout(js ? 600 : 50);
    const text = await page.locator('main').innerText();
    console.log(js, p, r.status(), await page.locator('body').getAttribute('data-hydrated'), JSON.stringify(errors)); errors.length=0;
  }
  console.log(errors);
}
await browser.close(); await server.stop();
