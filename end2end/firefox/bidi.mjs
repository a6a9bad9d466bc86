// A little of WebDriver BiDi, which Firefox speaks by itself (--remote-debugging-port): what a person does on a page,
// by what is named there. Every step waits until it can be done.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

const WebSocket = createRequire(import.meta.url)('ws');
const PATIENCE = 15_000;
const CONTROL = '\uE009';
const DELETE = '\uE017';

export async function startFirefox(program) {
  const profile = await mkdtemp(path.join(tmpdir(), 'beian-firefox-'));
  const child = spawn(program, ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0', 'about:blank'], {
    env: { ...process.env, HOME: profile, LANG: 'zh_CN.UTF-8', TZ: 'Asia/Shanghai' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const address = await new Promise((resolve, reject) => {
    createInterface(child.stderr).on('line', (line) => {
      const found = /WebDriver BiDi listening on (ws:\/\/\S+)/.exec(line);
      if (found) resolve(found[1]);
    });
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`Firefox ended (${code}) before it listened`)));
  });
  const socket = new WebSocket(`${address}/session`);
  await once(socket, 'open');
  const waiting = new Map();
  const thrown = [];
  socket.on('message', (bytes) => {
    const message = JSON.parse(bytes);
    if (message.type === 'event') {
      // What a page throws; what it only prints says nothing.
      if (message.params.type === 'javascript' && message.params.level === 'error') thrown.push(message.params.text);
      return;
    }
    const { resolve, reject } = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.type === 'success') resolve(message.result);
    else reject(new Error(`${message.error}: ${message.message}`));
  });
  let last = 0;
  const send = (method, params = {}) =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      socket.send(JSON.stringify({ id: last, method, params }));
    });
  const { capabilities } = await send('session.new', { capabilities: {} });
  await send('session.subscribe', { events: ['log.entryAdded'] });
  return {
    version: capabilities.browserVersion,
    thrown,
    /** A page of a person of its own. */
    async open() {
      const { userContext } = await send('browser.createUserContext');
      const { context } = await send('browsingContext.create', { type: 'tab', userContext });
      return new Page(send, context);
    },
    async stop() {
      const ended = once(child, 'exit');
      await Promise.race([send('browser.close'), ended, pause(5_000, undefined, { ref: false })]).catch(() => {});
      socket.terminate();
      child.kill('SIGKILL');
      await ended;
      await rm(profile, { recursive: true, force: true });
    },
  };
}

/** Asks again until the answer is something. */
async function eventually(ask, what) {
  for (const until = Date.now() + PATIENCE; ; await pause(100)) {
    // While a page gives way to the next there is nobody to ask.
    const answer = await ask().catch((error) => {
      if (Date.now() > until) throw error;
    });
    if (answer) return answer;
    if (Date.now() > until) throw new Error(`in vain: ${what}`);
  }
}

class Page {
  #send;
  #context;

  constructor(send, context) {
    this.#send = send;
    this.#context = context;
  }

  async goto(url) {
    await this.#send('browsingContext.navigate', { context: this.#context, url, wait: 'complete' });
    await this.hydrated();
  }

  /** What a function of the page answers; its arguments are texts or nodes. */
  async ask(function_, ...given) {
    const { result, exceptionDetails } = await this.#send('script.callFunction', {
      functionDeclaration: String(function_),
      arguments: given.map((one) => (typeof one === 'string' ? { type: 'string', value: one } : { sharedId: one.sharedId })),
      target: { context: this.#context },
      awaitPromise: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.text);
    return result.type === 'node' ? result : result.value;
  }

  /** Until the wasm has taken over, on pages that have it. */
  async hydrated() {
    const isReady = () => document.readyState === 'complete' && !document.querySelector('script[type="module"]') || document.body.hasAttribute('data-hydrated');
    await eventually(() => this.ask(isReady), 'the page is ready');
  }

  /** Waits for the address, and for the page that is there. */
  async arrivesAt(pattern) {
    try {
      await eventually(async () => pattern.test(await this.url()), `an address like ${pattern}`);
    } catch (error) {
      const said = await this.ask(() => [...document.querySelectorAll('[role=alert]')].map((one) => one.innerText).join(' '));
      throw new Error(`${error.message}; ${await this.url()} says “${said}”`);
    }
    await this.hydrated();
  }

  url() {
    return this.ask(() => location.href);
  }

  /** Waits until this text can be seen. */
  async sees(text) {
    const isSeen = (text) => document.body.innerText.includes(text);
    await eventually(() => this.ask(isSeen, text), `“${text}” on ${await this.url()}`);
  }

  async #node(role, name, inside) {
    const startNodes = inside ? [{ sharedId: inside.sharedId }] : undefined;
    const locator = { type: 'accessibility', value: { role, name } };
    const locate = async () => (await this.#send('browsingContext.locateNodes', { context: this.#context, locator, startNodes })).nodes[0];
    return eventually(locate, `${role} “${name}” on ${await this.url()}`);
  }

