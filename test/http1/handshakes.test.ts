// TLS connections whose handshake is never finished.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { eventually, get, makeFolder, samplesOf, selfSigned, startWatched } from '../support/operator.ts';
import { hasProcFs, openDescriptors } from '../support/process-figures.ts';
import { type ListeningProxy, startProxy } from '../support/proxy-process.ts';
import { answer, OK, Upstream } from '../support/upstream.ts';

/** The beginning of a ClientHello: a record of 512 bytes, of which 5 are there. */
const HALF_HELLO = Buffer.from('160301020001000001fc0303', 'hex');

let upstream: Upstream;
let tls: string[];
const folder = makeFolder({ after: (remove) => after(remove as () => void) });
before(async () => {
  upstream = await Upstream.start();
  upstream.play(answer(OK));
  const { cert, key } = await selfSigned(folder, 'proxy.example');
  tls = ['--token=x', '--sentry-uri', upstream.uri, '--tls-cert', cert, '--tls-key', key];
});
after(() => upstream?.stop());

async function connected(to: ListeningProxy): Promise<Socket> {
  const socket = connect({ port: to.port, host: to.host, allowHalfOpen: true }).on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Milliseconds until the other side is gone. */
async function goneAfter(socket: Socket): Promise<number> {
  const begin = performance.now();
  socket.resume();
  await Promise.race([once(socket, 'end'), once(socket, 'close')]);
  return performance.now() - begin;
}

describe('a TLS handshake that is never finished', { concurrency: 4 }, () => {
  for (const [title, begin] of [
    ['that is silent', ''],
    ['with half a ClientHello', HALF_HELLO],
  ] as const) {
    it(`frees its descriptor after 10 s: one ${title}`, async (t) => {
      const proxy = await startProxy(tls);
      t.after(() => proxy.stop());
      const before = hasProcFs ? await openDescriptors(proxy.child.pid!) : 0;
      const sockets = await Promise.all(Array.from({ length: 20 }, () => connected(proxy)));
      for (const socket of sockets) socket.write(begin);
      const times = await Promise.all(sockets.map(goneAfter));
      for (const time of times) assert.ok(time > 8000 && time < 20_000, `after ${time} ms`);
      for (const socket of sockets) socket.destroy();
      if (hasProcFs) await eventually(async () => (await openDescriptors(proxy.child.pid!)) <= before, 'all are free');
      assert.equal((await get(proxy, '/', { isTls: true })).status, 200);
    });

    it(`frees its descriptor at a FIN at once: one ${title}`, async (t) => {
      const proxy = await startProxy(tls);
      t.after(() => proxy.stop());
      const socket = await connected(proxy);
      socket.write(begin);
      await sleep(100);
      socket.end();
      assert.ok((await goneAfter(socket)) < 4000);
      socket.destroy();
    });
  }

  it('frees its descriptor at once when it sends something that is not TLS', async (t) => {
    const proxy = await startProxy(tls);
    t.after(() => proxy.stop());
    const socket = await connected(proxy);
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.ok((await goneAfter(socket)) < 4000);
    socket.destroy();
  });

  it('locks nobody out where descriptors are few, and is counted and logged when it has to make room', async (t) => {
    const { proxy, admin } = await startWatched(t, tls, { openFiles: 256 });
    const silent: Socket[] = [];
    t.after(() => {
      for (const socket of silent) socket.destroy();
    });
    for (let i = 0; i < 200; i++) silent.push(await connected(proxy));
    for (let i = 0; i < 5; i++) assert.equal((await get(proxy, '/', { isTls: true })).status, 200);
    const { text } = await get(admin, '/metrics');
    const turnedAway = samplesOf(text, 'sentry_api_proxy_connections_turned_away_total').get('');
    assert.ok(turnedAway !== undefined && turnedAway >= 20, `${turnedAway} turned away`);
    const lines = proxy.logLines().filter(({ event }) => event === 'overload');
    assert.equal(lines.length, 1, 'logged once for all of them');
    assert.equal(lines[0]!.level, 'warn');
  });
});

it('a client that half-closes within its request over TLS still gets the end of the connection', async (t) => {
  const proxy = await startProxy(tls);
  t.after(() => proxy.stop());
  const tcp = connect({ port: proxy.port, host: proxy.host, allowHalfOpen: true });
  const socket = connectTls({ socket: tcp, rejectUnauthorized: false }).on('error', () => {});
  await once(socket, 'secureConnect');
  socket.end('GET / HTTP/1.1\r\nHost: x\r\n');
  assert.ok((await goneAfter(socket)) < 4000);
  assert.equal((await get(proxy, '/', { isTls: true })).status, 200);
});

it('a TLS client resumes its session, and is served the same', async (t) => {
  const proxy = await startProxy(tls);
  t.after(() => proxy.stop());
  const ask = async (offered?: Buffer): Promise<{ isResumed: boolean; session: Buffer | undefined; text: string }> => {
    const options = { port: proxy.port, host: proxy.host, rejectUnauthorized: false };
    const socket = connectTls({ ...options, ...(offered && { session: offered }) });
    let session: Buffer | undefined;
    socket.on('session', (given: Buffer) => {
      session = given;
    });
    let text = '';
    socket.setEncoding('latin1').on('data', (piece) => {
      text += piece;
    });
    await once(socket, 'secureConnect');
    const isResumed = socket.isSessionReused();
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'close');
    return { isResumed, session, text };
  };
  const first = await ask();
  assert.equal(first.isResumed, false);
  const second = await ask(first.session);
  assert.equal(second.isResumed, true);
  for (const { text } of [first, second]) assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
});
