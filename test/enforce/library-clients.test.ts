// Named clients where the proxy is a function from Request to Response, and what only such a runtime can do to it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bindingLimits } from '../../adapters/web/binding-limits.ts';
import { readBounded } from '../../src/bodies/read-bounded.ts';
import { LocalLimits } from '../../src/enforce/local-limits.ts';
import { createProxy, type RequestRecord, type Transport } from '../../src/index.ts';
import { clientsFile, clientToken } from '../support/clients-file.ts';

const clients = clientsFile({ lone: { scopes: ['event:read'], orgs: ['acme'], concurrency: 1 } });
const ISSUES = 'http://proxy.example/api/0/organizations/acme/issues/';

/** Sentry that answers with a body which never ends. */
const endless: Transport = async () => ({
  status: 200,
  statusText: 'OK',
  headers: new Headers(),
  body: new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(10)) }),
});

function setUp(writeTimeout: number) {
  const records: RequestRecord[] = [];
  const onRequest = (record: RequestRecord) => void records.push(record);
  const options = { sentryUri: 'http://sentry.example', token: 'x', clients, transport: endless, onRequest };
  const proxy = createProxy({ ...options, writeTimeout });
  const ask = async (signal?: AbortSignal) => {
    const headers = { Authorization: `Bearer ${clientToken('lone')}` };
    return proxy.fetch(new Request(ISSUES, { headers, ...(signal && { signal }) }));
  };
  return { ask, records };
}

describe('a response that the runtime neither reads nor cancels', () => {
  it('frees the place of a client that has left', async () => {
    const { ask, records } = setUp(0);
    const left = new AbortController();
    assert.equal((await ask(left.signal)).status, 200);
    const next = ask();
    await sleep(50);
    assert.deepEqual(records, []);
    left.abort();
    assert.equal((await next).status, 200);
    assert.deepEqual(
      records.map(({ status, error }) => [status, error]),
      [[200, 'client_gone']],
    );
  });

  it('frees the place when its time is up', async () => {
    const { ask, records } = setUp(300);
    assert.equal((await ask()).status, 200);
    await sleep(100);
    // It waits for the place, and for no longer than its own time.
    assert.equal((await ask()).status, 200);
    assert.equal(records[0]?.error, 'upstream_timeout');
  });
});

