// Plays the admin API with plausible traffic, for looking at the console without a gateway. Never
// shipped. `npm run mock`, then `npm run dev`; or give it a build to serve: node dev/mock.mjs DIR.
// Options by environment: PORT (9099), RATE (calls a second, 420), KERNEL=off.
import { readFileSync, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import * as data from './data.mjs';

const dir = process.argv[2];
const port = Number(process.env.PORT ?? 9099);
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.woff2': 'font/woff2',
};
const CSP =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'; object-src 'none'";
let signedIn = process.env.SIGNED_IN !== '0';

const send = (response, status, body, type = 'application/json') => {
  response.writeHead(status, { 'Content-Type': type, 'Content-Security-Policy': CSP });
  response.end(body === undefined ? undefined : JSON.stringify(body));
};
const problem = (response, status, title, detail, code) =>
  send(
    response,
    status,
    { type: 'about:blank', title, status, code, detail },
    'application/problem+json',
  );

function events(request, response, url) {
  const topics = (url.searchParams.get('topics') ?? '').split(',');
  const filters = Object.fromEntries(url.searchParams);
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  const write = (event, body) =>
    response.write(`event: ${event}\ndata: ${JSON.stringify(body)}\n\n`);
  const timers = [];
  if (topics.includes('tick')) {
    write('tick', data.tick());
    timers.push(setInterval(() => write('tick', data.tick()), 1000));
  }
  if (topics.includes('calls')) {
    timers.push(setInterval(() => write('calls', data.sample(filters, 250)), 250));
  }
  request.on('close', () => timers.forEach(clearInterval));
}

async function session(request, response) {
  if (request.method === 'POST') {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { token, code } = JSON.parse(text);
    if (token !== 'mock' && code !== 'mock') {
      return problem(
        response,
        401,
        'That token is not right',
        'token: not known (expected: the content of DATA/admin.token)',
        'wrong-credentials',
      );
    }
    signedIn = true;
  } else if (request.method === 'DELETE') {
    signedIn = false;
    return send(response, 204);
  }
  return signedIn
    ? send(response, request.method === 'POST' ? 201 : 200, {
        user: 'admin',
        role: 'admin',
        team: 'default',
        by: 'session',
      })
    : problem(response, 401, 'Sign in first', 'no session', 'sign-in-required');
}

function statics(response, path) {
  const wanted = normalize(path).replace(/^\/+/, '');
  const file =
    dir && existsSync(join(dir, wanted)) && extname(wanted)
      ? join(dir, wanted)
      : join(dir ?? '.', 'index.html');
  response.writeHead(200, {
    'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
    'Content-Security-Policy': CSP,
  });
  response.end(readFileSync(file));
}

createServer((request, response) => {
  const url = new URL(request.url, `http://${request.headers.host}`);
  const path = url.pathname;
  if (!path.startsWith('/api/')) return statics(response, path);
  if (path === '/api/v1/session') return void session(request, response);
  if (path === '/api/v1/try')
    return send(response, 200, { items: [{ id: 17, product: 'lamp', quantity: 2 }] });
  if (request.method !== 'GET') return send(response, 201, data.created(path));
  if (path === '/api/v1/events') return events(request, response, url);
  const found = data.answer(path, url.searchParams);
  return found === undefined
    ? problem(response, 404, 'Not found', `${path}: not known`, 'not-found')
    : send(response, 200, found);
}).listen(port, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${port}\n`));
