// The server is killed (`kill -9`) while people submit: what it acknowledged is there afterwards, whole; what it did
// not acknowledge is either filed whole or still a draft, and asking again makes one filing of it (R75).
import { test, expect, person, signInAs, startServer } from '../harness/test.mjs';
import { allOf, desk, peopleOf, siteOf, subjectOf } from '../harness/desk.mjs';

const AT_ONCE = 16;

test('no acknowledged filing is lost when the server is killed in the middle of submits', async ({ browser }) => {
  test.setTimeout(240_000);
  const server = await startServer();
  const context = await browser.newContext({ baseURL: server.url });
  try {
    const page = await context.newPage();
    const who = person('韩测试');
    await signInAs(page, who);
    const { ask, save, send, fileSubject } = desk(page, server.url);
    const picture = await send();
    await fileSubject(subjectOf(who, picture));

    const acknowledged = new Map();
    let filed = 0;
    let lost = 0;
    for (const [round, enough] of [1, 4, 9].entries()) {
      const drafts = [];
      for (let n = 0; n < AT_ONCE; n += 1) {
        const site = await save('website_new', 'site', undefined, siteOf(`crash${round}x${n}.cn`));
        drafts.push(await save('website_new', 'people', site, peopleOf(who, picture)));
      }
      // As the button 【提交】 posts it without scripts; the answer leads to the receipt.
      const submit = async ({ id, version }, overwrite) => {
        const response = await page.request.post('/form/website/new/notice', {
          multipart: { draft: id, version: String(version), key: `key-${id}`, go: 'submit', ...(overwrite ? { overwrite: 'yes' } : {}) },
          headers: { origin: server.url },
          maxRedirects: 0,
        });
        const receipt = /[?&]receipt=([0-9a-f-]+)/.exec(response.headers().location ?? '')?.[1];
        if (receipt) acknowledged.set(id, receipt);
        return { receipt, told: `${response.status()} ${response.headers().location}` };
      };
      let killed;
      const before = acknowledged.size;
      await Promise.allSettled(
        drafts.map(async (draft) => {
          await submit(draft);
          if (acknowledged.size - before >= enough) killed ??= server.kill();
        }),
      );
      expect(killed, 'it was killed').toBeTruthy();
      await killed;
      lost += AT_ONCE - (acknowledged.size - before);

      await server.start();
      expect(await server.run('verify-audit')).toBeTruthy();
      for (const [draft, id] of acknowledged) {
        const filing = await ask('filing', { id });
        expect(filing.row.state).toBe('pending');
        expect(filing.history.length, 'a filing has its event').toBeGreaterThan(0);
        const again = await ask('submit', { draft, version: 1, subject: null, key: `key-${draft}` });
        expect(again.Filing, 'asked again with its key it is the same').toBe(id);
      }
      for (const draft of drafts.filter(({ id }) => !acknowledged.has(id))) {
        const left = (await allOf(ask, 'drafts', { procedure: 'website_new' })).some((row) => row.id === draft.id);
        if (left) {
          const { receipt, told } = await submit(draft, true);
          expect(receipt, `the draft is left whole and can be filed: ${told}`).toBeTruthy();
        } else {
          const again = await ask('submit', { draft: draft.id, version: 1, subject: null, key: `key-${draft.id}` });
          expect(again.Filing, 'filed, and only the answer was lost').toBeTruthy();
          acknowledged.set(draft.id, again.Filing);
        }
      }
      filed += AT_ONCE;
      const filings = await allOf(ask, 'filings', { procedure: 'website_new', state: '' });
      expect(filings.length, 'one filing for each').toBe(filed);
      expect(new Set(filings.map((row) => row.reference)).size).toBe(filed);
      expect(new Set(acknowledged.values())).toEqual(new Set(filings.map((row) => row.id)));
      expect(await allOf(ask, 'drafts', { procedure: '' })).toEqual([]);
      expect(await server.run('verify-audit')).toBeTruthy();
    }
    expect(lost, 'it was in the middle: some submits were never answered').toBeGreaterThan(0);
  } finally {
    await context.close();
    await server.stop();
  }
});
