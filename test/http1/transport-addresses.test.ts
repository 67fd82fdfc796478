// Finding Sentry by name: several addresses, dead ones among them, changes, and a resolver that is slow or fails.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { type DeafListener, listenDeafly } from '../support/deaf-listener.ts';
import { fieldValue } from '../support/message.ts';
import { type LogLine, startProxy } from '../support/proxy-process.ts';
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
  ask(request: string): Promise<Reply>;
  get(): Promise<Reply>;
  /** The line of the first request in the log. */
  line(): Promise<LogLine>;
}

interface Options {
  /** Of Sentry's URI. */
  host?: string;
  port?: number;
  args?: readonly string[];
}

async function withResolver(
  script: ResolverScript,
  play: (scene: Scene) => Promise<void>,
  { host = 'sentry.test', port = upstream.port, args = [] }: Options = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'sentry-resolver-'));
  const path = join(folder, 'script.json');
  const resolve = (next: ResolverScript) => writeFile(path, JSON.stringify(next));
  await resolve(script);
  const preload = pathToFileURL(join(import.meta.dirname, '../support/scripted-resolver.ts'));
  const proxy = await startProxy(['--sentry-uri', `http://${host}:${port}`, '--token=token-of-the-test', ...args], {
    env: { NODE_OPTIONS: `--import=${preload}`, RESOLVER_SCRIPT: path },
  });
  try {
    await play({
      resolve,
      asked: async () => (await readFile(`${path}.asked`, 'utf8').catch(() => '')).split('\n').length - 1,
      ask: (request) => send(proxy, request),
      get: () => send(proxy, GET),
      line: () => proxy.logged(({ event }) => event === 'request'),
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

/** Plays with a listener that takes no connection until it is woken. */
async function withDeaf(context: TestContext, host: string, play: (deaf: DeafListener) => Promise<void>) {
  const deaf = await listenDeafly(host, 0);
  if (deaf === undefined) return context.skip('no silent address can be made here');
  try {
    await play(deaf);
  } finally {
    deaf.stop();
  }
}

test('waits for an address that is slow to connect, though another one is dead', (context) =>
  withDeaf(context, '127.0.0.2', ({ port, wake }) =>
    withResolver(
      { addresses: [DEAD_V4, V4] },
      async ({ get }) => {
        // After the next attempt has begun and failed. The kernel then repeats what it sent in vain.
        setTimeout(wake, 700);
        const reply = await get();
        isAnswered(reply);
        assert.ok(reply.elapsed > 700);
      },
      { port },
    ),
  ));

for (const [title, host, addresses] of [
  ['a name', 'sentry.test', [DEAD_V4, V6]],
  ['an address', '127.0.0.2', []],
] as const) {
  test(`says that no connection could be made in time where ${title} is silent`, (context) =>
    withDeaf(context, '127.0.0.2', ({ port }) =>
      withResolver(
        { addresses: [...addresses] },
        async ({ get, line }) => {
          const reply = await get();
          assert.equal(reply.status, 504);
          assert.match(reply.content.toString(), /Could not connect to Sentry in time/);
          assert.equal(fieldValue(reply, 'Proxy-Status'), 'sentry-api-proxy; error=connection_timeout');
          const { error, duration_ms } = await line();
          assert.equal(error, 'upstream_connect_timeout');
          assert.ok(Number(duration_ms) >= 950, `after ${duration_ms} ms`);
        },
        { host, port, args: ['--write-timeout=1s'] },
      ),
    ));
}

test('blames a Sentry that takes the connection and says nothing for the time, not the connection', async () => {
  upstream.play(({ ended }) => void ended, '/silent');
  await withResolver(
    { addresses: [V6, V4] },
    async ({ ask, line }) => {
      const reply = await ask('GET /silent HTTP/1.1\r\nHost: proxy.example\r\n\r\n');
      assert.equal(reply.status, 504);
      assert.equal((await line()).error, 'upstream_timeout');
    },
    { args: ['--write-timeout=1s'] },
  );
});

test('names each address that refuses, in the log alone', () =>
  withResolver({ addresses: [V6, DEAD_V4] }, async ({ get, line }) => {
    const reply = await get();
    assert.equal(reply.status, 502);
    assert.ok(!reply.bytes.includes('127.0.0.2'));
    const { error, cause } = await line();
    assert.equal(error, 'upstream_refused');
    assert.match(String(cause), /^ECONNREFUSED: .*::1.*; .*127\.0\.0\.2/);
  }));

test('answers by the system resolver where the name has more addresses than are listened at', async () => {
  const proxy = await startProxy(['--sentry-uri', `http://localhost:${upstream.port}`, '--token', 'token-of-the-test']);
  try {
    isAnswered(await send(proxy, GET));
  } finally {
    await proxy.stop();
  }
});

test('sees a change of address within a tenth of a second', () =>
  withResolver({ addresses: [DEAD_V4] }, async ({ get, resolve }) => {
    assert.equal((await get()).status, 502);
    for (const [address, status] of [
      [V4, 200],
      [DEAD_V4, 502],
    ] as const) {
      await resolve({ addresses: [address] });
      await sleep(150);
      assert.equal((await get()).status, status);
    }
  }));

test('asks the resolver once for requests that follow each other closely', () =>
  withResolver({ addresses: [V4] }, async ({ get, asked }) => {
    const started = performance.now();
    for (let i = 0; i < 20; i++) assert.equal((await get()).status, 200);
    const atMost = 1 + Math.ceil((performance.now() - started) / 100);
    const times = await asked();
    assert.ok(times <= atMost, `${times} times, not ${atMost}`);
  }));

test('answers 502 for a name that is not known, though it was before', () =>
  withResolver({ addresses: [V4] }, async ({ get, resolve }) => {
    assert.equal((await get()).status, 200);
    await resolve({ code: 'ENOTFOUND' });
    await sleep(150);
    assert.equal((await get()).status, 502);
  }));

test('goes on with the last addresses while the resolver is out of order', () =>
  withResolver({ addresses: [V4] }, async ({ get, resolve }) => {
    assert.equal((await get()).status, 200);
    await resolve({ code: 'EAI_AGAIN' });
    await sleep(150);
    assert.equal((await get()).status, 200);
  }));

test('does not wait for a slow lookup where it knows addresses', () =>
  withResolver({ addresses: [V4] }, async ({ get, resolve }) => {
    assert.equal((await get()).status, 200);
    await resolve({ addresses: [V4], delay: 20_000 });
    await sleep(150);
    for (const reply of await Promise.all([get(), get(), get(), get(), get(), get()])) isAnswered(reply);
  }));

test('asks once for all that wait for the same name', () =>
  withResolver({ addresses: [V4], delay: 400 }, async ({ get, asked }) => {
    for (const { status } of await Promise.all([get(), get(), get(), get(), get(), get()])) assert.equal(status, 200);
    assert.equal(await asked(), 1);
  }));

test('names the upstream that it cannot find to the log alone', () =>
  withResolver({ code: 'ENOTFOUND' }, async ({ get, line }) => {
    const reply = await get();
    assert.equal(reply.status, 502);
    assert.ok(!reply.bytes.includes('sentry.test'));
    assert.equal((await line()).error, 'upstream_unknown_host');
  }));
