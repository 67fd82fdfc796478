// The body of a request: it reaches Sentry whole, and with a length where Sentry needs one.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fieldValue } from '../support/message.ts';
import { RawClient } from '../support/raw-client.ts';
import { answer, OK } from '../support/upstream.ts';
import type { Contract } from './contract.ts';
import { AS_ALIAS, AS_SELF, INJECTED, post, postChunked, request, type Scene, useScene } from './scene.ts';

const REPLAY_LIMIT = 1024 * 1024;
const WAYS = [
  ['injected', AS_ALIAS],
  ['bypassed', AS_SELF],
] as const;

export function bodies({ target, test }: Contract): void {
  const scene = useScene(target);
  anyBodies(test, scene);
  chunkedBodies({ target, test }, scene);
}

type Test = Contract['test'];

function anyBodies(test: Test, scene: Scene): void {
  for (const [way, credentials] of WAYS) {
    for (const length of [0, 1, REPLAY_LIMIT, REPLAY_LIMIT + 1, 5_000_000]) {
      test(`passes a body of ${length} bytes with its Content-Length when ${way}`, async () => {
        const content = randomBytes(length);
        const head = request('POST /x HTTP/1.1', [credentials, `Content-Length: ${length}`]);
        const exchange = await scene.exchange([head, content]);
        assert.equal(exchange.reply.status, 200);
        assert.equal(fieldValue(exchange.request, 'Content-Length'), String(length));
        assert.equal(sha256(exchange.request.content), sha256(content));
      });
    }
  }

  for (const method of ['GET', 'DELETE', 'OPTIONS', 'PROPFIND']) {
    test(`passes the body of ${method}`, async () => {
      const line = `${method} /x HTTP/1.1`;
      const exchange = await scene.exchange(request(line, [AS_ALIAS, 'Content-Length: 5'], 'hello'));
      assert.equal(exchange.reply.status, 200);
      assert.equal(exchange.request.framing, 'length');
      assert.equal(exchange.request.content.toString(), 'hello');
    });
  }

  test('sends no body for a POST without one', async () => {
    const exchange = await scene.exchange(request('POST /x HTTP/1.1', [AS_ALIAS]));
    assert.equal(exchange.reply.status, 200);
    assert.equal(exchange.request.content.length, 0);
    assert.notEqual(exchange.request.framing, 'chunked');
  });

  test('takes chunks of any case, with extensions, and the coding in any case', async () => {
    const body = 'A;ext="x;y"\r\n0123456789\r\n0001;a=b\r\nx\r\n000\r\n\r\n';
    const exchange = await scene.exchange(request('POST /x HTTP/1.1', [AS_ALIAS, 'transfer-encoding:\tChunked'], body));
    assert.equal(exchange.reply.status, 200);
    assert.equal(exchange.request.content.toString(), '0123456789x');
  });

  for (const [way, credentials] of WAYS) {
    test(`drops the trailers of a body that is ${way}`, async () => {
      const filler = 'hello';
      const trailers = 'Authorization: Bearer other\r\nHost: other\r\nX-Checksum: abc\r\n';
      const body = `${filler.length.toString(16)}\r\n${filler}\r\n0\r\n${trailers}\r\n`;
      const exchange = await scene.exchange(postChunked(body, credentials, 'Trailer: X-Checksum'));
      assert.equal(exchange.reply.status, 200);
      assert.equal(exchange.request.received.length, filler.length);
      const sent = credentials === AS_ALIAS ? INJECTED : AS_SELF.slice('Authorization: '.length);
      assert.equal(fieldValue(exchange.request, 'Authorization'), sent);
      assert.ok(!exchange.connections[0]!.bytes.includes('other'));
      assert.ok(!exchange.connections[0]!.bytes.includes('X-Checksum'));
    });
  }

  for (const trailer of ['Content-Length: 99', 'Transfer-Encoding: chunked']) {
    test(`takes no framing from the trailers: ${trailer}`, async () => {
      const exchange = await scene.exchange(postChunked(`5\r\nhello\r\n0\r\n${trailer}\r\n\r\n`, AS_ALIAS));
      if (exchange.reply.status !== 200) return exchange.refused(400);
      assert.equal(exchange.request.content.toString(), 'hello');
    });
  }

  test('streams a body before it is whole', async () => {
    const [proxy, upstream] = await scene.start();
    const connections = upstream.play(answer(OK));
    const client = await RawClient.connect(proxy, 'POST');
    await client.write(request('POST /x HTTP/1.1', [AS_ALIAS, 'Content-Length: 2'], 'a'));
    await eventually(() => connections[0]?.request?.content.toString() === 'a');
    await client.write('b');
    assert.equal((await client.reply()).status, 200);
    assert.equal(connections[0]?.request?.content.toString(), 'ab');
  });

  test('begins to send a body of 200 MiB', async () => {
    const [proxy, upstream] = await scene.start();
    const connections = upstream.play(async (connection) => {
      await connection.head();
      connection.send('HTTP/1.1 413 Content Too Large\r\nContent-Length: 6\r\n\r\nsentry');
    });
    const client = await RawClient.connect(proxy, 'POST');
    const fields = [AS_ALIAS, `Content-Length: ${200 * 1024 * 1024}`];
    await client.write(request('POST /x HTTP/1.1', fields, 'x'.repeat(65_536)));
    assert.equal((await client.reply()).content.toString(), 'sentry');
    client.socket.destroy();
    await connections[0]!.ended;
  });

  for (const [title, bytes] of Object.entries({
    'shorter than its Content-Length': request('POST /x HTTP/1.1', [AS_ALIAS, 'Content-Length: 10'], 'hello'),
    'cut off inside a chunk': postChunked('a\r\nhello', AS_ALIAS),
    'cut off after a chunk': postChunked('5\r\nhello\r\n', AS_ALIAS),
    'cut off before its last line': postChunked('5\r\nhello\r\n0\r\n', AS_ALIAS),
  })) {
    test(`does not let a body ${title} look whole`, async () => {
      const [proxy, upstream] = await scene.start();
      const connections = upstream.play(answer(OK));
      const client = await RawClient.connect(proxy, 'POST');
      await client.write(bytes);
      // Time to take the body for whole, where a server does not wait for its end.
      await sleep(100);
      client.socket.end();
      const reply = await client.reply();
      for (const connection of connections) {
        await connection.ended;
        assert.ok(!connection.request?.complete, 'a whole request reached the upstream');
      }
      assert.ok(reply.status === 0 || reply.status === 400, `status ${reply.status}`);
    });
  }
}

