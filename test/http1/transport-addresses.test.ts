// Finding Sentry by name: several addresses, dead ones among them, changes, and a resolver that is slow or fails.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { pathToFileURL } from 'node:url';
import { listenDeafly } from '../support/deaf-listener.ts';
import { startProxy } from '../support/proxy-process.ts';
import { type Reply, send } from '../support/raw-client.ts';
import type { ResolverScript } from '../support/scripted-resolver.ts';
import { Upstream } from '../support/upstream.ts';

const GET = 'GET /api/0/ HTTP/1.1\r\nHost: proxy.example\r\n\r\n';
const V4 = { address: '127.0.0.1', family: 4 };
const V6 = { address: '::1', family: 6 };
const DEAD_V4 = { address: '127.0.0.2', family: 4 };

const upstream = await Upstream.start();
after(() => upstream.stop());

interface Scene {
  /** What the resolver says from now on. */
  resolve(script: ResolverScript): Promise<void>;
  /** How often it was asked so far. */
  asked(): Promise<number>;
  get(): Promise<Reply>;
  /** The error of the last request, in the log. */
  error(): Promise<unknown>;
}

async function withResolver(script: ResolverScript, play: (scene: Scene) => Promise<void>, port = upstream.port) {
  const folder = await mkdtemp(join(tmpdir(), 'sentry-resolver-'));
  const path = join(folder, 'script.json');
  const resolve = (next: ResolverScript) => writeFile(path, JSON.stringify(next));
  await resolve(script);
  const preload = pathToFileURL(join(import.meta.dirname, '../support/scripted-resolver.ts'));
  const proxy = await startProxy(['--sentry-uri', `http://sentry.test:${port}`, '--token', 'token-of-the-test'], {
    env: { NODE_OPTIONS: `--import=${preload}`, RESOLVER_SCRIPT: path },
  });
  try {
    await play({
      resolve,
      asked: async () => (await readFile(`${path}.asked`, 'utf8').catch(() => '')).split('\n').length - 1,
      get: () => send(proxy, GET),
      error: async () => (await proxy.logged(({ event }) => event === 'request')).error,
    });
  } finally {
    await proxy.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function isAnswered({ status, elapsed }: Reply): void {
  assert.equal(status, 200);
  // It takes well below 500 ms; an attempt that nobody answers would take 10 s and more.
  assert.ok(elapsed < 8000, `after ${Math.round(elapsed)} ms`);
}

test('answers in time where an address before the live one refuses', () =>
  withResolver({ addresses: [V6, DEAD_V4, V4] }, async ({ get }) => isAnswered(await get())));

test('answers in time where an address before the live one is silent', async (context) => {
  const deaf = await listenDeafly('::1', upstream.port);
  if (deaf === undefined) return context.skip('no silent address can be made here');
  try {
    await withResolver({ addresses: [V6, V4] }, async ({ get }) => isAnswered(await get()));
  } finally {
    deaf.stop();
  }
});

test('answers by the system resolver where the name has more addresses than are listened at', async () => {
  const proxy = await startProxy(['--sentry-uri', `http://localhost:${upstream.port}`, '--token', 'token-of-the-test']);
  try {
    isAnswered(await send(proxy, GET));
  } finally {
    await proxy.stop();
  }
});

test('sees a change of address at the next request', () =>
  withResolver({ addresses: [DEAD_V4] }, async ({ get, resolve }) => {
    assert.equal((await get()).status, 502);
    await resolve({ addresses: [V4] });
    assert.equal((await get()).status, 200);
    await resolve({ addresses: [DEAD_V4] });
    assert.equal((await get()).status, 502);
  }));

test('answers 502 for a name that is not known, though it was before', () =>
  withResolver({ addresses: [V4] }, async ({ get, resolve }) => {
    assert.equal((await get()).status, 200);
    await resolve({ code: 'ENOTFOUND' });
    assert.equal((await get()).status, 502);
  }));

test('goes on with the last addresses while the resolver is out of order', () =>
  withResolver({ addresses: [V4] }, async ({ get, resolve }) => {
    assert.equal((await get()).status, 200);
    await resolve({ code: 'EAI_AGAIN' });
    assert.equal((await get()).status, 200);
  }));

test('does not wait for a slow look-up where it knows addresses', () =>
  withResolver({ addresses: [V4] }, async ({ get, resolve }) => {
    assert.equal((await get()).status, 200);
    await resolve({ addresses: [V4], delay: 20_000 });
    for (const reply of await Promise.all([get(), get(), get(), get(), get(), get()])) isAnswered(reply);
  }));

test('asks once for all that wait for the same name', () =>
  withResolver({ addresses: [V4], delay: 400 }, async ({ get, asked }) => {
    for (const { status } of await Promise.all([get(), get(), get(), get(), get(), get()])) assert.equal(status, 200);
    assert.equal(await asked(), 1);
  }));

test('names the upstream that it cannot find to the log alone', () =>
  withResolver({ code: 'ENOTFOUND' }, async ({ get, error }) => {
    const reply = await get();
    assert.equal(reply.status, 502);
    assert.ok(!reply.bytes.includes('sentry.test'));
    assert.equal(await error(), 'upstream_unknown_host');
  }));
