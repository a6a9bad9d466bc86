// What `make run` begins with: every page shows something to whoever signs in as a sample person.
import { expect, expectNoAxeViolations, signIn, startServer, test } from '../harness/test.mjs';

const LIVED_IN = {
  申请人甲: {
    '/': ['晨光科技官网', '晨光地图', '注销中', '变更中'],
    '/mine/filings': ['晨光商城', '已退回', '已撤销'],
    '/mine/drafts': ['晨光听书'],
    '/mine/subject': ['北京示例晨光科技有限公司'],
    '/mine/provider': ['晨光数据中心'],
    '/mine/looks': ['核对证件信息'],
  },
  申请人乙: { '/': ['正在移交给您'], '/subject/receive': ['北京示例红枫教育咨询有限公司'], '/mine/website': ['已注销'] },
  申请人丙: { '/': ['上海示例玉兰设计工作室'], '/mine/filings': ['海棠应用商店', '审核中', '不予通过'] },
  审核员东城: { '/review': ['受理与办结'], '/review/queue': ['晨光资讯', '已超期', '由我领取', '第 2 次提交', '超期的网站'] },
  审核员上海: { '/review/queue': ['浦江商城', '已超期', '钱的备忘录'] },
  管理员: { '/staff': ['何同舟', '多次提交虚假材料'], '/review/claims': ['审核员东城'] },
  维护员: { '/upkeep/providers': ['示例云计算有限公司'], '/upkeep/reasons': ['名称'], '/upkeep/platform': ['后台任务', '数据库'] },
  审计员: { '/audit': ['北京市东城区审核民警', '领取申请单'] },
};

// One server for all of them: making the filings takes seconds.
test.describe.configure({ mode: 'default' });

let server;

test.beforeAll(async () => {
  server = await startServer({ env: { BEIAN_SAMPLE_FILINGS: 'true' } });
});

test.afterAll(() => server?.stop());

for (const [name, pages] of Object.entries(LIVED_IN)) {
  test(`${name} finds a world that is lived in`, async ({ browser }) => {
    const context = await browser.newContext({ baseURL: server.url, locale: 'zh-CN' });
    const page = await context.newPage();
    await signIn(page, name);
    for (const [path, words] of Object.entries(pages)) {
      await page.goto(path);
      for (const word of words) {
        await expect(page.locator('body'), `${word} on ${path}`).toContainText(word);
      }
      await expectNoAxeViolations(page);
    }
    await context.close();
  });
}
