// The Sentry stand-in alone: the other tests lean on its rules, so they must be Sentry's.
import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { after, before, suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Postgres, startPostgres } from '../../demo/postgres.ts';
import { rotateSystemToken, type Sentry, startSentry } from '../../demo/sentry.ts';

const UPLOAD = '/api/0/organizations/acme/chunk-upload/';

suite('the Sentry stand-in', () => {
  let postgres: Postgres;
  let sentry: Sentry;
  let token: string;
  before(async () => {
    postgres = await startPostgres();
    token = await rotateSystemToken(postgres);
    sentry = await startSentry({ database: postgres });
  });
  after(async () => {
    await sentry?.stop();
    await postgres?.stop();
  });

  const get = (path: string, headers: Record<string, string> = {}) => fetch(sentry.url + path, { headers });
  const asSystem = (headers: Record<string, string> = {}) => ({ Authorization: `Bearer ${token}`, ...headers });
  const upload = (name: string, data: Buffer, field = 'file') => {
    const body = new FormData();
    body.append(field, new Blob([new Uint8Array(data)]), name);
    return fetch(sentry.url + UPLOAD, { method: 'POST', body, headers: asSystem() });
  };

  test('is healthy for anyone', async () => {
    const response = await get('/_health/');
    assert.equal(response.status, 200);
    assert.equal(await response.text(), 'ok');
  });

  test('refuses a request without credentials', async () => {
    const response = await get('/api/0/organizations/');
    assert.equal(response.status, 401);
    assert.equal(response.headers.get('www-authenticate'), 'xBasic realm="api"');
    assert.deepEqual(await response.json(), { detail: 'Authentication credentials were not provided.' });
  });

  test('refuses another token than the one in the database', async () => {
    const response = await get('/api/0/', { Authorization: `Bearer ${'0'.repeat(64)}` });
    assert.equal(response.status, 401);
    assert.equal(response.headers.get('www-authenticate'), 'xBasic realm="api"');
    assert.deepEqual(await response.json(), { detail: 'Invalid token' });
  });

  test('gives the system token every scope and no user', async () => {
    const { auth, user } = await (await get('/api/0/', asSystem())).json();
    assert.ok(auth.scopes.includes('org:admin'));
    assert.equal(user, null);
  });

  test('refuses the system token from outside the internal network', async () => {
    for (const address of ['203.0.113.7', '203.0.113.7, 10.0.0.1', 'unknown']) {
      const response = await get('/api/0/organizations/', asSystem({ 'X-Forwarded-For': address }));
      assert.equal(response.status, 401, address);
    }
    assert.equal((await get('/api/0/organizations/', asSystem({ 'X-Forwarded-For': '10.1.2.3' }))).status, 200);
  });

  test('refuses an Origin, "null" apart', async () => {
    const response = await get('/api/0/organizations/', asSystem({ Origin: 'https://grafana.example' }));
    assert.equal(response.status, 400);
    assert.equal(await response.json(), 'Invalid origin: https://grafana.example');
    assert.equal((await get('/api/0/organizations/', asSystem({ Origin: 'null' }))).status, 200);
  });

  test('pages through the issues by cursor', async () => {
    const seen = new Set<string>();
    let path = '/api/0/projects/acme/checkout/issues/?query=is%3Aunresolved&cursor=';
    for (let pages = 1; ; pages++) {
      const response = await get(path, asSystem());
      assert.equal(response.headers.get('x-hits'), '58');
      for (const { id } of await response.json()) seen.add(id);
      const [previous, next] = response.headers.get('link')!.split(', ');
      assert.match(previous!, new RegExp(`; rel="previous"; results="${pages > 1}"; cursor="25:${pages - 2}:1"$`));
      const link = /^<(.+)>; rel="next"; results="(\w+)"; cursor="25:\d:0"$/.exec(next!)!;
      assert.ok(
        link[1]!.startsWith(`${sentry.url}/api/0/projects/acme/checkout/issues/?query=is%3Aunresolved&cursor=`),
      );
      if (link[2] === 'false') {
        assert.equal(pages, 3);
        break;
      }
      path = link[1]!.slice(sentry.url.length);
    }
    assert.equal(seen.size, 58);
  });

  test('lists projects with their organization, and those of one organization', async () => {
    const all = await (await get('/api/0/projects/', asSystem())).json();
    const some = await (await get('/api/0/organizations/acme/projects/', asSystem())).json();
    assert.deepEqual(
      some.map(({ slug }: { slug: string }) => slug),
      all
        .filter(({ organization }: { organization: { slug: string } }) => organization.slug === 'acme')
        .map(({ slug }: { slug: string }) => slug),
    );
    assert.equal((await get('/api/0/organizations/nobody/projects/', asSystem())).status, 404);
  });

  test('stores an uploaded chunk under its SHA-1, compressed or not', async () => {
    for (const field of ['file', 'file_gzip']) {
      const data = randomBytes(100_000);
      const sha1 = hash('sha1', data);
      const response = await upload(sha1, field === 'file' ? data : gzipSync(data), field);
      assert.equal(response.status, 200, await response.text());
      assert.ok(sentry.chunks.get(sha1)?.equals(data));
    }
  });

  test('refuses a chunk that is not what its name says', async () => {
    const response = await upload('0'.repeat(40), Buffer.from('something else'));
    assert.equal(response.status, 400);
    assert.deepEqual(await response.json(), { error: 'Checksum mismatch' });
    assert.equal(sentry.chunks.has('0'.repeat(40)), false);
  });

  test('takes a chunked body for an empty one', async () => {
    const data = Buffer.from('lost on the way');
    const form = new FormData();
    form.append('file', new Blob([data]), hash('sha1', data));
    const encoded = new Response(form);
    const outgoing = request(sentry.url + UPLOAD, {
      method: 'POST',
      headers: { ...asSystem(), 'Content-Type': encoded.headers.get('content-type')!, 'Transfer-Encoding': 'chunked' },
    });
    outgoing.end(Buffer.from(await encoded.arrayBuffer()));
    const status = await new Promise((resolve, reject) => {
      outgoing.on('error', reject).on('response', (response) => resolve(response.resume().statusCode));
    });
    assert.equal(status, 200);
    assert.equal(sentry.chunks.has(hash('sha1', data)), false);
    assert.equal(sentry.requests.at(-1)?.bodyBytes, 0);
  });

  test('sends an uploading client to its own address, and an old sentry-cli to a path', async () => {
    const url = async (agent: string) =>
      (await (await get(UPLOAD, asSystem({ 'User-Agent': agent }))).json()).url as string;
    assert.equal(await url('sentry-cli/3.8.0'), sentry.url + UPLOAD);
    assert.equal(await url('curl/8.0'), sentry.url + UPLOAD);
    assert.equal(await url('sentry-cli/2.29.1'), '/organizations/acme/chunk-upload/');
    sentry.uploadUrlPrefix = 'http://proxy.example';
    assert.equal(await url('sentry-cli/3.8.0'), `http://proxy.example${UPLOAD}`);
    sentry.uploadUrlPrefix = '';
  });

  test('points to a missing slash instead of redirecting', async () => {
    const response = await get('/api/0/organizations');
    assert.equal(response.status, 404);
    assert.match(response.headers.get('content-type')!, /^text\/plain/);
    assert.match(await response.text(), /^Route not found, did you forget a trailing slash\?\n\ntry: \/api/);
    const asJson = await get('/api/0/organizations', { 'Content-Type': 'application/json' });
    assert.match((await asJson.json()).info, /try: \/api\/0\/organizations\/$/);
  });

  test('does not know other paths and methods', async () => {
    assert.equal((await get('/api/0/nothing/', asSystem())).status, 404);
    assert.equal((await get('/auth/login/')).status, 404);
    const refused = await fetch(`${sentry.url}/api/0/projects/`, { method: 'DELETE', headers: asSystem() });
    assert.equal(refused.status, 405);
    assert.equal(refused.headers.get('allow'), 'GET, HEAD, OPTIONS');
  });

  test('sees a rotated token at once, or when its cache has run out', async () => {
    const caching = await startSentry({ database: postgres, tokenCacheMs: 600_000 });
    try {
      const old = token;
      const status = async (url: string, bearer: string) =>
        (await fetch(`${url}/api/0/`, { headers: { Authorization: `Bearer ${bearer}` } })).status;
      assert.equal(await status(caching.url, old), 200);
      await fetch(`${sentry.url}/_demo/rotate-system-token/`, { method: 'POST' });
      const [{ value }] = await postgres.query('SELECT value FROM sentry_option');
      token = value;
      assert.notEqual(token, old);
      assert.equal(await status(sentry.url, old), 401);
      assert.equal(await status(sentry.url, token), 200);
      assert.equal(await status(caching.url, old), 200);
      assert.equal(await status(caching.url, token), 401);
    } finally {
      await caching.stop();
    }
  });
});
