// How long anything may take, and what happens when a client leaves.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RawClient, type Reply } from '../support/raw-client.ts';
import { answer, type Connection, OK, response, type Script } from '../support/upstream.ts';
import type { Contract } from './contract.ts';
import { isOwn } from './errors.ts';
import { AS_ALIAS, request, Scene } from './scene.ts';

const READ_HEADER = 1;
const READ = 2;
const WRITE = 3;
/** Seconds that a machine under load may be late; without the deadline it would take twice that. */
const LATE = 8;

const silent: Script = () => {};

export function lifetimes({ target, test }: Contract): void {
  const slowClient = new Scene(target, {
    flags: { readHeaderTimeout: READ_HEADER, readTimeout: READ, writeTimeout: WRITE },
  });
  const slowUpstream = new Scene(target, { flags: { readHeaderTimeout: 0, readTimeout: 0, writeTimeout: WRITE } });
  const unbounded = new Scene(target, { flags: { readHeaderTimeout: 0, readTimeout: 0, writeTimeout: 0 } });
  after(() => Promise.all([slowClient.stop(), slowUpstream.stop(), unbounded.stop()]));
  let lanes = 0;

  /** A client with its own path, whose request the upstream serves by the script. */
  const begin = async (scene: Scene, script: Script, method = 'GET') => {
    const [proxy, upstream] = await scene.start();
    const path = `/lane-${lanes++}/`;
    const connections = upstream.play(script, path);
    const client = await RawClient.connect(proxy, method);
    return {
      client,
      connections,
      head: (...fields: string[]) => request(`${method} ${path} HTTP/1.1`, [AS_ALIAS, ...fields]),
    };
  };

  clientDeadlines({ test, short: slowClient, begin });
  deadline({ test, short: slowUpstream, begin });
  withoutDeadlines({ test, unbounded, begin });
  leaving({ test, short: unbounded, begin });
}

type Begin = (
  scene: Scene,
  script: Script,
  method?: string,
) => Promise<{ client: RawClient; connections: Connection[]; head: (...fields: string[]) => string }>;

function clientDeadlines({ test, short, begin }: { test: Contract['test']; short: Scene; begin: Begin }): void {
  test('ends a connection on which no request comes', async () => {
    const { client } = await begin(short, silent);
    const reply = await client.reply();
    isInTime(reply, READ_HEADER);
    assert.ok(reply.status === 0 || reply.status === 408, `status ${reply.status}`);
  });

  test('answers 408 to a header section that does not end', async () => {
    const { client, head } = await begin(short, silent);
    await client.write(head().slice(0, -2));
    const reply = await client.reply();
    isInTime(reply, READ_HEADER);
    assert.equal(reply.status, 408);
    isOwn(reply, undefined);
  });

  test('answers 408 to a header section that comes too slowly', async () => {
    const { client, head } = await begin(short, silent);
    const dripping = drip(client, head().slice(0, -2));
    const reply = await client.reply();
    await dripping;
    isInTime(reply, READ_HEADER);
    assert.equal(reply.status, 408);
  });

  for (const [title, fields, body] of [
    ['a body that does not end', ['Content-Length: 100'], 'some'],
    ['a chunked body that does not end', ['Transfer-Encoding: chunked'], '4\r\nsome\r\n'],
  ] as const) {
    test(`answers 408 to ${title}, and aborts the upstream request`, async () => {
      const { client, connections, head } = await begin(short, silent, 'POST');
      await client.write(head(...fields) + body);
      const reply = await client.reply();
      isInTime(reply, READ);
      assert.equal(reply.status, 408);
      isOwn(reply, undefined);
      for (const connection of connections) await isAborted(connection);
    });
  }

  test('answers 408 to a body that comes too slowly', async () => {
    const { client, head } = await begin(short, silent, 'POST');
    await client.write(head('Content-Length: 1000'));
    const dripping = drip(client, 'x'.repeat(1000));
    const reply = await client.reply();
    await dripping;
    isInTime(reply, READ);
    assert.equal(reply.status, 408);
  });
}

