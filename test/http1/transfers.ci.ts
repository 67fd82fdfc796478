// Large bodies, slow ends and many requests: what the proxy holds stays small, and what it carries stays the same.
import assert from 'node:assert/strict';
import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import test, { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasProcFs, liveHeap, openDescriptors, peakMemory, WITH_HEAP_REPORTS } from '../support/process-figures.ts';
import { type ListeningProxy, startProxy } from '../support/proxy-process.ts';
import { RawClient, send } from '../support/raw-client.ts';
import { answer, OK, Upstream } from '../support/upstream.ts';

const MIB = 1024 * 1024;
const SIZE = 64 * MIB;

const upstream = await Upstream.start();
const proxy = await startProxy(['--sentry-uri', upstream.uri, '--token', 'token-of-the-test', '--write-timeout=5m'], {
  env: WITH_HEAP_REPORTS,
});
after(async () => {
  await proxy.stop();
  await upstream.stop();
});

async function peakIsBelow(limit: number, of: ListeningProxy): Promise<void> {
  if (!hasProcFs) return;
  const peak = await peakMemory(of.child.pid!);
  assert.ok(peak < limit, `${Math.round(peak / MIB)} MiB at most`);
}

/** Bytes that differ from one transfer to the next, and from one chunk of it to the next. */
function* content(seed: number, size: number): Generator<Buffer> {
  const chunk = Buffer.alloc(64 * 1024);
  for (let i = 0; i < chunk.length; i++) chunk[i] = (i * (seed + 3) + (i >> 8)) & 0xff;
  for (let at = 0; at < size; at += chunk.length) {
    const next = Buffer.from(chunk);
    next.writeUInt32LE(at, 0);
    yield next.subarray(0, Math.min(chunk.length, size - at));
  }
}

async function hashOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const hash: Hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest('hex');
}

test('carries 4 uploads and 4 downloads of 64 MiB at once, byte for byte, in little memory', async () => {
  const received = new Map<string, string>();
  const store = createServer(async (incoming, response) => {
    const seed = Number(incoming.url!.slice(1));
    if (incoming.method === 'PUT') {
      received.set(incoming.url!, await hashOf(incoming));
      response.end();
    } else {
      response.setHeader('Content-Length', SIZE);
      await pipeline(Readable.from(content(seed, SIZE)), response);
    }
  });
  store.listen(0, '127.0.0.1');
  await once(store, 'listening');
  const uri = `http://127.0.0.1:${(store.address() as AddressInfo).port}`;
  const own = await startProxy(['--sentry-uri', uri, '--token', 'token-of-the-test', '--write-timeout=5m']);

  const ask = async (method: string, path: string, body?: Iterable<Buffer>): Promise<IncomingMessage> => {
    const headers = { connection: 'close', ...(body && { 'content-length': SIZE }) };
    const outgoing = request({ host: own.host, port: own.port, method, path, headers });
    const response = once(outgoing, 'response') as Promise<[IncomingMessage]>;
    if (body === undefined) outgoing.end();
    else await pipeline(Readable.from(body), outgoing);
    return (await response)[0];
  };
  try {
    const transfers = [1, 2, 3, 4].flatMap((seed) => {
      const path = `/${seed}`;
      const expected = hashOf(Readable.from(content(seed, SIZE)));
      const upload = ask('PUT', path, content(seed, SIZE)).then(async (response) => {
        await hashOf(response);
        assert.equal(received.get(path), await expected, `upload ${seed}`);
      });
      const download = ask('GET', path).then(async (response) => {
        assert.equal(await hashOf(response), await expected, `download ${seed}`);
      });
      return [upload, download];
    });
    await Promise.all(transfers);
    await peakIsBelow(150 * MIB, own);
  } finally {
    await own.stop();
    store.close();
  }
});

