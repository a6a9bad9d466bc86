// R17, R37: filings of websites can be withdrawn while they wait and for thirty minutes, and come back as drafts.
import { test, expect, person, signInAs } from '../harness/test.mjs';
import { desk, peopleOf, siteOf, subjectOf } from '../harness/desk.mjs';

test('R37: a website\'s filing is withdrawn alone, says so everywhere, and becomes a draft again', async ({ page, baseURL }) => {
  const who = person('谢测试');
  await signInAs(page, who);
  const { ask, send, fileSubject, fileSite } = desk(page, baseURL);
  const picture = await send();
  const subject = await fileSubject(subjectOf(who, picture));
  const domain = `withdraw${Math.floor(Math.random() * 1e9)}.cn`;
  const filing = await fileSite(siteOf(domain), peopleOf(who, picture));

  await page.goto(`/mine/filings/${filing}`);
  await page.getByRole('button', { name: '撤销申请' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toBeVisible();
  await dialog.getByRole('button', { name: '确认' }).click();
  await expect(page.getByText('申请已撤销')).toBeVisible();
  await expect(page.getByText('已撤销').first()).toBeVisible();
  await expect(page.getByRole('button', { name: '撤销申请' })).toHaveCount(0);
  expect((await ask('filing', { id: subject })).row.state, 'the subject goes on waiting').toBe('pending');
  expect((await ask('filing', { id: filing })).row.state).toBe('withdrawn');

  // Its domain is free again, and its answers are not lost.
  await page.getByRole('button', { name: /草稿/ }).click();
  await page.waitForURL(/\/website\/new\//);
  const draft = new URL(page.url()).searchParams.get('draft');
  await page.goto(`/website/new/site?draft=${draft}`);
  await expect(page.getByLabel('主域名', { exact: true })).toHaveValue(domain);
  await fileSite(siteOf(domain), peopleOf(who, picture));
});
