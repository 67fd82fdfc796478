// Sentry answers an upload before it has read it all, and resets: what it has sent counts, not the write that fails.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { after, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TlsTrust } from '../../adapters/http1/client/tls-trust.ts';
import { makeTransport } from '../../adapters/http1/client/transport.ts';
import { createListener } from '../../adapters/node-http.ts';
import { onlyFields } from '../../src/http/headers.ts';
import type { UpstreamRequest } from '../../src/http/types.ts';
import { startProxy } from '../support/proxy-process.ts';
import { RawClient, type Reply } from '../support/raw-client.ts';
import { ResettingUpstream } from '../support/resetting-upstream.ts';
import { TestAuthority } from '../support/tls-upstream.ts';
import { answer, OK, response, type Script, Upstream } from '../support/upstream.ts';

const NEVER = { aborted: false, reason: undefined, addEventListener() {}, removeEventListener() {} };
const EARLY = response('413 Content Too Large', ['Connection: close'], 'too large').toString();

const authority = await TestAuthority.make();
const trust = new TlsTrust({ ca: await readFile(authority.cert, 'utf8') });
const certificate = await authority.issue();
after(() => authority.remove());

interface Outcome {
  status: number;
  /** Undefined if it broke off. */
  content: string | undefined;
}

/** Sends a request whose second half is written when the upstream has answered and reset, and nothing of that was read. */
async function upload(upstream: ResettingUpstream, kind: 'length' | 'chunked' | 'one piece'): Promise<Outcome> {
  const half = Buffer.alloc(50_000, 'x');
  async function* halves() {
    yield half;
    await upstream.awaitReset();
    yield half;
    // Node writes to a connection that is gone once more, as it would for any client that sends on.
    await new Promise((resolve) => setImmediate(resolve));
    yield half;
  }
  const length: [string, string][] = kind === 'chunked' ? [] : [['Content-Length', String(3 * half.length)]];
  const body: UpstreamRequest['body'] = kind === 'one piece' ? Buffer.concat([half, half, half]) : halves();
  const request: UpstreamRequest = { method: 'POST', headers: onlyFields(length), body, signal: NEVER };
  if (kind === 'one piece') void upstream.awaitReset();
  const { status, body: content } = await makeTransport({ origin: upstream.origin, trust })(
    `${upstream.origin}/`,
    request,
  );
  const reader = content?.getReader();
  let text = '';
  try {
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true };
      if (value !== undefined) text += Buffer.from(value).toString();
      if (done) return { status, content: text };
    }
  } catch {
    return { status, content: undefined };
  }
}

for (const scheme of ['http', 'https'] as const) {
  const start = (bytes: string) =>
    ResettingUpstream.start({ response: bytes, ...(scheme === 'https' && { tls: certificate }) });

  for (const kind of ['length', 'chunked', 'one piece'] as const) {
    test(`takes the response to an upload that is reset behind it, ${kind}, ${scheme}`, async (context) => {
      const upstream = await start(EARLY);
      context.after(() => upstream.stop());
      assert.deepEqual(await upload(upstream, kind), { status: 413, content: 'too large' });
    });
  }

  test(`does not take a response for whole that was reset before its end, ${scheme}`, async (context) => {
    for (const fields of ['Content-Length: 100\r\n', 'Transfer-Encoding: chunked\r\n', '']) {
      const upstream = await start(`HTTP/1.1 413 Content Too Large\r\n${fields}\r\n9\r\ntoo large`);
      context.after(() => upstream.stop());
      assert.deepEqual(await upload(upstream, 'length'), { status: 413, content: undefined }, fields);
    }
  });

  test(`fails an upload that is reset without a response, ${scheme}`, async (context) => {
    for (const bytes of ['', 'HTTP/1.1 413 Content']) {
      const upstream = await start(bytes);
      context.after(() => upstream.stop());
      await assert.rejects(upload(upstream, 'length'), { name: 'upstream_reset' });
    }
  });
}

/** Answers as soon as there is a head, and resets as a server does that closes with bytes unread. */
const answersAndResets =
  (bytes: string | Buffer): Script =>
  async (connection) => {
    await connection.head();
    connection.socket.pause();
    connection.send(bytes);
    await sleep(1);
    connection.socket.resetAndDestroy();
  };

const PIECE = Buffer.alloc(16 * 1024, 'x');
const PIECES = 40;

/** Uploads in pieces, the rest of them whatever the proxy has answered already. */
async function uploadTo(port: number, fields: readonly string[] = []): Promise<Reply> {
  const client = await RawClient.connect({ host: '127.0.0.1', port }, 'POST', true);
  const head = [
    'POST /api/0/x/ HTTP/1.1',
    'Host: proxy.example',
    ...fields,
    `Content-Length: ${PIECES * PIECE.length}`,
  ];
  await client.write(`${head.join('\r\n')}\r\n\r\n`);
  if (fields.some((line) => line.startsWith('Expect'))) await client.until((received) => received.includes('\r\n\r\n'));
  for (let i = 0; i < PIECES; i++) {
    await client.write(PIECE);
    if (i % 8 === 0) await sleep(1);
  }
  return client.reply();
}

const ROUNDS = 25;

for (const [title, fields] of [
  ['sends at once', []],
  ['waits for 100', ['Expect: 100-continue']],
] as const) {
  test(`gives Sentry's early response to a client that ${title}, each time`, async (context) => {
    const upstream = await Upstream.start();
    const proxy = await startProxy(['--sentry-uri', upstream.uri, '--token=token-of-the-test']);
    context.after(async () => {
      await proxy.stop();
      await upstream.stop();
    });
    const connections = upstream.play(answersAndResets(EARLY));
    for (let i = 1; i <= ROUNDS; i++) {
      const reply = await uploadTo(proxy.port, fields);
      assert.deepEqual([reply.status, reply.content.toString()], [413, 'too large'], `round ${i}`);
      assert.equal(connections.length, i, 'it was tried again');
    }
  });
}

test('renews the token that Sentry refuses early, and sends the whole upload again', async (context) => {
  const upstream = await Upstream.start();
  context.after(() => upstream.stop());
  const refusal = response('401 Unauthorized', ['WWW-Authenticate: Bearer', 'Connection: close']);
  const connections = upstream.play((connection) => {
    const isRefused = connections.length % 2 === 1;
    return (isRefused ? answersAndResets(refusal) : answer(OK))(connection);
  });
  let current = 0;
  const listener = createListener({
    sentryUri: upstream.uri,
    token: { isRenewable: true, get: () => `token-${current}`, renew: async () => `token-${++current}` },
    allowAnyClient: true,
  });
  const port = await serve(context, listener);
  for (let i = 1; i <= ROUNDS; i++) {
    const reply = await uploadTo(port, ['Connection: close']);
    assert.deepEqual([reply.status, reply.content.toString()], [200, 'ok'], `round ${i}`);
    assert.equal(connections.length, 2 * i);
    assert.equal(connections.at(-1)!.request?.content.length, PIECES * PIECE.length);
  }
});

async function serve(context: TestContext, listener: ReturnType<typeof createListener>): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
