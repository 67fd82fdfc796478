// https upstreams: who is trusted, what is told of a refusal, and that a broken TLS stream never looks whole.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type ListeningProxy, type LogLine, startProxy } from '../support/proxy-process.ts';
import { type Reply, send } from '../support/raw-client.ts';
import { TestAuthority, TlsUpstream } from '../support/tls-upstream.ts';
import { answer, type Connection, OK, response, type Script } from '../support/upstream.ts';

const TOKEN = 'sentry-token-0123456789abcdef';
const GET = 'GET /api/0/ HTTP/1.1\r\nHost: proxy.example\r\n\r\n';

const OLD_TLS = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;

const authority = await TestAuthority.make();
const stranger = await TestAuthority.make();
const certificate = await authority.issue();
const upstream = await TlsUpstream.start(certificate);
const choosy = await TlsUpstream.start({
  ...certificate,
  requestCert: true,
  rejectUnauthorized: true,
  ca: await readFile(authority.cert),
});

interface Setting {
  to?: TlsUpstream;
  host?: string;
  args?: string[];
  env?: Record<string, string>;
}

const proxies = new Map<string, Promise<ListeningProxy>>();

/** One proxy for all tests with that setting. */
function proxyWith({ to = upstream, host = 'localhost', args = [], env = {} }: Setting): Promise<ListeningProxy> {
  const all = ['--sentry-uri', `https://${host}:${to.port}`, '--token', TOKEN, ...args];
  const key = JSON.stringify([all, env]);
  const proxy = proxies.get(key) ?? startProxy(all, { env });
  proxies.set(key, proxy);
  return proxy;
}

after(async () => {
  await Promise.all([...proxies.values()].map(async (proxy) => (await proxy).stop()));
  await Promise.all([upstream.stop(), choosy.stop(), authority.remove(), stranger.remove()]);
});

interface Outcome {
  reply: Reply;
  line: LogLine;
  connections: TlsUpstream['connections'];
}

const WITH_CA: Setting = { args: ['--sentry-ca', authority.cert] };

async function play(setting: Setting = WITH_CA, script = answer(OK), request: string | Buffer = GET): Promise<Outcome> {
  const { to = upstream } = setting;
  const proxy = await proxyWith(setting);
  to.script = script;
  to.connections = [];
  const isRequest = ({ event }: LogLine) => event === 'request';
  const before = proxy.logLines().filter(isRequest).length;
  const reply = await send(proxy, request);
  await proxy.logged(() => proxy.logLines().filter(isRequest).length > before);
  return { reply, line: proxy.logLines().filter(isRequest).at(-1)!, connections: to.connections };
}

function isRefused({ reply, line, connections }: Outcome, cause: RegExp): void {
  assert.equal(reply.status, 502);
  assert.doesNotMatch(reply.bytes.toString('latin1'), /certificate|CERT|altname|self.signed/i, 'told to the client');
  assert.equal(line.error, 'upstream_tls');
  assert.match(String(line.cause), cause);
  const received = connections.map(({ connection }) => connection.bytes.toString('latin1')).join('');
  assert.equal(received, '', 'something was sent to who is not trusted');
}

test('trusts the CA of --sentry-ca, and sends the token over TLS', async () => {
  const { reply, connections } = await play();
  assert.equal(reply.content.toString(), 'ok');
  const [{ connection, servername } = assert.fail('no connection')] = connections;
  assert.match(connection.bytes.toString('latin1'), new RegExp(`^Authorization: Bearer ${TOKEN}\r$`, 'm'));
  assert.equal(servername, 'localhost');
});

test('trusts an IP address that the certificate names, without a server name', async () => {
  const { reply, connections } = await play({ ...WITH_CA, host: '127.0.0.1' });
  assert.equal(reply.content.toString(), 'ok');
  assert.equal(connections[0]!.servername, false);
});

test('asks for a name that ends with a dot without the dot (RFC 6066 section 3)', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'sentry-resolver-'));
  context.after(() => rm(folder, { recursive: true }));
  const script = join(folder, 'script.json');
  await writeFile(script, JSON.stringify({ addresses: [{ address: '127.0.0.1', family: 4 }] }));
  const preload = pathToFileURL(join(import.meta.dirname, '../support/scripted-resolver.ts'));
  const env = { NODE_OPTIONS: `--import=${preload}`, RESOLVER_SCRIPT: script };
  const { reply, connections } = await play({ ...WITH_CA, host: 'localhost.', env });
  assert.equal(reply.content.toString(), 'ok');
  assert.equal(connections[0]!.servername, 'localhost');
});

test("trusts the system's CAs where no --sentry-ca is given", async () => {
  const { reply } = await play({ env: { SSL_CERT_FILE: authority.cert } });
  assert.equal(reply.content.toString(), 'ok');
});

test('does not trust an unknown CA', async () => {
  isRefused(await play({}), /UNABLE_TO|SELF_SIGNED/);
});

