// The questions that the proxy itself asks Sentry, to decide on requests of clients that are limited to projects.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { type Postgres, startPostgres } from '../../demo/postgres.ts';
import { asClient, clientsFile } from '../support/clients-file.ts';
import { fieldValue } from '../support/message.ts';
import { startWatched } from '../support/operator.ts';
import { type ListeningProxy, startProxy } from '../support/proxy-process.ts';
import { send } from '../support/raw-client.ts';
import { answer, type Connection, OK, response, type Script, Upstream } from '../support/upstream.ts';

const SECRET = 'sentry-token-of-the-lookup-tests';
const ISSUES = '/api/0/organizations/acme/issues/';
const CLIENTS = clientsFile({
  web: { scopes: ['event:read', 'org:read'], projects: ['acme/web'] },
  reader: { scopes: ['event:read'], orgs: ['acme'] },
  watched: { scopes: ['event:read'], projects: ['acme/web'], mode: 'observe' },
});

const get = (name: string, target: string): string =>
  `GET ${target} HTTP/1.1\r\nHost: proxy.example\r\n${asClient(name)}\r\n\r\n`;
const json = (value: unknown): Buffer => response('200 OK', ['Content-Type: application/json'], JSON.stringify(value));
const tokenOf = ({ request }: Connection): string | undefined => request && fieldValue(request, 'Authorization');
const isLookup = ({ request }: Connection): boolean => request?.target.includes('collapse=') ?? false;
const WEB = json({ project: { id: '11', slug: 'web' } });
const REFUSAL = response('401 Unauthorized', ['Content-Type: application/json'], '{"detail":"Invalid token"}');

describe('lookups', () => {
  let upstream: Upstream;
  let proxy: ListeningProxy;
  before(async () => {
    upstream = await Upstream.start();
    proxy = await startProxy(['--sentry-uri', upstream.uri, '--token', SECRET, '--clients', CLIENTS]);
  });
  after(async () => {
    await proxy?.stop();
    await upstream.stop();
  });

  /** Sentry that answers lookups with this, after a while. */
  const sentry =
    (lookup: Buffer, delay: number | Promise<void> = 0): Script =>
    async (connection) => {
      await connection.whole();
      if (isLookup(connection)) await (typeof delay === 'number' ? sleep(delay) : delay);
      await answer(isLookup(connection) ? lookup : OK)(connection);
    };

  it('of a hundred requests for one issue at a time are one', async () => {
    const connections = upstream.play(sentry(WEB, 300));
    const replies = await Promise.all(Array.from({ length: 100 }, () => send(proxy, get('web', `${ISSUES}1/events/`))));
    assert.ok(replies.every(({ status }) => status === 200));
    assert.equal(connections.filter(isLookup).length, 1);
    assert.equal(connections.length, 101);
  });

  it('that fail fail all who wait, and the next request asks again', async () => {
    const failing = upstream.play(sentry(response('500 Oops'), 300));
    const replies = await Promise.all(Array.from({ length: 20 }, () => send(proxy, get('web', `${ISSUES}2/events/`))));
    assert.ok(replies.every(({ status }) => status === 503));
    assert.equal(failing.length, 1);
    upstream.play(sentry(WEB));
    assert.equal((await send(proxy, get('web', `${ISSUES}2/events/`))).status, 200);
  });

  it('are bounded: more of them at a time than that are refused, and harm no other request', async () => {
    const answered = Promise.withResolvers<void>();
    upstream.play(sentry(WEB, answered.promise));
    let refused = 0;
    const many = Array.from({ length: 80 }, async (_, i) => {
      const { status } = await send(proxy, get('web', `${ISSUES}${1000 + i}/events/`));
      // The last of those that find no room: until then Sentry answers none.
      if (status === 503 && ++refused === 8) answered.resolve();
      return status;
    });
    const other = await send(proxy, get('reader', ISSUES));
    assert.equal(other.status, 200);
    const statuses = await Promise.all(many);
    assert.equal(statuses.filter((status) => status === 200).length, 8 + 64);
    assert.equal(statuses.filter((status) => status === 503).length, 8);
  });

  it('read an answer that Sentry compressed', async () => {
    const packed = gzipSync('{"project":{"id":"11","slug":"web"}}').toString('latin1');
    upstream.play(sentry(response('200 OK', ['Content-Encoding: gzip'], packed)));
    assert.equal((await send(proxy, get('web', `${ISSUES}3/events/`))).status, 200);
  });

  it('have a line of the log each, which Sentry can find by its id', async () => {
    const connections = upstream.play(sentry(json({ project: { id: '12', slug: 'api' } })));
    assert.equal((await send(proxy, get('web', `${ISSUES}4/events/`))).status, 403);
    const line = await proxy.logged(({ event, path }) => event === 'look_up' && String(path).includes('/issues/4/'));
    assert.equal(line.result, 'found');
    assert.equal(line.status, 200);
    assert.equal(line.id, fieldValue(connections[0]!.request!, 'X-Request-Id'));
    const request = await proxy.logged(({ event, path }) => event === 'request' && path === `${ISSUES}4/events/`);
    assert.equal(request.client, 'web');
    assert.equal(request.refusal, 'project');
    assert.equal(request.error, 'client_denied');
    assert.equal(request.remote, '127.0.0.1');
    assert.equal(request.attempts, 0);
  });

  it('of an observed client refuse nothing', async () => {
    upstream.play(sentry(response('500 Oops')));
    assert.equal((await send(proxy, get('watched', `${ISSUES}5/events/`))).status, 200);
    const line = await proxy.logged(({ event, path }) => event === 'request' && path === `${ISSUES}5/events/`);
    assert.equal(line.observed, 'look_up_failed');
    assert.equal(line.refusal, undefined);
  });
});

