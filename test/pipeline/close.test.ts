// The end of a proxy of the library: nothing of it keeps a process running, and close() ends what runs.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import test, { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { createProxy, type ProxyOptions, type RequestRecord } from '../../src/index.ts';
import { startChild } from '../support/child-process.ts';
import { answer, OK, response, Upstream } from '../support/upstream.ts';

const upstream = await Upstream.start();
upstream.play(answer(response('200 OK', [], Buffer.alloc(20_000_000))), '/large');
upstream.play(({ ended }) => void ended, '/silent');
after(() => upstream.stop());

const LIBRARY = pathToFileURL(join(import.meta.dirname, '../../src/index.ts'));

/** Milliseconds; well below the write timeout, which used to end it. */
const SOON = 15_000;

/** Runs a program with a proxy to its end. */
async function run(body: string): Promise<string> {
  const program = `
    import { createProxy } from '${LIBRARY}';
    const proxy = createProxy({ sentryUri: '${upstream.uri}', token: 'token-of-the-test', allowAnyClient: true });
    const get = (path) => proxy.fetch(new Request('http://proxy.example' + path));
    ${body}`;
  const child = startChild(process.execPath, ['--input-type=module', '-e', program]);
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const ended = await Promise.race([once(child, 'exit'), sleep(SOON, ['still running'], { ref: false })]);
  child.kill('SIGKILL');
  assert.deepEqual(ended, [0, null], (await output).join(''));
  return (await output)[0];
}

test('a response that nobody reads keeps no process running', async () => {
  assert.equal(await run("console.log((await get('/')).status);"), '200\n');
});

test('close() ends a response that nobody reads', async () => {
  assert.equal(await run("console.log((await get('/large')).status); await proxy.close();"), '200\n');
});

test('close() ends a response in the middle', async () => {
  const body = `
    const reader = (await get('/large')).body.getReader();
    await reader.read();
    await proxy.close();
    const read = async () => {
      for (;;) if ((await reader.read()).done) return 'whole';
    };
    console.log(await read().catch(() => 'broken off'));`;
  assert.equal(await run(body), 'broken off\n');
});

function proxyWith(options: Partial<ProxyOptions> = {}) {
  const records: RequestRecord[] = [];
  const proxy = createProxy({
    sentryUri: upstream.uri,
    token: 'token-of-the-test',
    allowAnyClient: true,
    onRequest: (record) => void records.push(record),
    ...options,
  });
  return { proxy, records };
}

const CLIENT = 'client-of-the-test-0123456789abcdef';

test('close() answers what waits for Sentry, and what comes later', async () => {
  const { proxy, records } = proxyWith();
  const waiting = proxy.fetch(new Request('http://proxy.example/silent'));
  await sleep(100);
  await proxy.close();
  for (const reply of [await waiting, await proxy.fetch(new Request('http://proxy.example/'))]) {
    assert.equal(reply.status, 503);
    assert.match(await reply.text(), /being shut down/);
  }
  assert.deepEqual(
    records.map(({ error }) => error),
    ['proxy_closed', 'proxy_closed'],
  );
});

test('close() ends the wait for a lookup', async () => {
  const connections = upstream.play(({ ended }) => void ended, '/api/0/');
  const { proxy } = proxyWith({
    allowAnyClient: undefined,
    clients: { clients: [{ name: 'a', token: CLIENT, scopes: ['event:read'], projects: ['acme/web'] }] },
  });
  const headers = { Authorization: `Bearer ${CLIENT}` };
  const waiting = proxy.fetch(new Request('http://proxy.example/api/0/organizations/acme/issues/1/', { headers }));
  while (connections.length === 0) await sleep(5);
  const closed = performance.now();
  await proxy.close();
  assert.equal((await waiting).status, 503);
  await connections[0]!.ended;
  assert.ok(performance.now() - closed < 3000, 'it waited for its own time limit');
});

test('close() changes nothing for requests that are over', async () => {
  upstream.play(answer(OK), '/over');
  const { proxy, records } = proxyWith();
  const reply = await proxy.fetch(new Request('http://proxy.example/over'));
  assert.equal(await reply.text(), 'ok');
  await proxy.close();
  await proxy.close();
  assert.deepEqual(
    records.map(({ status, error }) => [status, error]),
    [[200, undefined]],
  );
});
