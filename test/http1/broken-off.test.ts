// A response to an HTTP/1.0 client ends with its connection, so that only the kind of the end can tell that it broke off.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from '../support/child-process.ts';
import { makeCa } from '../support/pg-certificates.ts';
import { type ListeningProxy, ProxyProcess, startProxy } from '../support/proxy-process.ts';
import { RawClient } from '../support/raw-client.ts';
import { type Script, Upstream } from '../support/upstream.ts';

const REQUEST = 'GET /a HTTP/1.0\r\n\r\n';
const BEGIN = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n';

const breaksOff: Script = async (connection) => {
  await connection.whole();
  connection.send(BEGIN);
  await connection.reset();
};
const ends: Script = async (connection) => {
  await connection.whole();
  connection.send(`${BEGIN}0\r\n\r\n`);
  connection.finish();
};

describe('a response to an HTTP/1.0 client that breaks off', () => {
  let upstream: Upstream;
  before(async () => {
    upstream = await Upstream.start();
  });
  after(() => upstream?.stop());
  const settings = () => [`--sentry-uri=${upstream.uri}`, '--token=token-of-the-test'];

  it('ends with a reset over TCP, and one that does not with a FIN', async (t) => {
    const proxy = await startProxy(settings());
    t.after(() => proxy.stop());
    for (const [script, ending] of [
      [breaksOff, 'reset'],
      [ends, 'fin'],
    ] as const) {
      upstream.play(script);
      const client = await RawClient.connect(proxy);
      await client.write(REQUEST);
      const reply = await client.reply();
      assert.equal(reply.content.toString(), 'hello');
      assert.equal(reply.ending, ending);
    }
  });

  it('ends with a reset for one that has closed its sending side', async (t) => {
    const proxy = await startProxy(settings());
    t.after(() => proxy.stop());
    upstream.play(async (connection) => {
      await connection.whole();
      connection.send(BEGIN);
    });
    const client = await RawClient.connect(proxy);
    await client.write(REQUEST);
    await client.until((received) => received.includes('hello'));
    client.socket.end();
    assert.equal((await client.reply()).ending, 'reset');
  });

  it('ends without a close_notify over TLS, and the proxy goes on', async (t) => {
    const ca = await makeCa();
    t.after(() => ca.remove());
    const { cert, key } = await ca.issue('localhost', 'DNS:localhost');
    const proxy = await startProxy([...settings(), `--tls-cert=${cert}`, `--tls-key=${key}`]);
    t.after(() => proxy.stop());
    for (const [script, isBroken] of [
      [breaksOff, true],
      [ends, false],
    ] as const) {
      upstream.play(script);
      const { output, errors } = await throughOpenSsl(proxy, REQUEST);
      assert.match(output, /hello$/);
      assert.equal(/unexpected eof/.test(errors), isBroken, errors);
    }
  });

  it('ends with a close_notify over TLS when it is whole, though nothing was left to send', async (t) => {
    const ca = await makeCa();
    t.after(() => ca.remove());
    const { cert, key } = await ca.issue('localhost', 'DNS:localhost');
    const proxy = await startProxy([...settings(), `--tls-cert=${cert}`, `--tls-key=${key}`]);
    t.after(() => proxy.stop());
    upstream.play(async (connection) => {
      await connection.whole();
      connection.send(BEGIN);
      // Late enough for the content to have left the proxy.
      await sleep(300);
      connection.send('0\r\n\r\n');
      connection.finish();
    });
    const { output, errors } = await throughOpenSsl(proxy, REQUEST);
    assert.match(output, /hello$/);
    assert.doesNotMatch(errors, /unexpected eof/);
  });

  it('does not take the proxy with it over a Unix socket, which has no resets', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'sentry-api-proxy-unix-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, 'socket');
    const proxy = await ProxyProcess.spawn([...settings(), `--listen=unix:${path}`]);
    t.after(() => proxy.stop());
    await proxy.logged(({ event }) => event === 'listening', 20_000);
    for (const script of [breaksOff, ends]) {
      upstream.play(script);
      const socket = connect(path);
      socket.write(REQUEST);
      assert.match(await text(socket), /hello$/);
    }
    await sleep(100);
    assert.equal(proxy.child.exitCode, null);
  });
});

async function throughOpenSsl(to: ListeningProxy, bytes: string): Promise<{ output: string; errors: string }> {
  const client = startChild('openssl', ['s_client', '-quiet', '-connect', `${to.host}:${to.port}`]);
  const impatience = setTimeout(() => client.kill('SIGKILL'), 10_000);
  client.stdin.write(bytes);
  const [output, errors] = await Promise.all([text(client.stdout), text(client.stderr), once(client, 'close')]);
  clearTimeout(impatience);
  return { output, errors };
}