describe('lookups with the token of the database', () => {
  let postgres: Postgres;
  let upstream: Upstream;
  before(async () => {
    [postgres, upstream] = await Promise.all([startPostgres(), Upstream.start()]);
  });
  after(async () => {
    await postgres?.stop();
    await upstream?.stop();
  });

  const store = (token: string) =>
    postgres.query(
      `INSERT INTO sentry_option (key, value) VALUES ('sentry:system-token', $1)
       ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
      [JSON.stringify(token)],
    );
  const [OLD, NEW] = ['0'.repeat(64), '1'.repeat(64)];

  it('renew it if Sentry refuses it, and answer 503 if Sentry refuses the next one as well', async (t) => {
    await store(OLD);
    const proxy = await startProxy([
      '--sentry-uri',
      upstream.uri,
      '--pgx-conn',
      postgres.connectionString,
      '--clients',
      CLIENTS,
    ]);
    t.after(() => proxy.stop());
    await proxy.logged(({ event, state }) => event === 'token' && state === 'held');
    let accepted = NEW;
    const script: Script = async (connection) => {
      await connection.whole();
      const isGood = tokenOf(connection) === `Bearer ${accepted}`;
      await answer(isGood ? (isLookup(connection) ? WEB : OK) : REFUSAL)(connection);
    };
    await store(NEW);
    const connections = upstream.play(script);
    assert.equal((await send(proxy, get('web', `${ISSUES}1/events/`))).status, 200);
    assert.deepEqual(
      connections.map((connection) => [isLookup(connection), tokenOf(connection)]),
      [
        [true, `Bearer ${OLD}`],
        [true, `Bearer ${NEW}`],
        [false, `Bearer ${NEW}`],
      ],
    );
    accepted = 'none';
    const refused = await send(proxy, get('web', `${ISSUES}2/events/`));
    assert.equal(refused.status, 503);
    assert.match(refused.content.toString(), /could not look up in Sentry whether the client may do this/);
    for (const token of [OLD, NEW]) assert.ok(!proxy.output.includes(token));
  });

  it('are not needed where the rights alone refuse: neither Sentry nor the database gets a request', async (t) => {
    const { proxy } = await startWatched(t, [
      ...['--sentry-uri', upstream.uri, '--clients', CLIENTS],
      ...['--pgx-conn', 'postgres://sentry:x@127.0.0.1:1/sentry?connect_timeout=1'],
    ]);
    const connections = upstream.play(answer(OK));
    // There is no token, which would be a 503.
    assert.equal((await send(proxy, get('reader', '/api/0/users/'))).status, 403);
    assert.equal((await send(proxy, get('web', '/api/0/organizations/acme/members/'))).status, 403);
    assert.equal((await send(proxy, get('reader', ISSUES))).status, 503);
    assert.equal((await send(proxy, get('web', `${ISSUES}9/events/`))).status, 503);
    assert.deepEqual(connections, []);
  });
});
