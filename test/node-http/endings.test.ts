// How responses of createListener end: whole, or visibly broken off, and always.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener, Server, ServerOptions, ServerResponse } from 'node:http';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import serverlessHttp from 'serverless-http';
import { createListener, type ListenerOptions } from '../../adapters/node-http.ts';
import { collectGarbage, portOf, serveHttp } from '../support/http-server.ts';
import { eventually } from '../support/operator.ts';
import { type Address, RawClient } from '../support/raw-client.ts';
import { answer, type Connection, OK, response, Upstream } from '../support/upstream.ts';

let upstream: Upstream;
before(async () => {
  upstream = await Upstream.start();
});
after(() => upstream.stop());

const optionsWith = (more: Partial<ListenerOptions> = {}): ListenerOptions => ({
  sentryUri: upstream.uri,
  token: 'token-of-the-test',
  allowAnyClient: true,
  ...more,
});

interface Served extends Address {
  readonly server: Server;
}

async function serve(t: TestContext, listener: RequestListener, options: ServerOptions = {}): Promise<Served> {
  const server = await serveHttp(t, listener, options);
  return { server, host: '127.0.0.1', port: portOf(server), keepsConnections: true };
}

async function ask(to: Address, bytes: string): Promise<RawClient> {
  const client = await RawClient.connect(to, bytes.split(' ', 1)[0]);
  await client.write(bytes);
  return client;
}

async function areCollected(responses: readonly WeakRef<ServerResponse>[]): Promise<void> {
  await eventually(() => {
    collectGarbage();
    return responses.every((one) => one.deref() === undefined);
  }, 'the responses are collected');
}

const requestOf = (version = '1.1', method = 'GET'): string =>
  `${method} /a HTTP/${version}\r\nHost: proxy.example\r\n\r\n`;

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

async function breaksOff(connection: Connection): Promise<void> {
  await connection.whole();
  connection.send(`${CHUNKED}4\r\nhalf\r\n`);
  await connection.reset();
}

/** Chunks for as long as the connection lasts, of a size that fills the buffers on the way in small steps. */
async function goesOn(connection: Connection): Promise<void> {
  await connection.whole();
  connection.send(CHUNKED);
  const piece = `1000\r\n${'x'.repeat(0x1000)}\r\n`;
  while (connection.ending === 'open') {
    connection.send(piece);
    await sleep(1);
  }
}