  group(name) {
    return this.#node('group', name);
  }

  /** The control that bears this label. */
  async #control(label, inside) {
    const find = (label, inside) => {
      const named = (control) => [control.ariaLabel, ...[...(control.labels ?? [])].map((one) => one.textContent)].some((name) => name?.trim() === label);
      return [...(inside ?? document).querySelectorAll('input, select, textarea')].find(named);
    };
    return eventually(() => this.ask(find, label, ...(inside ? [inside] : [])), `the control “${label}”`);
  }

  async #press(node) {
    // What was typed last is looked at after a rest of 120 ms and may move what stands below: one aims at what stands still.
    await this.ask(async (node) => {
      node.scrollIntoView({ block: 'center' });
      for (let before; ; ) {
        const { top, left } = node.getBoundingClientRect();
        if (before === `${top} ${left}`) return;
        before = `${top} ${left}`;
        await new Promise((done) => setTimeout(done, 150));
      }
    }, node);
    const origin = { type: 'element', element: { sharedId: node.sharedId } };
    const actions = [
      { type: 'pointerMove', x: 0, y: 0, origin },
      { type: 'pointerDown', button: 0 },
      { type: 'pointerUp', button: 0 },
    ];
    await this.#send('input.performActions', { context: this.#context, actions: [{ type: 'pointer', id: 'mouse', actions }] });
  }

  async #keys(actions) {
    await this.#send('input.performActions', { context: this.#context, actions: [{ type: 'key', id: 'keys', actions }] });
  }

  async press(name, inside) {
    await this.#press(await this.#node('button', name, inside));
  }

  async follow(name, inside) {
    await this.#press(await this.#node('link', name, inside));
  }

  /** Types, in place of what stands there. */
  async type(label, text, inside) {
    const control = await this.#control(label, inside);
    await this.ask((control) => control.focus(), control);
    const stroke = (value) => [{ type: 'keyDown', value }, { type: 'keyUp', value }];
    await this.#keys([{ type: 'keyDown', value: CONTROL }, ...stroke('a'), { type: 'keyUp', value: CONTROL }, ...stroke(DELETE)]);
    await this.#keys([...text].flatMap(stroke));
    const typed = await this.ask((control) => control.value, control);
    if (typed !== text) throw new Error(`“${label}” holds “${typed}” and not “${text}”`);
  }

  /** A date is set whole: in what order its parts are typed depends on the language of the browser. */
  async set(label, value) {
    const control = await this.#control(label);
    await this.ask((control, value) => {
      control.value = value;
      for (const kind of ['input', 'change']) control.dispatchEvent(new Event(kind, { bubbles: true }));
    }, control, value);
  }

  async choose(label, option) {
    const control = await this.#control(label);
    const pick = (control, option) => {
      const found = [...control.options].find((one) => one.label === option);
      if (!found) return false;
      control.value = found.value;
      for (const kind of ['input', 'change']) control.dispatchEvent(new Event(kind, { bubbles: true }));
      return true;
    };
    await eventually(() => this.ask(pick, control, option), `“${option}” of “${label}”`);
  }

  async tick(label, inside) {
    await this.#press(await this.#control(label, inside));
  }

  async answer(question, answer) {
    await this.tick(answer, await this.#node('radiogroup', question));
  }

  async upload(label, file, inside) {
    const control = await this.#control(label, inside);
    await this.#send('input.setFiles', { context: this.#context, element: { sharedId: control.sharedId }, files: [file] });
    const isThere = (label, inside) => [...(inside ?? document).querySelectorAll('img')].some((image) => image.alt === `${label}预览`);
    await eventually(() => this.ask(isThere, label, ...(inside ? [inside] : [])), `the picture of “${label}”`);
  }

  async value(label) {
    return this.ask((control) => control.value, await this.#control(label));
  }

  /** Presses what stands in the row of a table that holds all these texts. */
  async pressInRow(...texts) {
    const find = (...texts) => {
      const row = [...document.querySelectorAll('tr')].find((one) => texts.every((text) => one.textContent.includes(text)));
      return row && [...row.querySelectorAll('a')].at(-1);
    };
    await this.#press(await eventually(() => this.ask(find, ...texts), `the row of ${texts.join(', ')}`));
  }

  /** Ticks every box whose name begins so. */
  async tickAll(name) {
    const count = await this.ask((name) => document.querySelectorAll(`input[name^="${name}"]`).length, name);
    const one = (name, at) => document.querySelectorAll(`input[name^="${name}"]`)[Number(at)];
    for (let at = 0; at < count; at += 1) await this.#press(await this.ask(one, name, String(at)));
  }
}
