// The soak:  node test/soak.ts [minutes, 10 if not given]
// Mixed traffic through a proxy in system mode: rotation, a database that comes and goes, clients that leave, an upstream
// with faults; then slow attacks of a thousand connections each. Every response must be right, and after each round,
// when everything is at rest, the live heap, the descriptors and the timers must be what they were.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startPostgres } from '../demo/postgres.ts';
import { activeTimers, hasProcFs, liveHeap, openDescriptors, WITH_HEAP_REPORTS } from './support/process-figures.ts';
import { startProxy } from './support/proxy-process.ts';
import { Relay } from './support/relay.ts';
import { assertNoSecret } from './support/secrets.ts';
import { ATTACKS, attack, honestTraffic, slowHttpTest } from './support/slow-attacks.ts';

const MINUTES = Number(process.argv[2] ?? 10);
const ROUNDS = Math.max(3, Math.round(MINUTES));
const ROUND = (MINUTES * 60_000) / ROUNDS;
/** Milliseconds: longer than the proxy waits for clients that were answered and still send. */
const REST = 4000;
const WORKERS = 12;
const ALIAS = 'alias-of-the-soak';
const REPLAY_LIMIT = 256 * 1024;

const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const below = (limit: number): number => Math.floor(Math.random() * limit);
const noise = randomBytes(2 * 1024 * 1024);
const someBytes = (size: number): Buffer => noise.subarray(below(noise.length - size), noise.length).subarray(0, size);

// ---- What stands behind the proxy ----

const postgres = await startPostgres();
const database = new pg.Client(postgres.connectionString);
await database.connect();
const accepted = new Set<string>();
let current = '';
async function rotate(): Promise<void> {
  const token = randomBytes(32).toString('hex');
  await database.query(
    `INSERT INTO sentry_option (key, value) VALUES ('sentry:system-token', $1)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    [JSON.stringify(token)],
  );
  accepted.clear();
  accepted.add(current).add(token);
  current = token;
}
await rotate();

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const bearer = (request.headers.authorization ?? '').replace('Bearer ', '');
  if (!accepted.has(bearer)) {
    response.writeHead(401, { 'WWW-Authenticate': 'xBasic realm="api"' }).end('{"detail":"Invalid token"}');
    return;
  }
  const { pathname, searchParams } = new URL(request.url!, 'http://upstream');
  const content = someBytes(Number(searchParams.get('size') ?? 2));
  const headers = { 'X-Sha': sha(content), 'Content-Length': content.length };
  if (pathname === '/echo') response.end(sha(Buffer.concat(chunks)));
  else if (pathname === '/download') response.writeHead(200, headers).end(content);
  else if (pathname === '/stream') response.writeHead(200, { 'X-Sha': sha(content) }).end(content);
  else if (pathname === '/cut') {
    response.writeHead(200, headers).write(content.subarray(0, content.length / 2));
    setTimeout(() => response.destroy(), 20);
  } else if (pathname === '/reset') response.destroy();
  else if (pathname === '/malformed') response.socket!.end('HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n');
  else if (pathname === '/hang') return;
  else response.end('ok');
}
const upstream = createServer((request, response) => {
  serve(request, response).catch(() => response.destroy());
});
upstream.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
await once(upstream, 'listening');

const relay = new Relay(postgres.port);
await relay.open();
const conn = new URL(postgres.connectionString);
conn.port = String(relay.port);
conn.searchParams.set('sslmode', 'disable');
const proxy = await startProxy(
  [
    `--sentry-uri=http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
    `--pgx-conn=${conn}`,
    `--alias-token=${ALIAS}`,
    `--replay-limit=${REPLAY_LIMIT}`,
    '--write-timeout=5',
  ],
  { env: WITH_HEAP_REPORTS },
);

// ---- Traffic ----

interface Outcome {
  /** 0 where the connection broke before a response. */
  status: number;
  content: Buffer;
  sha: string | undefined;
  isWhole: boolean;
}

interface Ask {
  method?: string;
  body?: Buffer;
  isChunked?: boolean;
  bearer?: string;
  /** Milliseconds after which the client goes away. */
  patience?: number;
}

function ask(path: string, { method = 'GET', body, isChunked, bearer = ALIAS, patience }: Ask = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const none = { status: 0, content: Buffer.alloc(0), sha: undefined, isWhole: false };
    const length = body === undefined || isChunked ? {} : { 'Content-Length': body.length };
    const headers = { Authorization: `Bearer ${bearer}`, ...length };
    const request = httpRequest({ host: proxy.host, port: proxy.port, path, method, headers, agent: false });
    if (patience !== undefined) setTimeout(() => request.destroy(), patience);
    request.on('error', () => resolve(none));
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      const settle = () => {
        const { statusCode: status = 0, complete: isWhole } = response;
        resolve({ status, content: Buffer.concat(chunks), sha: response.headers['x-sha'] as string, isWhole });
      };
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', settle).on('close', settle);
    });
    if (body !== undefined && isChunked) request.write(body.subarray(0, body.length / 3));
    request.end(body !== undefined && isChunked ? body.subarray(body.length / 3) : body);
  });
}

async function upload(size: number, isChunked: boolean): Promise<void> {
  const body = someBytes(size);
  const { status, content } = await ask('/echo', { method: 'POST', body, isChunked });
  // One that is too large to be kept is answered with the 401, and the client comes again.
  if (status === 401 && size > REPLAY_LIMIT) return;
  assert.equal(status, 200);
  assert.equal(content.toString(), sha(body));
}

async function download(path: string, size: number): Promise<void> {
  const outcome = await ask(`${path}?size=${size}`);
  assert.equal(outcome.status, 200);
  assert.ok(outcome.isWhole);
  assert.equal(sha(outcome.content), outcome.sha);
}