test("does not trust the system's CAs where --sentry-ca is given", async () => {
  const args = ['--sentry-ca', stranger.cert];
  isRefused(await play({ args, env: { SSL_CERT_FILE: authority.cert } }), /UNABLE_TO|SELF_SIGNED/);
});

/** Certificates and versions that the upstream has for one exchange. */
for (const [title, context, cause, host] of [
  [
    'a certificate for another host name',
    () => authority.issue({ names: 'DNS:sentry.example' }),
    /ALTNAME/,
    'localhost',
  ],
  [
    'a host name where an IP address is asked for',
    () => authority.issue({ names: 'DNS:localhost' }),
    /ALTNAME/,
    '127.0.0.1',
  ],
  ['an expired certificate', () => authority.issue({ isExpired: true }), /CERT_HAS_EXPIRED/, 'localhost'],
  ['TLS below 1.2', () => ({ ...certificate, ...OLD_TLS }), /^(?:EPROTO|ERR_SSL)/, 'localhost'],
] as const) {
  test(`does not trust ${title}`, async () => {
    upstream.use(await context());
    const outcome = await play({ ...WITH_CA, host });
    upstream.use(certificate);
    isRefused(outcome, cause);
  });
}

test('shows the client certificate of --sentry-cert', async () => {
  const { files } = await authority.issue({ names: 'DNS:proxy.example' });
  const args = [...WITH_CA.args!, '--sentry-cert', files.cert, '--sentry-key', files.key];
  const { reply, connections } = await play({ to: choosy, args });
  assert.equal(reply.content.toString(), 'ok');
  assert.ok(connections[0]!.isAuthorized);
});

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`answers 502 where a client certificate is wanted and none is there, ${maxVersion}`, async () => {
    choosy.use({ ...certificate, ca: await readFile(authority.cert), maxVersion });
    const { reply, line } = await play({ to: choosy, ...WITH_CA });
    assert.equal(reply.status, 502);
    assert.match(String(line.error), /^upstream_(?:tls|reset)$/);
  });
}

const HEAD = 'HTTP/1.1 200 OK\r\n';

type End = (connection: Connection) => void;
const ENDS: Record<string, End> = {
  close_notify: ({ socket }) => socket.end(),
  'no close_notify': (connection) => upstream.cut(connection),
  'a reset': (connection) => upstream.reset(connection),
};

const breakingOff = (bytes: string, end: End) => async (connection: Connection) => {
  await connection.whole();
  connection.send(bytes);
  // Late enough for the bytes to have been read.
  setTimeout(() => end(connection), 50);
};

for (const [end, breakOff] of Object.entries(ENDS)) {
  for (const [framing, bytes] of [
    ['a length', `${HEAD}Content-Length: 100\r\n\r\nsome`],
    ['chunks', `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n`],
  ] as const) {
    test(`never lets a response look whole that ends inside ${framing} with ${end}`, async () => {
      const { reply } = await play(WITH_CA, breakingOff(bytes, breakOff));
      assert.equal(reply.status, 200);
      assert.ok(!reply.complete, 'it looks complete');
    });
  }

  test(`answers 502 where a response ends inside its head with ${end}`, async () => {
    const { reply } = await play(WITH_CA, breakingOff(`${HEAD}Content-Length: 1`, breakOff));
    assert.equal(reply.status, 502);
  });
}

// Without close_notify, a body that is delimited by the close can't be told from a whole one: node:tls says `end` for
// both and gives no access to SSL_get_shutdown. Only servers of HTTP/1.0 send such bodies; a reset inside one is seen.
test('never lets a response look whole that is delimited by the close and is reset', async () => {
  const { reply } = await play(WITH_CA, breakingOff(`${HEAD}\r\nsome`, ENDS['a reset']!));
  assert.ok(!reply.complete, 'it looks complete');
});

test('passes a body that ends with the connection', async () => {
  const { reply } = await play(WITH_CA, answer(`${HEAD}\r\nall of it`));
  assert.equal(reply.content.toString(), 'all of it');
  assert.ok(reply.complete);
});

test('carries 8 MB up and down byte for byte', async () => {
  const content = Buffer.alloc(8_000_000, 'the quick brown fox jumps over the lazy dog; ');
  const head = `POST / HTTP/1.1\r\nHost: proxy.example\r\nContent-Length: ${content.length}\r\n\r\n`;
  let isSame = false;
  const script: Script = async (connection) => {
    await connection.whole();
    isSame = connection.request!.content.equals(content);
    connection.send(response('200 OK', [], content));
  };
  const { reply } = await play(WITH_CA, script, Buffer.concat([Buffer.from(head), content]));
  assert.ok(isSame);
  assert.ok(reply.complete);
  assert.ok(reply.content.equals(content));
});

test('tells no secret in its log', async () => {
  for (const proxy of proxies.values()) assert.ok(!(await proxy).output.includes(TOKEN));
});
