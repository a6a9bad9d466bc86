// What a process costs per request: requests are sent for a while, and the processor time that Linux counts for the
// process (user and system) is divided by their number. The time of whoever asks does not count, so the figure stands
// on a busy machine too; only how many are answered in a second is the machine's.
import { readFileSync } from 'node:fs';
import http from 'node:http';

/** Linux counts in hundredths of a second. */
const TICK_MS = 10;

/** Milliseconds of processor that a process has used. */
export function processorMs(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Megabytes that a process holds in memory, and the most it ever did. */
export function memoryMb(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (word) => Math.round(Number(new RegExp(`${word}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024);
  return { now: of('VmRSS'), most: of('VmHWM') };
}

/** Percentiles of milliseconds. */
export function spread(times) {
  const sorted = [...times].sort((one, other) => one - other);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  return { count: sorted.length, median: at(0.5), p95: at(0.95), p99: at(0.99), most: at(1) };
}

/** One request over a connection that is kept; its status, text and milliseconds. */
export function ask(agent, url, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const request = http.request(url, { method, headers, agent }, (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece));
      response.on('end', () => {
        const body = Buffer.concat(pieces);
        resolve({ status: response.statusCode, bytes: body.length, text: body.toString(), took: performance.now() - begun });
      });
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

/**
 * Asks for one address over and over, over some connections, and says what it cost the process.
 * @param {object} of
 * @param {number} of.pid
 * @param {string} of.url
 * @param {string} [of.cookie]
 * @param {number} [of.seconds]
 * @param {number} [of.connections]
 */
export async function cost({ pid, url, cookie, seconds = 4, connections = 4 }) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  let asked = 0;
  // Each request from another address: what one address may ask for in a minute is not what is measured.
  const headers = () => {
    asked += 1;
    return { ...(cookie ? { cookie } : {}), 'x-forwarded-for': `10.${asked >> 16}.${(asked >> 8) & 255}.${asked & 255}` };
  };
  const times = [];
  let bytes;
  const forAWhile = async (until, take) => {
    await Promise.all(Array.from({ length: connections }, async () => {
      while (performance.now() < until) {
        const answer = await ask(agent, url, { headers: headers() });
        if (answer.status !== 200) throw new Error(`${url}: ${answer.status}`);
        take(answer);
      }
    }));
  };
  await forAWhile(performance.now() + 500, () => {});
  const [begun, used] = [performance.now(), processorMs(pid)];
  await forAWhile(begun + seconds * 1000, (answer) => {
    times.push(answer.took);
    bytes = answer.bytes;
  });
  const took = performance.now() - begun;
  const processor = processorMs(pid) - used;
  agent.destroy();
  return { ...spread(times), bytes, processor: processor / times.length, perSecond: times.length / (took / 1000) };
}