async function fails(path: string, ...statuses: number[]): Promise<void> {
  const { status, isWhole } = await ask(path);
  assert.ok(statuses.includes(status) || !isWhole, `${path}: status ${status}`);
}

/** Sends bytes that are not a request, or the beginning of one, and leaves. */
async function nonsense(): Promise<void> {
  const socket = connect(proxy.port, proxy.host).on('error', () => {});
  const bytes = ['GET / HTTP/1.1\r\n', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx', 'x\r\n\r\n'];
  socket.write(Math.random() < 0.3 ? someBytes(below(5000)) : bytes[below(bytes.length)]!);
  await sleep(below(200));
  if (Math.random() < 0.5) socket.destroy();
  else socket.resetAndDestroy();
}

const KINDS: Record<string, [weight: number, play: () => Promise<unknown>]> = {
  'small request': [30, async () => assert.equal((await ask('/')).content.toString(), 'ok')],
  'small upload': [10, () => upload(below(50_000), false)],
  'chunked upload': [6, () => upload(below(400_000), true)],
  'large upload': [3, () => upload(below(2_000_000), Math.random() < 0.5)],
  download: [10, () => download('/download', below(1_000_000))],
  stream: [6, () => download('/stream', below(1_000_000))],
  'cut response': [4, () => fails('/cut?size=100000')],
  'reset upstream': [4, () => fails('/reset', 502)],
  'malformed response': [4, () => fails('/malformed', 502)],
  'hanging upstream': [1, () => fails('/hang', 504)],
  'foreign token': [4, async () => assert.equal((await ask('/', { bearer: 'of-a-client' })).status, 401)],
  'impatient download': [5, () => ask('/download?size=1500000', { patience: 1 + below(30) })],
  'impatient upload': [4, () => ask('/echo', { method: 'PUT', body: someBytes(1_500_000), patience: 1 + below(30) })],
  'impatient wait': [3, () => ask('/hang', { patience: 1 + below(300) })],
  nonsense: [6, nonsense],
};
const LOTS = Object.entries(KINDS).flatMap(([kind, [weight]]) => Array.from({ length: weight }, () => kind));

const counts: Record<string, number> = {};
const failures: string[] = [];

async function traffic(milliseconds: number): Promise<void> {
  const end = performance.now() + milliseconds;
  const worker = async () => {
    while (performance.now() < end) {
      const kind = LOTS[below(LOTS.length)]!;
      counts[kind] = (counts[kind] ?? 0) + 1;
      try {
        await KINDS[kind]![1]();
      } catch (error) {
        failures.push(`${kind}: ${(error as Error).message}`);
        console.log(`FAILURE: ${failures.at(-1)}`);
      }
      await sleep(below(60));
    }
  };
  const upheaval = async () => {
    while (performance.now() < end) {
      await sleep(500);
      await rotate();
      // Now and then the database is away for a while, in which nothing rotates.
      if (Math.random() > 0.05) continue;
      await ask('/');
      await sleep(200);
      await relay.close();
      await sleep(1500);
      await relay.open();
    }
  };
  await Promise.all([upheaval(), ...Array.from({ length: WORKERS }, worker)]);
}

// ---- Rounds ----

interface Sample {
  heap: number;
  descriptors: number;
  timers: number;
}

async function atRest(): Promise<Sample> {
  await sleep(REST);
  return {
    heap: await liveHeap(proxy),
    descriptors: hasProcFs ? await openDescriptors(proxy.child.pid!) : 0,
    timers: await activeTimers(proxy),
  };
}

const MIB = 1024 * 1024;
const samples: Sample[] = [];
const say = (what: string, { heap, descriptors, timers }: Sample): void =>
  console.log(`${what}: heap ${(heap / MIB).toFixed(2)} MiB, ${descriptors} descriptors, ${timers} timers`);

// Code that was never run, and what is loaded when it first is, is not a leak.
await traffic(Math.min(ROUND, 20_000));
const first = await atRest();
say('warm', first);
for (let round = 1; round <= ROUNDS; round++) {
  await traffic(ROUND);
  const sample = await atRest();
  samples.push(sample);
  say(`round ${round} of ${ROUNDS}`, sample);
}

const honest = `GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ALIAS}\r\n\r\n`;
for (const kind of slowHttpTest === undefined ? [] : (Object.keys(ATTACKS) as (keyof typeof ATTACKS)[])) {
  const { served, failures: unserved, longest } = await honestTraffic(proxy, honest, attack(kind, proxy, 1000, 15));
  console.log(
    `${kind}, 1000 connections: ${served} honest requests served, ${unserved.length} not, ${Math.round(longest)} ms at most`,
  );
  failures.push(...unserved.map((failure) => `during ${kind}: ${failure}`));
}
if (slowHttpTest === undefined) console.log('no slow attacks: slowhttptest is not installed');
// Until the last of them has met its deadline.
await sleep(8000);
const last = await atRest();
say('end', last);

const { stdout, stderr, code } = await proxy.stop();
upstream.closeAllConnections();
upstream.close();
await relay.close();
await database.end();
await postgres.stop();

console.log(JSON.stringify(counts));
assertNoSecret(stdout + stderr, { ALIAS, password: postgres.password, current });
assert.equal(code, 0);
assert.deepEqual(failures.slice(0, 20), []);
const heap = Math.min(first.heap, samples[0]!.heap);
for (const sample of [...samples, last]) {
  assert.ok(Math.abs(sample.descriptors - first.descriptors) <= 3, 'the number of descriptors is another');
  assert.ok(Math.abs(sample.timers - first.timers) <= 2, 'the number of timers is another');
  assert.ok(sample.heap < heap * 1.15 + MIB || sample === samples[0], 'the heap has grown');
}
console.log('flat');