/** Sentry behind uWSGI reads a chunked body as empty. */
function chunkedBodies({ target, test }: Contract, scene: Scene): void {
  const LIMIT = 64 * 1024;
  const small = useScene(target, { flags: { replayLimit: LIMIT, replayLimitTotal: LIMIT } });
  const streaming = useScene(target, { flags: { replayLimit: LIMIT, streamChunked: true } });
  const head = (credentials: string) => request('POST /x HTTP/1.1', [credentials, 'Transfer-Encoding: chunked']);

  for (const length of [0, 1, 70_000, REPLAY_LIMIT]) {
    test(`sends an injected chunked body of ${length} bytes, which fits the replay limit, with its length`, async () => {
      const content = randomBytes(length);
      const exchange = await scene.exchange([head(AS_ALIAS), chunked(content)]);
      assert.equal(exchange.reply.status, 200);
      assert.equal(fieldValue(exchange.request, 'Content-Length'), String(length));
      assert.equal(sha256(exchange.request.content), sha256(content));
    });
  }

  test('refuses an injected chunked body above the replay limit, and says what to do', async () => {
    const exchange = await small.exchange([head(AS_ALIAS), chunked(randomBytes(LIMIT + 1))]);
    exchange.refused(413);
    assert.match(exchange.reply.content.toString(), /Content-Length.*REPLAY_LIMIT.*STREAM_CHUNKED/);
  });

  for (const [how, where, credentials] of [
    ['a bypassed chunked body', small, AS_SELF],
    ['an injected chunked body for a Sentry that reads those', streaming, AS_ALIAS],
    ['a bypassed chunked body for a Sentry that reads those', streaming, AS_SELF],
  ] as const) {
    for (const length of [1, LIMIT + 1, 5_000_000]) {
      test(`streams ${how} unchanged: ${length} bytes`, async () => {
        const content = randomBytes(length);
        const exchange = await where.exchange([head(credentials), chunked(content)]);
        assert.equal(exchange.reply.status, 200);
        assert.equal(exchange.request.framing, 'chunked');
        assert.equal(sha256(exchange.request.received), sha256(content));
      });
    }
  }

  test('streams a bypassed chunked body before it is whole', async () => {
    const [proxy, upstream] = await small.start();
    const connections = upstream.play(answer(OK));
    const client = await RawClient.connect(proxy, 'POST');
    await client.write(`${head(AS_SELF)}1\r\na\r\n`);
    await eventually(() => connections[0]?.request?.received.toString() === 'a');
    await client.write('1\r\nb\r\n0\r\n\r\n');
    assert.equal((await client.reply()).status, 200);
    assert.equal(connections[0]?.request?.received.toString(), 'ab');
  });

  test('answers 503 to an injected chunked body while others fill all the room, and to no other body', async () => {
    const [proxy, upstream] = await small.start();
    upstream.play(answer(OK));
    const client = await RawClient.connect(proxy, 'POST');
    const half = chunked(randomBytes(40_000));
    await client.write(head(AS_ALIAS));
    await client.write(half.subarray(0, -5));

    // It is to have its room before the others ask for theirs, and nothing shows when it has.
    await sleep(500);
    const refusal = await small.exchange([head(AS_ALIAS), half]);
    refusal.refused(503);
    assert.match(fieldValue(refusal.reply, 'Retry-After') ?? '', /^[1-9]\d*$/);
    assert.equal((await small.exchange([head(AS_SELF), half])).reply.status, 200);
    assert.equal((await small.exchange(post('hello', AS_ALIAS))).reply.status, 200);

    await client.write(half.subarray(-5));
    assert.equal((await client.reply()).status, 200);
    assert.equal((await small.exchange([head(AS_ALIAS), half])).reply.status, 200);
  });
}

function chunked(content: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < content.length; at += 60_000) {
    const piece = content.subarray(at, at + 60_000);
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
  }
  return Buffer.concat([...pieces, Buffer.from('0\r\n\r\n')]);
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function eventually(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!isSo() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(isSo());
}
