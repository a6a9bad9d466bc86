// What each page costs the server, beside a bare axum handler (and Django, where it is installed) with the same rows and
// size over the same database.
import { execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { peopleOf, siteOf, subjectOf } from '../harness/desk.mjs';
import { cookieOf, signedIn } from '../harness/http.mjs';
import { freePort } from '../harness/server.mjs';
import { cost } from './load.mjs';
import { invented } from './invented.mjs';

/** Of a region that the filled database has many filings of. */
const OFFICER = '审核员上海';

/** People, and the addresses that are measured as whom. */
async function scene(server) {
  const who = invented(0);
  const applicant = await signedIn(server.url, who);
  const picture = await applicant.send();
  await applicant.fileSubject({ ...subjectOf(who, picture), 'principal.region': '310101' });
  const site = { ...siteOf('bench-site.cn'), 'site.name': '量测站' };
  const filing = await applicant.fileSite(site, peopleOf(who, picture));
  const reviewer = await signedIn(server.url, OFFICER);
  const [own, officer] = [await cookieOf(applicant.context), await cookieOf(reviewer.context)];
  const rows = ((await (await reviewer.context.get('/review/queue')).text()).match(/ data-row="[0-9a-f-]+"/g) ?? []).length;
  await Promise.all([applicant.context.dispose(), reviewer.context.dispose()]);
  return [
    { name: '公开查询, signed out', path: '/lookup' },
    { name: '公开查询', path: '/lookup', cookie: own },
    { name: '首页', path: '/', cookie: own },
    { name: '业务办理', path: '/services', cookie: own },
    { name: '新增主体', path: '/subject/new', cookie: own },
    { name: '新办网站', path: '/website/new', cookie: own },
    { name: '我的申请', path: '/mine/filings', cookie: own },
    { name: 'one of them', path: `/mine/filings/${filing}`, cookie: own },
    { name: '审核工作台', path: '/review', cookie: officer },
    { name: `审核队列, ${rows} rows`, path: '/review/queue', cookie: officer, rows },
    { name: 'one filing on the desk', path: `/review/filings/${filing}`, cookie: officer },
  ];
}

/** A process that answers at `/` of a free port, measured and ended. */
async function beside(name, command) {
  const port = await freePort();
  const [program, ...args] = command(port);
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const url = `http://127.0.0.1:${port}/`;
  try {
    for (let tries = 0; !(await fetch(url).catch(() => undefined))?.ok; tries += 1) {
      if (tries > 100 || child.exitCode !== null) throw new Error(`${name} does not answer`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return { name, ...(await cost({ pid: child.pid, url })) };
  } finally {
    child.kill();
  }
}

export function hasDjango(python) {
  try {
    execFileSync(python, ['-c', 'import django, psycopg'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** @returns {Promise<object[]>} per page, the bare handler first */
export async function measurePages(server, { bare, python, seconds }) {
  const pages = [];
  for (const { name, path, cookie, rows } of await scene(server)) {
    const measured = await cost({ pid: server.pid(), url: server.url + path, cookie, seconds });
    pages.push({ name, rows, ...measured });
    console.log(`  ${name}: ${measured.processor.toFixed(2)} ms of processor, ${measured.perSecond.toFixed(0)} a second, ${measured.bytes} bytes`);
  }
  const { rows, bytes } = pages.find((page) => page.rows !== undefined);
  const same = [server.databaseUrl, String(rows), String(bytes)];
  const others = [];
  if (bare) others.push(await beside('bare axum', (port) => [bare, `127.0.0.1:${port}`, ...same]));
  if (server.databaseUrl.startsWith('postgres') && hasDjango(python)) {
    const script = fileURLToPath(new URL('django_queue.py', import.meta.url));
    others.push(await beside('Django', (port) => [python, script, String(port), ...same]));
  }
  for (const other of others) console.log(`  ${other.name}: ${other.processor.toFixed(2)} ms of processor, ${other.perSecond.toFixed(0)} a second`);
  return [...others, ...pages];
}