/** From the arrival of a request to the end of its response. */
function deadline({ test, short, begin }: { test: Contract['test']; short: Scene; begin: Begin }): void {
  test('answers 504 when the upstream is silent', async () => {
    const { client, connections, head } = await begin(short, silent);
    await client.write(head('Accept: application/json'));
    const reply = await client.reply();
    isInTime(reply, WRITE);
    assert.equal(reply.status, 504);
    assert.match(reply.content.toString(), /raise the write timeout: --write-timeout, WRITE_TIMEOUT or writeTimeout/);
    isOwn(reply, true);
    await isAborted(connections[0]!);
  });

  test('answers 504 when the upstream does not end its header section', async () => {
    const { client, head } = await begin(short, async (connection) => {
      await connection.whole();
      for (let i = 0; connection.ending === 'open'; i++) {
        connection.send(i === 0 ? 'HTTP/1.1 200 OK\r\n' : `X-${i}: y\r\n`);
        await sleep(100);
      }
    });
    await client.write(head());
    const reply = await client.reply();
    isInTime(reply, WRITE);
    assert.equal(reply.status, 504);
  });

  for (const [title, bytes] of [
    ['a body with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome'],
    ['a chunked body', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n'],
    ['a body that ends with the connection', 'HTTP/1.1 200 OK\r\n\r\nsome'],
  ] as const) {
    test(`breaks the connection when the upstream falls silent inside ${title}`, async () => {
      const { client, connections, head } = await begin(short, async (connection) => {
        await connection.whole();
        connection.send(bytes);
      });
      await client.write(head());
      const reply = await client.reply();
      isInTime(reply, WRITE);
      assert.equal(reply.status, 200);
      assert.ok(!reply.complete, 'it looks complete');
      await isAborted(connections[0]!);
    });
  }

  for (const [title, fields, body] of [
    ['a body', ['Content-Length: 100'], 'some'],
    ['a chunked body', ['Transfer-Encoding: chunked'], '4\r\nsome\r\n'],
  ] as const) {
    test(`answers 504 when ${title} takes all the time that there is`, async () => {
      const { client, connections, head } = await begin(short, silent, 'POST');
      await client.write(head(...fields) + body);
      const reply = await client.reply();
      isInTime(reply, WRITE);
      assert.equal(reply.status, 504);
      for (const connection of connections) await isAborted(connection);
    });
  }

  test('breaks the connection of a client that does not read', async () => {
    const { client, connections, head } = await begin(short, async (connection) => {
      await connection.whole();
      connection.send(response('200 OK', [], Buffer.alloc(30_000_000)));
    });
    client.socket.pause();
    await client.write(head());
    await arrival(connections);
    await isAborted(connections[0]!, 1000 * (WRITE + LATE));
    client.leave();
  });
}

function withoutDeadlines({
  test,
  unbounded,
  begin,
}: {
  test: Contract['test'];
  unbounded: Scene;
  begin: Begin;
}): void {
  test('has no deadline where it is turned off', async () => {
    const { client, head } = await begin(
      unbounded,
      async (connection) => {
        await connection.whole();
        await sleep(1500);
        connection.send(OK);
        // A runtime that keeps connections would send another test's request over this one.
        connection.finish();
      },
      'POST',
    );
    await client.write(head('Content-Length: 2').slice(0, -2));
    await sleep(1500);
    await client.write('\r\na');
    await sleep(1500);
    await client.write('b');
    assert.equal((await client.reply()).status, 200);
  });
}

/** The client going away aborts the upstream request at once. */
function leaving({ test, short: scene, begin }: { test: Contract['test']; short: Scene; begin: Begin }): void {
  for (const way of ['leave', 'reset'] as const) {
    test(`aborts the upstream request when the client, waiting for the answer, goes by ${way}`, async () => {
      const { client, connections, head } = await begin(scene, silent);
      await client.write(head());
      await arrival(connections);
      client[way]();
      await isAborted(connections[0]!);
    });

    test(`aborts the upstream request when the client, uploading, goes by ${way}`, async () => {
      const { client, connections, head } = await begin(scene, silent, 'POST');
      await client.write(head('Content-Length: 100'));
      await client.write('some');
      await arrival(connections);
      client[way]();
      await isAborted(connections[0]!);
      assert.ok(!connections[0]!.request?.complete);
    });

    test(`aborts the upstream request when the client, having uploaded, goes by ${way}`, async () => {
      const { client, connections, head } = await begin(scene, silent, 'POST');
      await client.write(`${head('Content-Length: 4')}some`);
      await arrival(connections);
      client[way]();
      await isAborted(connections[0]!);
    });

    test(`aborts the upstream request when the client, downloading, goes by ${way}`, async () => {
      const { client, connections, head } = await begin(scene, async (connection) => {
        await connection.whole();
        connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
        while (connection.ending === 'open') {
          connection.send('4\r\nsome\r\n');
          await sleep(20);
        }
      });
      await client.write(head());
      await client.until((received) => received.includes('some'));
      client[way]();
      await isAborted(connections[0]!);
    });

    test(`aborts the upstream request when the client goes by ${way} from a stream that is silent`, async () => {
      const { client, connections, head } = await begin(scene, async (connection) => {
        await connection.whole();
        connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome');
      });
      await client.write(head());
      await client.until((received) => received.includes('some'));
      client[way]();
      await isAborted(connections[0]!);
    });
  }

  test('is there for the next client after all of it', async () => {
    const { client, head } = await begin(scene, answer(OK));
    await client.write(head());
    assert.equal((await client.reply()).content.toString(), 'ok');
  });
}

/** Asserts that the deadline ended the connection: not earlier, and not by a later limit. */
function isInTime({ elapsed, ending, complete, mayStayOpen }: Reply, bound: number): void {
  // Some runtimes keep a connection after a whole response, in spite of its fields.
  assert.ok(ending !== 'open' || (complete && mayStayOpen), 'the connection is still open');
  // A timer may fire a little early; a machine under load may be a little late.
  assert.ok(elapsed > 1000 * bound - 100, `after ${Math.round(elapsed)} ms`);
  assert.ok(elapsed < 1000 * (bound + LATE), `after ${Math.round(elapsed)} ms`);
}

async function isAborted(connection: Connection, within = 5000): Promise<void> {
  const ending = await Promise.race([connection.ended, sleep(within, 'open', { ref: false })]);
  assert.notEqual(ending, 'open', 'the connection to the upstream is still open');
}

async function arrival(connections: Connection[]): Promise<void> {
  const deadline = performance.now() + 5000;
  while (connections.length === 0 && performance.now() < deadline) await sleep(5);
  assert.equal(connections.length, 1);
}

/** Sends ten bytes a second until the connection ends. */
async function drip(client: RawClient, bytes: string): Promise<void> {
  for (const byte of bytes) {
    if (client.socket.destroyed || !client.socket.writable) return;
    await client.write(byte);
    await sleep(100);
  }
}