/** Writes until neither room nor hope is left; returns how many bytes were taken. */
async function flood(write: (chunk: Buffer) => boolean, written: () => number): Promise<number> {
  const chunk = Buffer.alloc(256 * 1024, 'x');
  for (let last = -1; last !== written(); ) {
    last = written();
    while (written() < 256 * MIB && write(chunk));
    await sleep(300);
  }
  return written();
}

// What the kernel holds on both connections of a direction; the proxy's own buffers are below 1 MiB.
const HELD = 64 * MIB;

test('holds the upstream back while the client does not read', async () => {
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${1024 * MIB}\r\n\r\n`;
  let sent = Promise.resolve(0);
  upstream.play(async (connection) => {
    await connection.whole();
    connection.send(head);
    const { socket } = connection;
    sent = flood(
      (chunk) => socket.write(chunk),
      () => socket.bytesWritten - socket.writableLength,
    );
  }, '/slow-reader');
  const client = await RawClient.connect(proxy);
  client.socket.pause();
  await client.write('GET /slow-reader HTTP/1.1\r\nHost: a\r\n\r\n');
  await sleep(500);
  const bytes = await sent;
  client.leave();
  assert.ok(bytes > 0);
  assert.ok(bytes < HELD, `${bytes} bytes went to a client that reads nothing`);
  await peakIsBelow(200 * MIB, proxy);
});

for (const framing of [`Content-Length: ${1024 * MIB}`, 'Transfer-Encoding: chunked']) {
  test(`holds the client back while the upstream does not read (${framing.split(':')[0]})`, async () => {
    const connections = upstream.play((connection) => void connection.socket.pause(), '/slow-writer');
    const client = await RawClient.connect(proxy, 'POST');
    await client.write(`POST /slow-writer HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`);
    if (framing.startsWith('Transfer')) await client.write(`${(512 * MIB).toString(16)}\r\n`);
    const { socket } = client;
    const bytes = await flood(
      (chunk) => socket.write(chunk),
      () => socket.bytesWritten - socket.writableLength,
    );
    // While the upstream takes nothing, nothing is read of the client, its leaving included: the upstream goes first.
    for (const connection of connections) connection.socket.destroy();
    await client.ended;
    assert.ok(bytes < HELD, `${bytes} bytes were taken for an upstream that reads nothing`);
    await peakIsBelow(200 * MIB, proxy);
  });
}

test('holds neither descriptors nor memory of requests that are over', async (context) => {
  if (process.platform === 'win32') return context.skip('no signals to ask by');
  upstream.play(answer(OK), '/ok');
  upstream.play(async (connection) => {
    await connection.whole();
    connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome');
    connection.finish();
  }, '/cut');
  upstream.play(async (connection) => {
    await connection.whole();
    await connection.ended;
  }, '/silent');
  const leave = async () => {
    const client = await RawClient.connect(proxy);
    await client.write('GET /silent HTTP/1.1\r\nHost: a\r\n\r\n');
    await sleep(20);
    client.leave();
  };
  const kinds = [
    () => send(proxy, 'GET /ok HTTP/1.1\r\nHost: a\r\n\r\n'),
    () => send(proxy, 'POST /ok HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello'),
    () => send(proxy, 'GET /cut HTTP/1.1\r\nHost: a\r\n\r\n'),
    () => send(proxy, 'GET / nonsense\r\n\r\n'),
    leave,
  ];
  const run = async (count: number) => {
    let left = count;
    const lane = async () => {
      while (left-- > 0) await kinds[left % kinds.length]!();
    };
    await Promise.all(Array.from({ length: 16 }, lane));
    await sleep(100);
  };
  await run(1500);
  const pid = proxy.child.pid!;
  const descriptors = hasProcFs ? await openDescriptors(pid) : 0;
  const heap = await liveHeap(proxy);
  await run(3000);
  const growth = (await liveHeap(proxy)) - heap;
  assert.ok(growth < 2 * MIB, `the heap grew by ${growth} bytes`);
  if (hasProcFs) assert.ok((await openDescriptors(pid)) <= descriptors + 2, 'descriptors are left open');
});
