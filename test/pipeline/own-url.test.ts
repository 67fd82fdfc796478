// By what URL a client is kept inside, on the listeners and mounts that the contract does not have, and what is said of it.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { createProxy } from '../../src/index.ts';
import { fieldValue, fieldValues } from '../support/message.ts';
import { ProxyProcess, runProxy, startProxy } from '../support/proxy-process.ts';
import { RawClient, send } from '../support/raw-client.ts';
import { TestAuthority, TlsUpstream } from '../support/tls-upstream.ts';
import { answer, response, type Script, Upstream } from '../support/upstream.ts';

const ISSUES = '/api/0/projects/acme/web/issues/';
const ORGANIZATION = '/api/0/organizations/acme/';
const link = (origin: string) => `<${origin}${ISSUES}?cursor=0:100:0>; rel="next"; results="true"; cursor="0:100:0"`;

const json = (content: string, ...fields: string[]): Script =>
  answer(response('200 OK', ['Content-Type: application/json', ...fields], content));
const NEXT_PAGE = json('[]', `Link: ${link('https://sentry.example')}`);

async function startUpstream(t: TestContext, script: Script): Promise<Upstream> {
  const upstream = await Upstream.start();
  t.after(() => upstream.stop());
  upstream.play(script);
  return upstream;
}

async function started(t: TestContext, sentryUri: string, ...flags: string[]) {
  const proxy = await startProxy([`--sentry-uri=${sentryUri}`, '--token=static', ...flags]);
  t.after(() => proxy.stop());
  return proxy;
}

/** The Link of an answer that node:http or node:https got. */
const linkOf = (request: typeof requestPlain, options: object): Promise<string> =>
  new Promise((resolve, reject) => {
    request({ path: ISSUES, ...options }, (message) => {
      message.resume();
      resolve(String(message.headers.link));
    })
      .on('error', reject)
      .end();
  });

test('a Link of many opening brackets holds nobody up', async (t) => {
  const upstream = await startUpstream(t, json('[]', `Link: ${'<'.repeat(60_000)}`));
  const proxy = await started(t, upstream.uri);
  const begun = performance.now();
  const reply = await send(proxy, `GET ${ISSUES} HTTP/1.1\r\nHost: proxy.example\r\n\r\n`);
  assert.equal(reply.status, 200);
  // A search that begins again at each bracket takes 7 s.
  assert.ok(performance.now() - begun < 4000);
});

test('a proxy that listens with TLS leads to https', async (t) => {
  const authority = await TestAuthority.make();
  t.after(() => authority.remove());
  const { files } = await authority.issue();
  const upstream = await startUpstream(t, NEXT_PAGE);
  const { port } = await started(t, upstream.uri, `--tls-cert=${files.cert}`, `--tls-key=${files.key}`);
  const own = await linkOf(requestTls, { host: '127.0.0.1', port, rejectUnauthorized: false });
  assert.equal(own, link(`https://127.0.0.1:${port}`));
});

test('a proxy without TLS before a Sentry with TLS leads to http', async (t) => {
  const authority = await TestAuthority.make();
  t.after(() => authority.remove());
  const sentry = await TlsUpstream.start(await authority.issue());
  t.after(() => sentry.stop());
  const proxy = await started(t, `https://localhost:${sentry.port}`, `--sentry-ca=${authority.cert}`);
  const ask = () => send(proxy, `GET ${ISSUES} HTTP/1.1\r\nHost: proxy.example\r\n\r\n`);

  sentry.script = NEXT_PAGE;
  assert.equal(fieldValue(await ask(), 'Link'), link('http://proxy.example'));
  // Sentry behind a web server that ends TLS takes itself for one that speaks http.
  sentry.script = answer(response('302 Found', [`Location: http://localhost:${sentry.port}/api/0/projects/`]));
  assert.equal(fieldValue(await ask(), 'Location'), 'http://proxy.example/api/0/projects/');
});

test('a proxy on a Unix socket leads to the Host of the request', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sentry-api-proxy-inside-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'proxy.sock');
  const upstream = await startUpstream(t, NEXT_PAGE);
  const proxy = await ProxyProcess.spawn([`--listen=unix:${path}`, `--sentry-uri=${upstream.uri}`, '--token=static']);
  t.after(() => proxy.stop());
  await proxy.logged(({ event }) => event === 'listening', 20_000);
  assert.equal(
    await linkOf(requestPlain, { socketPath: path, headers: { Host: 'sentry.internal' } }),
    link('http://sentry.internal'),
  );
});

test('a request without a Host keeps the Link, and loses regionUrl', async (t) => {
  const upstream = await startUpstream(
    t,
    json('{"links":{"regionUrl":"r"}}', `Link: ${link('https://sentry.example')}`),
  );
  const proxy = await started(t, upstream.uri);
  const issues = await send(proxy, `GET ${ISSUES} HTTP/1.0\r\n\r\n`);
  assert.equal(fieldValue(issues, 'Link'), link('https://sentry.example'));
  const organization = await send(proxy, `GET ${ORGANIZATION} HTTP/1.0\r\n\r\n`);
  assert.equal(organization.content.toString(), '{"links":{}}');
});