describe('a response of the listener', { concurrency: false }, () => {
  it('ends with a reset for an HTTP/1.0 client if it is broken off, and with a FIN if it is whole', async (t) => {
    const to = await serve(t, createListener(optionsWith()));
    upstream.play(breaksOff);
    const broken = await (await ask(to, requestOf('1.0'))).reply();
    assert.deepEqual([broken.content.toString(), broken.ending], ['half', 'reset']);
    upstream.play(answer(`${CHUNKED}4\r\nhalf\r\n0\r\n\r\n`));
    const whole = await (await ask(to, requestOf('1.0'))).reply();
    assert.deepEqual([whole.content.toString(), whole.ending], ['half', 'fin']);
  });

  it('ends with a reset for an HTTP/1.0 client if the listener is closed in the middle of it', async (t) => {
    const listener = createListener(optionsWith());
    const to = await serve(t, listener);
    upstream.play(goesOn);
    const client = await ask(to, requestOf('1.0'));
    await client.until((received) => received.includes('xxx'));
    await listener.close();
    assert.equal((await client.reply()).ending, 'reset');
  });

  it("does not make a failure of Sentry an error of the client's connection", async (t) => {
    const { server, ...to } = await serve(t, createListener(optionsWith()));
    const errors: Error[] = [];
    server.on('clientError', (error) => errors.push(error));
    upstream.play(breaksOff);
    assert.equal((await (await ask(to, requestOf())).reply()).complete, false);
    assert.deepEqual(errors, []);
  });

  it('is over for the caller when a client leaves that has not read it', async (t) => {
    const listener = createListener(optionsWith());
    let isOver = false;
    let begun: ServerResponse | undefined;
    const to = await serve(t, async (incoming, outgoing) => {
      begun = outgoing;
      await listener(incoming, outgoing);
      isOver = true;
    });
    upstream.play(answer(response('200 OK', [], Buffer.alloc(50_000_000))));
    const client = await RawClient.connect(to);
    client.socket.pause();
    await client.write(requestOf());
    await eventually(() => begun?.writableNeedDrain === true, 'the client holds it up');
    client.leave();
    await eventually(() => isOver, 'the promise is fulfilled');
  });

  it('leaves its process running if a framework ends it itself while more comes', async (t) => {
    const listener = createListener(optionsWith());
    let isOver = false;
    let isEnded = false;
    const to = await serve(t, async (incoming, outgoing) => {
      const look = setInterval(() => {
        if (outgoing.writableLength === 0 || outgoing.writableNeedDrain) return;
        clearInterval(look);
        outgoing.end();
        isEnded = true;
      });
      await listener(incoming, outgoing);
      isOver = true;
    });
    const connections = upstream.play(goesOn);
    const client = await RawClient.connect(to);
    client.socket.pause();
    t.after(() => client.leave());
    await client.write(requestOf());
    await eventually(() => isEnded, 'the framework has ended it');
    await eventually(() => isOver, 'the promise is fulfilled');
    await connections[0]!.ended;
  });

  it('is given up with those that wait behind it when their client leaves, and nothing of them is kept', async (t) => {
    const listener = createListener(optionsWith({ writeTimeout: 0 }));
    const responses: WeakRef<ServerResponse>[] = [];
    const to = await serve(t, (incoming, outgoing) => {
      responses.push(new WeakRef(outgoing));
      void listener(incoming, outgoing);
    });
    let warning: Error | undefined;
    const onWarning = (given: Error) => {
      warning = given;
    };
    process.on('warning', onWarning);
    t.after(() => process.off('warning', onWarning));
    const connections = upstream.play((connection) => void connection.whole());
    const upload = 'POST /a HTTP/1.1\r\nHost: proxy.example\r\nContent-Length: 2\r\n\r\nhi';
    const client = await ask(to, requestOf().repeat(12) + upload);
    await eventually(() => connections.length === 13, 'all are with Sentry');
    client.leave();
    await Promise.all(connections.map(({ ended }) => ended));
    await areCollected(responses);
    assert.equal(warning, undefined);
  });

  it('is a whole error if the first one has a head that cannot be sent, whatever its body does', async (t) => {
    const transport = async () => ({
      status: 200,
      statusText: 'a\nb',
      headers: new Headers(),
      body: new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('gone')) }),
    });
    const client = await ask(await serve(t, createListener(optionsWith({ transport }))), requestOf());
    const reply = await client.reply();
    assert.deepEqual([reply.status, reply.complete], [500, true]);
  });

  it('that was over before the listener was called leaves nothing behind', async (t) => {
    const listener = createListener(optionsWith());
    t.after(() => listener.close());
    const left = Promise.withResolvers<WeakRef<ServerResponse>>();
    const served = await serve(t, async (incoming, response) => {
      await once(response, 'close');
      await listener(incoming, response);
      left.resolve(new WeakRef(response));
    });
    (await ask(served, requestOf())).leave();
    await areCollected([await left.promise]);
  });

  it('fails behind serverless-http if Sentry breaks it off, in place of lasting forever', async () => {
    const call = serverlessHttp(createListener(optionsWith()), { provider: 'aws' });
    upstream.play(breaksOff);
    const headers = { host: 'proxy.example' };
    const event = { httpMethod: 'GET', path: '/a', headers, requestContext: {}, isBase64Encoded: false };
    await assert.rejects(call(event, {}) as Promise<unknown>, /broke off/);
  });

  for (const [kind, content] of Object.entries({ less: 'hel', more: 'hello, hello' })) {
    it(`is broken off if a transport of the owner's gives ${kind} than its Content-Length`, async (t) => {
      const transport = async () => new Response(content, { headers: { 'Content-Length': '5' } });
      const to = await serve(t, createListener(optionsWith({ transport })));
      const reply = await (await ask(to, requestOf().repeat(2))).reply();
      assert.equal(reply.complete, false);
      assert.equal(await (await ask(to, requestOf())).ended, 'fin');
    });
  }

  for (const status of ['204 No Content', '205 Reset Content']) {
    it(`has no length with the status ${status}, and the next one is read as what it is`, async (t) => {
      const to = await serve(t, createListener(optionsWith()));
      upstream.play(answer(response(status, [], 'hello')));
      const client = await ask(to, requestOf());
      await client.until((received) => received.includes('\r\n\r\n'));
      upstream.play(answer(OK));
      await client.write(requestOf());
      await client.until((received) => received.endsWith('ok'));
      const [first = '', second = ''] = client.received.toString('latin1').split(/(?=HTTP\/1\.1)/);
      assert.match(first, new RegExp(`^HTTP/1.1 ${status}\r\n`));
      assert.doesNotMatch(first, /content-length/i);
      assert.match(second, /^HTTP\/1.1 200/);
      client.leave();
    });
  }

  it('to HEAD has no content, also where the server refuses that', async (t) => {
    const listener = createListener(optionsWith({ allowedHosts: ['other.example'] }));
    const to = await serve(t, listener, { rejectNonStandardBodyWrites: true });
    const { status, content } = await (await ask(to, requestOf('1.1', 'HEAD'))).reply();
    assert.deepEqual([status, content.length], [403, 0]);
  });
});
