// What a machine can see of WCAG 2.2 AA, with scripts and without.
import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { expect, test } from '@playwright/test';

const source = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * The page as it stands has nothing that WCAG 2.2 AA forbids and a machine can see. A page of the same kind as one
 * that passed before in this run, see `kindOf`, is not looked at again: that takes a second each time.
 */
export async function expectNoAxeViolations(page) {
  const { isScripted, kind } = await page.evaluate(kindOf);
  const { width, height } = page.viewportSize();
  const mark = markOf(`${test.info().project.name} ${width} ${height} ${kind}`);
  if (mark && existsSync(mark)) return;
  const violations = isScripted ? await violationsOf(page) : await violationsOfCopy(page);
  expect(violations, `accessibility of ${page.url()}`).toEqual([]);
  if (mark) writeFileSync(mark, page.url());
}

/** Where it is noted, for all workers of this run, that this kind of page passed. */
function markOf(kind) {
  const directory = process.env.E2E_LOOKED_AT;
  return directory && path.join(directory, createHash('sha256').update(kind).digest('hex'));
}

/**
 * Everything of the document that axe judges by but its words: elements in their order, classes, roles, states,
 * names of controls, and which texts are empty. Rows and items that are alike count once.
 */
function kindOf() {
  const WORDS = new Set(['href', 'src', 'value', 'alt', 'title', 'placeholder', 'action', 'content', 'aria-label', 'datetime', 'd']);
  const kind = (element) => {
    const attributes = [...element.attributes].map(({ name, value }) => {
      if (name === 'selected' || name.startsWith('data-')) return '';
      if (WORDS.has(name)) return `${name}${value.trim() ? '' : '=""'}`;
      return `${name}=${value.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|\d+/g, '0')}`;
    });
    const inside = [];
    for (const child of element.childNodes) {
      const here = child.nodeType === Node.TEXT_NODE ? (child.data.trim() ? 'text' : '') : child.nodeType === Node.ELEMENT_NODE ? kind(child) : '';
      if (here && here !== inside.at(-1)) inside.push(here);
    }
    return `<${element.localName} ${attributes.filter(Boolean).sort().join(' ')}>${inside.join('')}</>`;
  };
  return { isScripted: document.body.hasAttribute('data-hydrated'), kind: kind(document.documentElement) };
}

async function violationsOf(page) {
  if (!(await page.evaluate(() => Boolean(globalThis.axe)))) await page.evaluate(await source);
  return page.evaluate(async () => {
    // What is still fading in is judged as it will be; what never ends cannot be finished.
    for (const animation of document.getAnimations()) if (animation.effect?.getComputedTiming().endTime < Infinity) animation.finish();
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const found = await globalThis.axe.run(document, { runOnly: tags, resultTypes: ['violations'], iframes: false, preload: false });
    return found.violations.map(({ id, help, nodes }) => `${id}: ${help} — ${nodes.map((node) => node.html).join(' | ')}`);
  });
}

const copies = new WeakMap();

// axe needs timers, which stand still without JavaScript: it looks at a copy of the document under the same address,
// without its scripts, on a page that has them and that is kept for the next one.
async function violationsOfCopy(page) {
  const { origin } = new URL(page.url());
  const browser = page.context().browser();
  const kept = copies.get(browser) ?? new Map();
  copies.set(browser, kept);
  if (!kept.has(origin)) kept.set(origin, await emptyPage(browser, origin));
  const copy = kept.get(origin);
  await copy.context().clearCookies();
  await copy.context().addCookies(await page.context().cookies());
  await copy.setViewportSize(page.viewportSize());
  await copy.evaluate(showCopy, { html: await page.content(), address: page.url() });
  return violationsOf(copy);
}

async function emptyPage(browser, origin) {
  const context = await browser.newContext({ javaScriptEnabled: true });
  const page = await context.newPage();
  const address = `${origin}/empty`;
  await page.route(address, (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body: '<!doctype html><title>-</title>' }));
  await page.goto(address);
  return page;
}

/** Puts the document there, and waits until it looks as it should. */
async function showCopy({ html, address }) {
  history.replaceState(null, '', address);
  const { documentElement } = new DOMParser().parseFromString(html, 'text/html');
  for (const script of documentElement.querySelectorAll('script')) script.remove();
  // It would scroll, and what is half under the head of a table then is measured as half.
  for (const element of documentElement.querySelectorAll('[autofocus]')) element.removeAttribute('autofocus');
  const here = document.documentElement;
  for (const { name } of [...here.attributes]) here.removeAttribute(name);
  for (const { name, value } of documentElement.attributes) here.setAttribute(name, value);
  here.replaceChildren(...documentElement.childNodes);
  const settled = (element) => new Promise((done) => ['load', 'error'].forEach((end) => element.addEventListener(end, done)));
  const sheets = [...document.querySelectorAll('link[rel=stylesheet]')].filter((sheet) => !sheet.sheet);
  const pictures = [...document.images].filter((image) => !image.complete && image.loading !== 'lazy');
  await Promise.all([...sheets, ...pictures].map(settled));
  scrollTo(0, 0);
}
