// The end of a listener: close() ends what runs, and nothing of it keeps a process running.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { createListener } from '../../adapters/node-http.ts';
import { startChild } from '../support/child-process.ts';
import { RawClient } from '../support/raw-client.ts';
import { answer, OK, response, Upstream } from '../support/upstream.ts';

const upstream = await Upstream.start();
upstream.play(answer(response('200 OK', [], Buffer.alloc(50_000_000))), '/large');
upstream.play(({ ended }) => void ended, '/silent');
after(() => upstream.stop());

const options = { sentryUri: upstream.uri, token: 'token-of-the-test', allowAnyClient: true };
const requestOf = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: proxy.example\r\nConnection: close\r\n\r\n`;

/** Milliseconds; well below the write timeout, which used to end it. */
const SOON = 15_000;

test('close() ends a response that its client does not read, and then the process can end', async () => {
  const program = `
    import { createServer } from 'node:http';
    import { createListener } from '${pathToFileURL(join(import.meta.dirname, '../../adapters/node-http.ts'))}';
    const listener = createListener(${JSON.stringify(options)});
    const server = createServer(listener).listen(0, '127.0.0.1', () => console.log(server.address().port));
    process.on('SIGTERM', () => {
      server.close();
      listener.close();
    });`;
  const child = startChild(process.execPath, ['--input-type=module', '-e', program]);
  const [port] = await once(child.stdout, 'data');
  const client = connect(Number(port), '127.0.0.1');
  client.on('error', () => {});
  client.write(requestOf('/large'));
  await once(client, 'readable');
  await sleep(300);
  child.kill('SIGTERM');
  const ended = await Promise.race([once(child, 'exit'), sleep(SOON, ['still running'], { ref: false })]);
  client.destroy();
  child.kill('SIGKILL');
  assert.deepEqual(ended, [0, null]);
});

test('close() answers what waits for Sentry, and what comes later', async (context) => {
  const listener = createListener(options);
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const ask = async (path: string): Promise<RawClient> => {
    const client = await RawClient.connect({ host: '127.0.0.1', port });
    await client.write(requestOf(path));
    return client;
  };
  upstream.play(answer(OK), '/over');
  const over = await ask('/over');
  assert.equal((await over.reply()).status, 200);

  const waiting = await ask('/silent');
  await sleep(200);
  await listener.close();
  for (const client of [waiting, await ask('/over')]) {
    const reply = await client.reply();
    assert.equal(reply.status, 503);
    assert.match(reply.content.toString(), /being shut down/);
  }
});

test('a request whose transport never answers and heeds no signal is answered in time, and at close()', async (context) => {
  const transport = () => new Promise<never>(() => {});
  for (const [writeTimeout, status] of [
    [200, 504],
    [0, 503],
  ] as const) {
    const listener = createListener({ ...options, transport, writeTimeout });
    const server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    context.after(() => server.close());
    const client = await RawClient.connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
    await client.write(requestOf('/a'));
    if (status === 503) {
      await sleep(200);
      await listener.close();
    }
    assert.equal((await client.reply()).status, status);
  }
});