describe('a body that is read for a check', () => {
  const robots = {
    robot: { scopes: ['org:ci'], projects: ['acme/web'] },
    watched: { scopes: ['org:ci'], projects: ['acme/web'], mode: 'observe' },
  } as const;
  const RELEASES = 'http://proxy.example/api/0/organizations/acme/releases/';
  /** A Sentry that knows no release yet. */
  const sentry: Transport = async (_url, { method }) => ({
    status: method === 'GET' ? 404 : 201,
    statusText: '',
    headers: new Headers(),
    body: null,
  });
  const records: RequestRecord[] = [];
  const makeRobots = () =>
    createProxy({
      sentryUri: 'http://sentry.example',
      token: 'x',
      clients: clientsFile(robots),
      transport: sentry,
      writeTimeout: 500,
      replayLimit: 1000,
      replayLimitTotal: 100_000,
      onRequest: (record) => void records.push(record),
    });
  const whole = '{"version":"1.0","projects":["web"]}'.padEnd(60_000);
  const stalling = () =>
    new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode(whole.slice(1))) });
  const post = (client: keyof typeof robots, body: BodyInit) =>
    new Request(RELEASES, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${clientToken(client)}`,
        'Content-Type': 'application/json',
        'Content-Length': '60000',
      },
      body,
      duplex: 'half',
    } as RequestInit);

  it('is waited for no longer than the time limit, and gives its room back', async () => {
    const proxy = makeRobots();
    const stalled = proxy.fetch(post('robot', stalling()));
    await sleep(50);
    assert.equal((await proxy.fetch(post('robot', whole))).status, 503);
    records.length = 0;
    assert.equal((await proxy.fetch(post('watched', whole))).status, 201);
    assert.deepEqual([records[0]?.status, records[0]?.observed], [201, undefined], 'nothing is known of the body');
    assert.equal((await stalled).status, 504);
    assert.equal((await proxy.fetch(post('robot', whole))).status, 201);
  });
});

describe('a rate that a binding counts', () => {
  const limits = { rate: { requests: 1, seconds: 3600 }, concurrency: 1 };
  const local = () => new LocalLimits(() => 0);

  it('is what the binding says, and what it refuses takes no place', async () => {
    const asked: string[] = [];
    let success = false;
    const limit = async ({ key }: { key: string }) => {
      asked.push(key);
      return { success };
    };
    const store = bindingLimits({ CLIENT_RATE: { limit } }, local());
    assert.deepEqual(await store.acquire('robot', limits), { ok: false, over: 'rate', retryAfterSeconds: 60 });
    success = true;
    assert.equal((await store.acquire('robot', limits)).ok, true);
    assert.equal((await store.acquire('robot', limits)).ok, false, 'the one place is taken');
    assert.deepEqual(asked, ['robot', 'robot']);
  });

  it('is counted by each isolate if the binding fails, and no place is lost by that', async () => {
    const limit = () => Promise.reject(new Error('the binding is down'));
    const store = bindingLimits({ CLIENT_RATE_MY_ROBOT: { limit } }, local());
    const first = await store.acquire('my-robot', limits);
    assert.ok(first.ok);
    first.release();
    assert.deepEqual(await store.acquire('my-robot', limits), { ok: false, over: 'rate', retryAfterSeconds: 3600 });
  });
});

describe('a body that is read to be looked at', () => {
  it('is kept in one piece, however small the chunks are that it comes in', async () => {
    let left = 100_000;
    const body = new ReadableStream({
      pull(controller) {
        if (left-- > 0) controller.enqueue(new Uint8Array([left % 256]));
        else controller.close();
      },
    });
    const { bytes, body: rest } = await readBounded(body, 50_000);
    assert.equal(bytes, undefined, 'it is larger than the limit');
    const reader = rest.getReader();
    const first = await reader.read();
    assert.equal(first.value?.length, 50_001);
    let size = first.value!.length;
    for (let read = await reader.read(); !read.done; read = await reader.read()) size += read.value!.length;
    assert.equal(size, 100_000);
  });
});

describe('a list of which every page is read', () => {
  it('asks for its further pages with the token that was renewed for the first', async () => {
    const sent: string[] = [];
    const paged: Transport = async (url, { headers }) => {
      const bearer = headers.added.find(([name]) => name === 'Authorization')![1];
      sent.push(bearer);
      if (bearer === 'Bearer old') return { status: 401, statusText: '', headers: new Headers(), body: null };
      const isFirst = !url.includes('cursor=');
      const next = `<http://sentry.example/api/0/organizations/?cursor=0:100:0>; rel="next"; results="true"; cursor="0:100:0"`;
      const fields = { 'content-type': 'application/json', ...(isFirst && { link: next }) };
      const content = JSON.stringify([{ slug: isFirst ? 'other' : 'acme', id: '1' }]);
      return { status: 200, statusText: 'OK', headers: new Headers(fields), body: new Response(content).body };
    };
    let token = 'old';
    const proxy = createProxy({
      sentryUri: 'http://sentry.example',
      token: { get: () => token, renew: async () => (token = 'new') },
      clients: clientsFile({ reader: { scopes: ['org:read'], orgs: ['acme'] } }),
      transport: paged,
    });
    const headers = { Authorization: `Bearer ${clientToken('reader')}` };
    const response = await proxy.fetch(new Request('http://proxy.example/api/0/organizations/', { headers }));
    assert.deepEqual(await response.json(), [{ slug: 'acme', id: '1' }]);
    assert.deepEqual(sent, ['Bearer old', 'Bearer new', 'Bearer new']);
  });
});
