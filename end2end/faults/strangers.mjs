// Strangers against a server of its own on loopback, with the limits of production:
//   node faults/strangers.mjs
// 40 posts of 31 MB without a session, then 4,500 slow posts from one address, and how the server is meanwhile.
// Ends with 1 where memory or /healthz are beyond what they may be.
import { once } from 'node:events';
import { readFile, writeFile, mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startServer } from '../harness/server.mjs';

const MOST_MEGABYTES = 250;
const MOST_MILLISECONDS = 100;
const [POSTS, SLOW] = [40, 4500];
const STRANGER = '127.0.0.2';

const directory = await mkdtemp(path.join(tmpdir(), 'strangers-'));
const config = path.join(directory, 'beian.toml');
await writeFile(config, '[requests]\nper_address = 64\nbodies_megabytes_each = 64\n');
const server = await startServer({ args: ['--config', config] });
const { hostname, port } = new URL(server.url);

const megabytes = async () => {
  const status = await readFile(`/proc/${server.pid()}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024;
};

/** Milliseconds until /healthz has answered, on a connection of its own; none after 5 s. */
const health = (localAddress) =>
  new Promise((resolve) => {
    const began = performance.now();
    const request = http.get(`${server.url}/healthz`, { agent: false, localAddress, timeout: 5000 }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode === 200 ? performance.now() - began : Infinity));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(Infinity));
  });

const rows = [];
let isWell = true;
const row = (what, value, most, unit) => {
  isWell &&= value <= most;
  rows.push(`| ${what} | ${value === Infinity ? 'none' : value.toFixed(0)} ${unit} | ${most} ${unit} |`);
};

// --- finding 3
const before = await megabytes();
const body = Buffer.concat([
  Buffer.from('--b\r\ncontent-disposition: form-data; name="unit.name"\r\n\r\n'),
  Buffer.alloc(31 * 1024 * 1024, 'a'),
  Buffer.from('\r\n--b--\r\n'),
]);
const post = () =>
  new Promise((resolve) => {
    const request = http.request(`${server.url}/form/subject/new/form`, {
      agent: false,
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=b', 'content-length': body.length },
    });
    request.on('response', (answer) => answer.resume().on('end', () => resolve(answer.statusCode)));
    request.on('error', () => resolve('broken off'));
    request.end(body);
  });
let highest = before;
let isPosting = true;
const watching = (async () => {
  for (; isPosting; await pause(20)) highest = Math.max(highest, await megabytes());
})();
const began = performance.now();
const answers = await Promise.all(Array.from({ length: POSTS }, post));
isPosting = false;
await watching;
const took = (performance.now() - began) / 1000;
row(`memory at ${POSTS} strangers' posts of 31 MB (${before.toFixed(0)} MB before)`, highest, MOST_MEGABYTES, 'MB');

// --- finding 4
const head =
  'POST /form/subject/new/form HTTP/1.1\r\nhost: a\r\ncontent-type: multipart/form-data; boundary=b\r\n' +
  'content-length: 30000000\r\n\r\n-';
const slow = [];
for (let number = 0; number < SLOW; number += 1) {
  const socket = net.connect({ host: hostname, port: Number(port), localAddress: STRANGER });
  socket.on('error', () => {});
  socket.write(head);
  slow.push(socket);
  if (number % 100 === 0) await Promise.race([once(socket, 'connect'), pause(1000)]);
}
const dribble = setInterval(() => slow.filter((socket) => socket.writable).forEach((socket) => socket.write('-')), 3000);
for (const [who, address] of [['others', '127.0.0.1'], ['the same address', STRANGER]]) {
  const times = [];
  for (let number = 0; number < 20; number += 1) {
    times.push(await health(address));
    await pause(200);
  }
  row(`/healthz for ${who} at ${SLOW} slow posts, slowest of 20`, Math.max(...times), MOST_MILLISECONDS, 'ms');
}
clearInterval(dribble);
slow.forEach((socket) => socket.destroy());

console.log(`| what | measured | at most |\n|---|---|---|\n${rows.join('\n')}`);
console.log(`answers to the posts: ${[...new Set(answers)].join(', ')} within ${took.toFixed(1)} s`);
await server.stop();
await rm(directory, { recursive: true });
process.exit(isWell ? 0 : 1);
