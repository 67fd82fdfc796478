// Bytes after the end of a request or of a response: a stray line end never decides what the client gets, however the
// segments fall, and nothing after the end is taken for content.
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import test, { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { MessageReader } from '../support/message.ts';
import { startProxy } from '../support/proxy-process.ts';
import { send } from '../support/raw-client.ts';
import { TestAuthority, TlsUpstream } from '../support/tls-upstream.ts';
import { answer, type Connection, response, type Script, Upstream } from '../support/upstream.ts';

const authority = await TestAuthority.make();
const certificate = await authority.issue();
const upstream = await Upstream.start();
const secureUpstream = await TlsUpstream.start(certificate);
const settings = ['--token=token-of-the-test', '--sentry-ca', authority.cert];
const tls = ['--tls-cert', certificate.files.cert, '--tls-key', certificate.files.key];
const [plain, overTls, toTls] = await Promise.all([
  startProxy(['--sentry-uri', upstream.uri, ...settings]),
  startProxy(['--sentry-uri', upstream.uri, ...settings, ...tls]),
  startProxy(['--sentry-uri', `https://localhost:${secureUpstream.port}`, ...settings]),
]);
after(async () => {
  await Promise.all([plain.stop(), overTls.stop(), toTls.stop()]);
  await Promise.all([upstream.stop(), secureUpstream.stop(), authority.remove()]);
});

const GET = 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello';
const CHUNKED = 'POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n';
const OLD = 'GET /a HTTP/1.0\r\n\r\n';

const SMALL = response('200 OK', [], 'ok');
/** More than is on its way at once, and less than the kernel takes from the proxy. */
const LARGE = response('200 OK', [], Buffer.alloc(300_000, 'x'));
/** Without a length, its end is that of the connection to an HTTP/1.0 client. */
const UNFRAMED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n';

interface Received {
  content: number;
  isWhole: boolean;
}

/**
 * Sends the pieces, each after so many milliseconds.
 * @param isLate whether it reads only then: node:net loses what it has read so far if a write fails meanwhile
 */
async function receive(socket: Socket, pieces: readonly [number, string][], isLate = true): Promise<Received> {
  socket.setNoDelay(true);
  if (isLate) socket.pause();
  const ended = new Promise((resolve) => socket.once('end', resolve).once('close', resolve));
  const reader = MessageReader.ofResponse('GET');
  let isBroken = false;
  socket.on('data', (bytes: Buffer) => reader.push(bytes));
  socket.on('error', () => {
    isBroken = true;
  });
  for (const [delay, bytes] of pieces) {
    await sleep(delay);
    socket.write(bytes);
  }
  await sleep(200);
  socket.resume();
  await ended;
  socket.destroy();
  const { content, complete, framing } = reader.read() ?? {};
  return { content: content?.length ?? 0, isWhole: complete === true && (framing !== 'close' || !isBroken) };
}

for (const [way, open] of [
  ['plain', (): Socket => connect({ port: plain.port, allowHalfOpen: true })],
  ['over TLS', (): Socket => connectTls({ port: overTls.port, host: '127.0.0.1', rejectUnauthorized: false })],
] as const) {
  for (const [title, request] of [
    ['a GET', GET],
    ['a length', POST],
    ['chunks', CHUNKED],
  ] as const) {
    for (const [of, script, size] of [
      ['a small response', answer(SMALL), 2],
      ['a large response', answer(LARGE), 300_000],
    ] as const) {
      test(`loses nothing of ${of} to bytes behind ${title}, ${way}`, async () => {
        upstream.play(script);
        const behind = ['\r\n', GET, 'x'.repeat(100_000)];
        const ways = behind.flatMap((bytes): [number, string][][] => [
          [[0, request + bytes]],
          ...[0, 3, 20, 200].map((delay): [number, string][] => [
            [0, request],
            [delay, bytes],
          ]),
          [
            [0, request],
            [100, bytes.slice(0, 1)],
            [100, bytes.slice(1)],
          ],
        ]);
        const received = await Promise.all(ways.map((pieces) => receive(open(), pieces, size > 2)));
        for (const [i, outcome] of received.entries()) {
          assert.deepEqual(outcome, { content: size, isWhole: true }, JSON.stringify(ways[i]).slice(0, 200));
        }
      });
    }
  }
}

test('shows a response to HTTP/1.0 as whole, though bytes come behind the request', async () => {
  upstream.play(answer(UNFRAMED));
  for (const delay of [0, 20, 200]) {
    const outcome = await receive(connect({ port: plain.port, allowHalfOpen: true }), [
      [0, OLD],
      [delay, '\r\n'],
    ]);
    assert.deepEqual(outcome, { content: 2, isWhole: true });
  }
});

test('gives a client that reads slowly the whole response, however long it takes behind the last byte', async () => {
  const size = 16_000_000;
  upstream.play(answer(response('200 OK', [], Buffer.alloc(size, 'x'))));
  // Longer than the proxy listens to a client that has everything and still sends.
  const outcome = await receive(connect({ port: plain.port, allowHalfOpen: true }), [
    [0, GET],
    [500, '\r\n'],
    [6500, '\r\n'],
  ]);
  assert.deepEqual(outcome, { content: size, isWhole: true });
});

const behindResponse =
  (bytes: Buffer, behind: string, delay: number | undefined): Script =>
  async (connection: Connection) => {
    await connection.whole();
    if (delay === undefined) connection.send(Buffer.concat([bytes, Buffer.from(behind)]));
    else {
      connection.send(bytes);
      await sleep(delay);
      connection.send(behind);
    }
    connection.finish();
  };

for (const [way, proxy, play] of [
  ['plain', plain, (script: Script) => void upstream.play(script)],
  [
    'over TLS',
    toTls,
    (script: Script) => {
      secureUpstream.script = script;
    },
  ],
] as const) {
  test(`gives the client what Sentry says up to the end of its response, ${way}`, async () => {
    for (const fields of [[], ['Connection: close']]) {
      for (const behind of ['\r\n', 'more', SMALL.toString()]) {
        for (const delay of [undefined, 0, 5]) {
          play(behindResponse(response('200 OK', fields, 'hello'), behind, delay));
          const reply = await send(proxy, GET);
          // Together with a response that is said to be the last, another one is response splitting.
          const mayBeRefused = fields.length > 0 && behind !== '\r\n';
          if (mayBeRefused && delay === undefined) assert.equal(reply.status, 502);
          if (mayBeRefused && reply.status === 502) continue;
          assert.deepEqual([reply.status, reply.content.toString(), reply.complete], [200, 'hello', true]);
        }
      }
    }
  });
}
