// A real nginx on loopback in front of several servers, configured as docs/operating.md says.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const program = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/sbin/nginx'].find((place) => existsSync(place));

export const hasNginx = () => program !== undefined;

/** What nginx itself says while no server answers: a sentence that says how to go on. */
const SENTENCE = '服务暂时繁忙，请稍后重新提交。已保存的内容没有丢失。';

/**
 * @param {object} options
 * @param {number} options.port where it listens
 * @param {number[]} options.servers the ports of the servers, asked in turn
 * @param {number} options.identity the port of the server that has the embedded identity provider
 */
export async function startNginx({ port, servers, identity }) {
  const home = await mkdtemp(path.join(tmpdir(), 'beian-nginx-'));
  const proxied = `
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_connect_timeout 1s;
        proxy_buffering off;`;
  const configuration = `
daemon off;
worker_processes 1;
pid ${home}/nginx.pid;
error_log ${home}/error.log warn;
events { worker_connections 512; }
http {
    access_log off;
    client_max_body_size 64m;
    client_body_temp_path ${home}/body;
    proxy_temp_path ${home}/proxy;
    fastcgi_temp_path ${home}/fastcgi;
    uwsgi_temp_path ${home}/uwsgi;
    scgi_temp_path ${home}/scgi;
    upstream servers {
        ${servers.map((server) => `server 127.0.0.1:${server} max_fails=1 fail_timeout=1s;`).join('\n        ')}
        keepalive 16;
    }
    server {
        listen 127.0.0.1:${port};
        error_page 502 504 = @busy;
        location @busy {
            default_type "text/html; charset=utf-8";
            add_header Retry-After 2 always;
            return 503 "<!doctype html><meta charset=utf-8><title>请稍后再试</title><p>${SENTENCE}</p>";
        }
        location / { proxy_pass http://servers; ${proxied} }
        # A page of one version may be answered by one server, and what it loads asked of another: that one is asked next.
        location /pkg/ { proxy_pass http://servers; proxy_next_upstream error timeout http_404; ${proxied} }
        # Event streams stay open.
        location /review/events { proxy_pass http://servers; proxy_read_timeout 1h; ${proxied} }
        # The embedded identity provider is one server's, and asked by that one; a real one has an address of its own.
        location ~ ^/(idp|auth)/ { proxy_pass http://127.0.0.1:${identity}; ${proxied} }
    }
}
`;
  const file = path.join(home, 'nginx.conf');
  await writeFile(file, configuration);
  const child = spawn(program, ['-p', home, '-c', file, '-e', `${home}/error.log`], { stdio: ['ignore', 'inherit', 'inherit'] });
  for (const until = Date.now() + 10_000; ; await pause(50)) {
    if ((await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined)) !== undefined) break;
    if (child.exitCode !== null || Date.now() > until) throw new Error('nginx did not start');
  }
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
      await rm(home, { recursive: true, force: true });
    },
  };
}
