// Access to the status page: no page of another site may read it, under any name that such a page could have.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { get, makeFolder, startProxy, startWatched, type WatchedProxy } from '../../support/operator.ts';
import { send } from '../../support/raw-client.ts';

const PAGES = ['/', '/status.json', '/metrics'];
const PROBES = ['/livez', '/readyz'];
const ARGS = ['--token=x', '--sentry-uri=http://127.0.0.1:9'];

describe('the admin listener', () => {
  let watched: WatchedProxy;
  before(async () => {
    const names = ['--admin-allowed-host', 'Proxy.example;other.example'];
    watched = await startWatched({ after() {} }, [...ARGS, ...names]);
  });
  after(() => watched.proxy.stop());

  const statusOf = async (path: string, headers: Record<string, string>): Promise<number> =>
    (await get(watched.admin, path, { headers })).status;

  for (const host of [
    ...['127.0.0.1', '127.0.0.1:9464', '10.1.2.3:1', '[::1]:9464', '[fd00::1]', 'localhost', 'LOCALHOST:9464'],
    ...['proxy.example', 'PROXY.EXAMPLE:9464', 'other.example:80'],
  ]) {
    it(`serves everything under ${host}`, async () => {
      for (const path of [...PAGES, ...PROBES]) assert.equal(await statusOf(path, { Host: host }), 200, path);
    });
  }

  for (const host of [
    ...['attacker.example', 'attacker.example:9464', 'localhost.attacker.example', '127.0.0.1.attacker.example'],
    ...['a.proxy.example', 'proxy.example.', 'proxy.example.attacker.example', 'xlocalhost', '1.2.3', '[::1].example'],
  ]) {
    it(`serves nothing but the probes under ${host}`, async () => {
      for (const path of PAGES) {
        const reply = await send(watched.admin, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
        assert.ok([400, 421].includes(reply.status), `${path}: ${reply.status}`);
        assert.doesNotMatch(reply.content.toString(), /sentry_api_proxy_|last_hour|<html/);
      }
      if (host.startsWith('[')) return;
      for (const path of PROBES) assert.equal(await statusOf(path, { Host: host }), 200, path);
    });
  }

  it('says what to do about a name', async () => {
    const { status, text } = await get(watched.admin, '/metrics', { headers: { Host: 'attacker.example' } });
    assert.equal(status, 421);
    assert.match(text, /use an IP address or localhost, or add the name to --admin-allowed-host/);
    assert.doesNotMatch(text, /attacker/);
  });

  for (const [title, headers, expected] of [
    ['a page of another site', { 'Sec-Fetch-Site': 'cross-site' }, 403],
    ['a page of the same site on another port', { 'Sec-Fetch-Site': 'same-site' }, 403],
    ['a script of another origin', { Origin: 'http://attacker.example' }, 403],
    ['a script of another port', { Origin: 'http://127.0.0.1:1' }, 403],
    ['a page without an origin', { Origin: 'null' }, 403],
    ['a link on another site', { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' }, 403],
    ['its own page', { 'Sec-Fetch-Site': 'same-origin', Origin: 'http://127.0.0.1:9464' }, 200],
    ['a person who types the address', { 'Sec-Fetch-Site': 'none', 'Sec-Fetch-Mode': 'navigate' }, 200],
    ['a program', {}, 200],
  ] as const) {
    it(`answers ${title} with ${expected}, and its probes in any case`, async () => {
      const all = { Host: '127.0.0.1:9464', ...headers };
      for (const path of PAGES) assert.equal(await statusOf(path, all), expected, path);
      for (const path of PROBES) assert.equal(await statusOf(path, all), 200, path);
    });
  }

  it('answers a probe of HTTP/1.0 without a Host, and nothing else of it', async () => {
    for (const [path, expected] of [
      ['/livez', 200],
      ['/readyz', 200],
      ['/', 421],
      ['/metrics', 421],
    ] as const) {
      assert.equal((await send(watched.admin, `GET ${path} HTTP/1.0\r\n\r\n`)).status, expected, path);
    }
  });

  it('serves everything on a Unix socket, which no page reaches', async (t) => {
    const socketPath = `${makeFolder(t)}/admin.sock`;
    const proxy = await startProxy([...ARGS, `--admin-listen=unix:${socketPath}`]);
    t.after(() => proxy.stop());
    for (const path of PAGES) {
      assert.equal((await get({ socketPath }, path, { headers: { Host: 'any-name' } })).status, 200, path);
    }
  });
});
