// Open desks, as the browser keeps them: a stream of events that is connected again after an interruption, with the name
// of what was heard last. Tells when a desk heard of a filing.
import http from 'node:http';
import { cookieOf } from '../harness/http.mjs';

export class Desk {
  /** When this desk heard of each filing. */
  heard = new Map();
  /** Times it was told that something was missed, and has read everything anew. */
  again = 0;
  interrupted = 0;
  #last;
  #retry = 3000;
  #closed = false;
  #request;

  static async open(url, officer) {
    const desk = new Desk();
    desk.url = url;
    desk.cookie = await cookieOf(officer.context);
    await new Promise((ready) => desk.#connect(ready));
    return desk;
  }

  close() {
    this.#closed = true;
    this.#request?.destroy();
  }

  #connect(ready = () => {}) {
    if (this.#closed) return;
    let over = false;
    const later = () => {
      if (over || this.#closed) return;
      over = true;
      this.interrupted += 1;
      setTimeout(() => this.#connect(ready), this.#retry);
    };
    const headers = { cookie: this.cookie, ...(this.#last === undefined ? {} : { 'last-event-id': this.#last }) };
    this.#request = http.get(`${this.url}/review/events`, { agent: false, headers }, (stream) => {
      if (stream.statusCode !== 200) {
        stream.resume();
        return later();
      }
      let rest = '';
      stream.setEncoding('utf8').on('data', (text) => {
        const blocks = (rest + text).split('\n\n');
        rest = blocks.pop();
        for (const block of blocks) this.#take(block, ready);
      });
      for (const end of ['end', 'error', 'close']) stream.on(end, later);
    });
    this.#request.on('error', later);
  }

  #take(block, ready) {
    const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: ?(.*)/s).slice(0, 2)));
    if (fields.id !== undefined) this.#last = fields.id;
    if (fields.retry !== undefined) this.#retry = Number(fields.retry);
    if (fields.event === 'hello') ready();
    if (fields.data === 'again') this.again = Date.now();
    const [word, id] = (fields.data ?? '').split(' ');
    if (word === 'arrived' && !this.heard.has(id)) this.heard.set(id, Date.now());
  }
}