for (const value of [
  'secret.example',
  'ftp://secret.example',
  'https://u:p@secret.example',
  'https://secret.example/?a',
  'https:///secret',
]) {
  test(`--public-url=${value} is refused with exit code 2 and not quoted`, async () => {
    const { code, stderr } = await runProxy([
      '--sentry-uri=http://127.0.0.1:9',
      '--token=static',
      `--public-url=${value}`,
    ]);
    assert.equal(code, 2);
    assert.match(stderr, /--public-url \(PUBLIC_URL\) is not a URL like/);
    assert.doesNotMatch(stderr, /secret/);
  });
}

test('--public-url beyond ASCII is refused, and the text says how to write it', async () => {
  const flags = ['--sentry-uri=http://127.0.0.1:9', '--token=static', '--public-url=https://bücher.example/ä'];
  const { code, stderr } = await runProxy(flags);
  assert.equal(code, 2);
  assert.match(stderr, /has a character that no header can carry; write https:\/\/xn--bcher-kva\.example\/%C3%A4/);
});

test('the log warns of a response that is too large to be edited', async (t) => {
  const large = `{"links":{"regionUrl":"r"},"x":"${'x'.repeat(8 * 1024 * 1024)}"}`;
  const upstream = await startUpstream(t, json(large));
  const proxy = await started(t, upstream.uri);
  const { content } = await send(proxy, `GET ${ORGANIZATION} HTTP/1.1\r\nHost: proxy.example\r\n\r\n`);
  assert.equal(content.toString(), large);
  const line = await proxy.logged(({ event, level }) => event === 'request' && level === 'warn');
  assert.equal(line.status, 200);
  assert.match(String(line.warning), /larger than 8388608 bytes/);
});

test('content that stays away after its head is answered with 504', async (t) => {
  const upstream = await startUpstream(t, async (connection) => {
    await connection.whole();
    connection.send('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{');
    await sleep(5000);
  });
  const proxy = await started(t, upstream.uri, '--write-timeout=500ms');
  const { status } = await send(proxy, `GET ${ORGANIZATION} HTTP/1.1\r\nHost: proxy.example\r\n\r\n`);
  assert.equal(status, 504);
});

test('a client that leaves while its response is gathered ends the request to Sentry', async (t) => {
  let hasGone: Promise<unknown> | undefined;
  const upstream = await startUpstream(t, async (connection) => {
    await connection.whole();
    hasGone = connection.ended;
    connection.send('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{');
    await hasGone;
  });
  const proxy = await started(t, upstream.uri);
  const client = await RawClient.connect(proxy);
  await client.write(`GET ${ORGANIZATION} HTTP/1.1\r\nHost: proxy.example\r\n\r\n`);
  while (hasGone === undefined) await sleep(10);
  client.socket.destroy();
  await hasGone;
  const { status } = await proxy.logged(({ event }) => event === 'request');
  assert.equal(status, 499);
});

test('the library leads to the path that it is mounted at, and shares what it learns with no other', async (t) => {
  const upstream = await startUpstream(t, NEXT_PAGE);
  const options = { sentryUri: upstream.uri, token: 'static', allowAnyClient: true };
  const mounted = createProxy({ ...options, basePath: '/sentry' });
  const other = createProxy({ ...options, publicUrl: 'https://tools.example/' });
  const ask = (proxy: typeof mounted, prefix = '') => proxy.fetch(new Request(`https://app.example${prefix}${ISSUES}`));

  assert.equal((await ask(mounted, '/sentry')).headers.get('link'), link('https://app.example/sentry'));
  upstream.play(answer(response('302 Found', ['Location: https://sentry.example/api/0/projects/'])));
  const redirect = await ask(mounted, '/sentry');
  assert.equal(redirect.headers.get('location'), 'https://app.example/sentry/api/0/projects/');
  assert.equal((await ask(other)).headers.get('location'), 'https://sentry.example/api/0/projects/');
  upstream.play(NEXT_PAGE);
  assert.equal((await ask(other)).headers.get('link'), link('https://tools.example'));
});

test('a list that is filtered for a named client is kept inside as well, with one length', async (t) => {
  const token = 't'.repeat(64);
  const clients = { clients: [{ name: 'ci', token, scopes: ['org:read'], orgs: ['acme'] }] };
  const organization = (slug: string) => `{"slug":"${slug}","links":{"organizationUrl":"o","regionUrl":"r"}}`;
  const sent = `[${organization('acme')},${organization('other')}]`;
  const upstream = await startUpstream(t, json(sent));
  const settings = [`--sentry-uri=${upstream.uri}`, '--token=static'];
  const proxy = await startProxy(settings, { env: { CLIENTS: JSON.stringify(clients) } });
  t.after(() => proxy.stop());
  for (const script of [json(sent), answer(response('200 OK', GZIPPED, gzipSync(sent)))]) {
    upstream.play(script);
    const fields = `Host: proxy.example\r\nAuthorization: Bearer ${token}\r\n`;
    const reply = await send(proxy, `GET /api/0/organizations/ HTTP/1.1\r\n${fields}\r\n`);
    assert.equal(reply.content.toString(), '[{"slug":"acme","links":{"organizationUrl":"o"}}]');
    assert.deepEqual(fieldValues(reply, 'Content-Length'), [String(reply.content.length)]);
    assert.deepEqual(fieldValues(reply, 'Content-Encoding'), []);
  }
});

const GZIPPED = ['Content-Type: application/json', 'Content-Encoding: gzip'];
