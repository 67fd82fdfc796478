// The system token over its life, from a real PostgreSQL: read, rotated, refused, out of reach.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { get as httpGet } from 'node:http';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Postgres, startPostgres } from '../../demo/postgres.ts';
import { fieldValue, fieldValues } from '../support/message.ts';
import { type ListeningProxy, startProxy } from '../support/proxy-process.ts';
import { RawClient, type Reply, send } from '../support/raw-client.ts';
import { Relay } from '../support/relay.ts';
import { type Connection, OK, response, Upstream } from '../support/upstream.ts';

const REPLAY_LIMIT = 64 * 1024;
const ALIAS = 'alias-of-the-tests';
const AS_ALIAS = `Authorization: Bearer ${ALIAS}`;
const AS_SELF = 'Authorization: Bearer token-of-a-client';
const CHALLENGE = 'WWW-Authenticate: xBasic realm="api"';
const INVALID = '{"detail":"Invalid token"}';
const REFUSAL = response('401 Unauthorized', [CHALLENGE, 'Content-Type: application/json'], INVALID);

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

const newToken = () => randomBytes(32).toString('hex');

/** Stores a value as JSON; undefined stores NULL. */
async function store(value: unknown): Promise<void> {
  await postgres.query(
    `INSERT INTO sentry_option (key, value) VALUES ('sentry:system-token', $1)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    [value === undefined ? null : JSON.stringify(value)],
  );
}

/** The proxy between a database and an upstream that accepts some tokens and refuses all others. */
class Stage {
  readonly accepted = new Set<string>();
  readonly upstream: Upstream;
  readonly relay: Relay;
  readonly proxy: ListeningProxy;
  readonly connections: Connection[];
  /** Called for each request before it is answered; a response that it returns is given in place of the usual one. */
  onRequest: (connection: Connection, token: string) => Buffer | undefined | Promise<Buffer | undefined> = () =>
    undefined;

  private constructor(upstream: Upstream, relay: Relay, proxy: ListeningProxy) {
    this.upstream = upstream;
    this.relay = relay;
    this.proxy = proxy;
    this.connections = upstream.play(async (connection) => {
      await connection.whole();
      const token = tokenOf(connection);
      const special = await this.onRequest(connection, token);
      connection.send(special ?? (this.accepted.has(token) ? OK : REFUSAL));
      connection.finish();
    });
  }

  /** Starts it with a new token in the database, which the upstream accepts, and waits until the proxy holds it. */
  static async withToken(t: TestContext, ...flags: string[]): Promise<Stage & { token: string }> {
    const token = newToken();
    await store(token);
    const stage = await Stage.start(t, ...flags);
    await stage.proxy.logged(({ event }) => event === 'token');
    stage.accepted.add(token);
    return Object.assign(stage, { token });
  }

  /** Starts it, with the way to the database open or closed. */
  static async start(t: TestContext, ...flags: string[]): Promise<Stage> {
    const relay = new Relay(postgres.port);
    t.after(() => relay.close());
    await relay.open();
    if (flags.includes('database down')) await relay.close();
    const upstream = await Upstream.start();
    t.after(() => upstream.stop());
    const conn = new URL(postgres.connectionString);
    conn.port = String(relay.port);
    // One connection for each read: no second one without TLS after one with it.
    conn.searchParams.set('sslmode', 'disable');
    const settings = [`--sentry-uri=${upstream.uri}`, `--pgx-conn=${conn}`, `--alias-token=${ALIAS}`];
    const more = flags.filter((flag) => flag.startsWith('--'));
    const proxy = await startProxy([...settings, `--replay-limit=${REPLAY_LIMIT}`, ...more]);
    t.after(async () => {
      await proxy.stop();
      assert.ok(!proxy.output.includes(postgres.password), 'the password in the log');
      for (const token of stage.accepted) assert.ok(!proxy.output.includes(token), 'a token in the log');
    });
    const stage = new Stage(upstream, relay, proxy);
    return stage;
  }

  /** A new token in the database and at the upstream, which refuses all others from now on. */
  async rotate(): Promise<string> {
    const token = newToken();
    await store(token);
    this.accepted.clear();
    this.accepted.add(token);
    return token;
  }

  get(...fields: string[]): Promise<Reply> {
    return send(this.proxy, message('GET', fields.length === 0 ? [AS_ALIAS] : fields));
  }

  post(content: Buffer): Promise<Reply> {
    return send(this.proxy, [message('POST', [AS_ALIAS, `Content-Length: ${content.length}`]), content]);
  }
}

function message(method: string, fields: readonly string[]): string {
  return `${[`${method} /api/0/x/?a=b HTTP/1.1`, 'Host: proxy.example', ...fields].join('\r\n')}\r\n\r\n`;
}

function tokenOf({ request }: Connection): string {
  return request === undefined ? '' : (fieldValue(request, 'Authorization') ?? '').replace('Bearer ', '');
}

async function eventually<T>(attempt: () => Promise<T>, isSo: (outcome: T) => boolean, patience = 15_000): Promise<T> {
  const deadline = performance.now() + patience;
  for (;;) {
    const outcome = await attempt();
    if (isSo(outcome)) return outcome;
    assert.ok(performance.now() < deadline, 'it never came to it');
    await sleep(50);
  }
}

describe('reading the token', () => {
  it('injects the token that the database holds', async (t) => {
    const stage = await Stage.withToken(t);
    assert.equal((await stage.get()).status, 200);
    assert.equal(tokenOf(stage.connections[0]!), stage.token);
    assert.equal(stage.relay.connections, 1);
  });

  it('starts without a database, answers 503, and serves by itself once the token can be read', async (t) => {
    const token = newToken();
    await store(token);
    const stage = await Stage.start(t, 'database down');
    stage.accepted.add(token);

    const reply = await stage.get(AS_ALIAS, 'Accept: application/json');
    assert.equal(reply.status, 503);
    assert.ok(reply.elapsed < 10_000, `after ${reply.elapsed} ms`);
    assert.match(fieldValue(reply, 'Retry-After') ?? '', /^[1-9]\d*$/);
    assert.ok(fieldValue(reply, 'Proxy-Status'));
    assert.deepEqual(Object.keys(JSON.parse(reply.content.toString())), ['detail']);
    assert.equal(fieldValue(await stage.get(), 'Content-Type')?.split(';')[0], 'text/plain');
    assert.equal(stage.connections.length, 0);

    // A client with its own credentials is still served.
    assert.equal((await stage.get(AS_SELF)).status, 401);
    assert.equal(stage.connections.length, 1);

    await stage.relay.open();
    await eventually(
      () => stage.get(),
      ({ status }) => status === 200,
    );
  });

  it('waits for a row that is not there yet', async (t) => {
    await postgres.query('DELETE FROM sentry_option');
    const stage = await Stage.start(t);
    assert.equal((await stage.get()).status, 503);
    await stage.rotate();
    await eventually(
      () => stage.get(),
      ({ status }) => status === 200,
    );
  });
});

describe('a token that was rotated', () => {
  it('is renewed and the request repeated with it, unseen by the client', async (t) => {
    const stage = await Stage.withToken(t);
    const old = stage.token;
    const token = await stage.rotate();

    const reply = await stage.get(AS_ALIAS, 'X-A: b', 'X-Request-Id: one-and-the-same');
    assert.equal(reply.status, 200);
    assert.equal(reply.content.toString(), 'ok');
    assert.deepEqual(stage.connections.map(tokenOf), [old, token]);
    const [first, second] = stage.connections.map(({ bytes }) => bytes.toString('latin1'));
    assert.equal(second, first!.replace(old, token));
    assert.equal(stage.relay.connections, 2);
    const { attempts, status } = await stage.proxy.logged(({ event }) => event === 'request');
    assert.deepEqual([attempts, status], [2, 200]);

    assert.equal((await stage.get()).status, 200);
    assert.equal(stage.connections.length, 3);
    assert.equal(stage.relay.connections, 2);
  });

  for (const [title, length] of [
    ['no body', 0],
    ['a small body', 11],
    ['a body as large as the replay bound', REPLAY_LIMIT],
  ] as const) {
    it(`repeats a request with ${title}`, async (t) => {
      const stage = await Stage.withToken(t);
      await stage.rotate();
      const content = randomBytes(length);
      assert.equal((await stage.post(content)).status, 200);
      assert.equal(stage.connections.length, 2);
      for (const { request } of stage.connections) {
        assert.equal(fieldValue(request!, 'Content-Length'), String(length));
        assert.ok(request!.content.equals(content));
      }
    });
  }

  it('repeats a request with a chunked body', async (t) => {
    const stage = await Stage.withToken(t);
    await stage.rotate();
    const body = '5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n';
    const reply = await send(stage.proxy, message('POST', [AS_ALIAS, 'Transfer-Encoding: chunked']) + body);
    assert.equal(reply.status, 200);
    assert.deepEqual(
      stage.connections.map(({ request }) => request!.content.toString()),
      ['hello world', 'hello world'],
    );
  });

  it('repeats a request that Sentry refuses before it has read its body, which comes slowly', async (t) => {
    const stage = await Stage.withToken(t);
    const old = stage.token;
    const token = await stage.rotate();
    const seen: Connection[] = [];
    stage.upstream.play(async (connection) => {
      seen.push(connection);
      await connection.head();
      if (tokenOf(connection) === token) await connection.whole();
      connection.send(tokenOf(connection) === token ? OK : REFUSAL);
      connection.finish();
    });
    const client = await RawClient.connect(stage.proxy, 'POST');
    await client.write(`${message('POST', [AS_ALIAS, 'Content-Length: 11'])}hello`);
    await sleep(300);
    await client.write(' world');
    const reply = await client.reply();
    assert.equal(reply.status, 200);
    assert.deepEqual(seen.map(tokenOf), [old, token]);
    assert.equal(seen[1]!.request!.content.toString(), 'hello world');
  });

  for (const [title, fields, body] of [
    ['a length', [`Content-Length: ${REPLAY_LIMIT + 1}`], 'x'.repeat(REPLAY_LIMIT + 1)],
    ['chunks', ['Transfer-Encoding: chunked'], `10001\r\n${'x'.repeat(REPLAY_LIMIT + 1)}\r\n0\r\n\r\n`],
  ] as const) {
    it(`relays the 401 for a body of ${title} above the replay bound, and is ready for the client's retry`, async (t) => {
      const stage = await Stage.withToken(t, '--stream-chunked');
      await stage.rotate();
      const upload = message('POST', [AS_ALIAS, ...fields]) + body;
      const reply = await send(stage.proxy, upload);
      assert.equal(reply.status, 401);
      assert.equal(reply.content.toString(), INVALID);
      assert.deepEqual(fieldValues(reply, 'WWW-Authenticate'), []);
      assert.equal(stage.connections.length, 1);

      const retry = await send(stage.proxy, upload);
      assert.equal(retry.status, 200);
      assert.equal(stage.connections[1]!.request!.received.length, REPLAY_LIMIT + 1);
      assert.equal(stage.relay.connections, 2);
    });
  }

  it('is renewed for a HEAD', async (t) => {
    const stage = await Stage.withToken(t);
    await stage.rotate();
    assert.equal((await send(stage.proxy, message('HEAD', [AS_ALIAS]))).status, 200);
    assert.equal(stage.connections.length, 2);
  });

  it('is not read twice for requests that were refused with the old one', async (t) => {
    const stage = await Stage.withToken(t);
    const old = stage.token;
    const late = Promise.withResolvers<void>();
    let refused = 0;
    stage.onRequest = async (_connection, token) => {
      if (token === old && refused++ === 0) await late.promise;
      return undefined;
    };
    await stage.rotate();
    const slow = stage.get();
    await eventually(
      async () => refused,
      (count) => count === 1,
    );
    assert.equal((await stage.get()).status, 200);
    assert.equal(stage.relay.connections, 2);
    late.resolve();
    assert.equal((await slow).status, 200);
    assert.equal(stage.relay.connections, 2);
  });

  it('is tried once: a second refusal is relayed', async (t) => {
    const stage = await Stage.withToken(t);
    await stage.rotate();
    stage.accepted.clear();
    const reply = await stage.get();
    assert.equal(reply.status, 401);
    assert.equal(reply.content.toString(), INVALID);
    assert.equal(stage.connections.length, 2);
  });

  it('costs at most two reads when a thousand requests are refused at once', async (t) => {
    const stage = await Stage.withToken(t);
    const old = stage.token;
    const count = 1000;
    const all = Promise.withResolvers<void>();
    let refused = 0;
    // None is answered before all have come; or, on a machine that is too slow for it, after four seconds.
    const impatience = setTimeout(() => all.resolve(), 4000);
    stage.onRequest = async (_connection, token) => {
      if (token !== old) return undefined;
      if (++refused === count) all.resolve();
      await all.promise;
      return undefined;
    };
    await stage.rotate();
    const statuses = await Promise.all(Array.from({ length: count }, () => statusOf(stage.proxy)));
    clearTimeout(impatience);
    assert.deepEqual([...new Set(statuses)], [200]);
    assert.ok(stage.relay.connections - 1 <= 2, `${stage.relay.connections - 1} reads`);
  });

  it('again and again fails no request while the upstream honours the previous one too', async (t) => {
    const stage = await Stage.withToken(t);
    let previous = stage.token;
    const statuses = new Set<number>();
    let rotations = 0;
    // A client that is slow must not fall behind by two tokens: each has had a response between two rotations.
    let waiting = new Set(CLIENTS);
    const rotateAfter = async (client: number) => {
      waiting.delete(client);
      if (waiting.size > 0) return;
      waiting = new Set(CLIENTS);
      rotations++;
      const token = newToken();
      await store(token);
      stage.accepted.clear();
      stage.accepted.add(previous).add(token);
      previous = token;
    };
    const ask = async (client: number) => {
      while (rotations < 15) {
        statuses.add(await statusOf(stage.proxy));
        await rotateAfter(client);
      }
    };
    await Promise.all([...CLIENTS].map(ask));
    assert.deepEqual([...statuses], [200]);
    assert.ok(stage.relay.connections > 3, 'the token was hardly read');
  });
});

const CLIENTS: ReadonlySet<number> = new Set(Array.from({ length: 8 }, (_, client) => client));

describe('a 401 that no new token mends', () => {
  it('is relayed, and a token that was read unchanged is not read again for a while', async (t) => {
    const stage = await Stage.withToken(t);
    stage.accepted.clear();
    for (let i = 0; i < 20; i++) {
      const reply = await stage.get();
      assert.equal(reply.status, 401);
      assert.equal(reply.content.toString(), INVALID);
      assert.deepEqual(fieldValues(reply, 'WWW-Authenticate'), []);
    }
    assert.equal(stage.connections.length, 20);
    assert.ok(stage.relay.connections - 1 <= 2, `${stage.relay.connections - 1} reads`);
  });

  it('is relayed to a bypassed request, and the database is never asked', async (t) => {
    const stage = await Stage.withToken(t);
    await stage.rotate();
    for (const credentials of [AS_SELF, `Authorization: Bearer ${stage.token}`, 'Cookie: sentrysid=x']) {
      const reply = await stage.get(credentials);
      assert.equal(reply.status, 401);
      assert.equal(fieldValue(reply, 'WWW-Authenticate'), 'xBasic realm="api"');
    }
    assert.equal(stage.connections.length, 3);
    assert.equal(stage.relay.connections, 1);
  });

  // Sentry answers so where a token without a user is useless. It does not promise to say so, so a read is spent.
  it('is relayed when another token does not mend it either', async (t) => {
    const stage = await Stage.withToken(t);
    const detail = '{"detail":"This endpoint requires user info"}';
    const fields = ['X-A: b', 'Content-Type: application/json'];
    stage.onRequest = () => response('401 Unauthorized', fields, detail);
    await stage.rotate();
    const reply = await stage.get();
    assert.equal(reply.status, 401);
    assert.equal(reply.content.toString(), detail);
    assert.equal(fieldValue(reply, 'X-A'), 'b');
    assert.equal(stage.connections.length, 2);
    assert.equal(stage.relay.connections, 2);
  });

  it('is healed without a challenge too', async (t) => {
    const stage = await Stage.withToken(t);
    const old = stage.token;
    const refusal = response('401 Unauthorized', ['Content-Type: application/json'], INVALID);
    stage.onRequest = (_connection, token) => (token === old ? refusal : undefined);
    await stage.rotate();
    assert.equal((await stage.get()).status, 200);
    assert.equal(stage.connections.length, 2);
  });
});

describe('a token that cannot be read again', () => {
  const values: Record<string, () => Promise<unknown>> = {
    NULL: () => store(undefined),
    'an empty string': () => store(''),
    'an object': () => store({ token: newToken() }),
    'a number': () => store(42),
    'a string that no field may carry': () => store('a\nb'),
    'no row': () => postgres.query('DELETE FROM sentry_option'),
    'no table': () => postgres.query('ALTER TABLE sentry_option RENAME TO gone'),
  };
  for (const [title, change] of Object.entries(values)) {
    it(`is kept when the database holds ${title}`, async (t) => {
      const stage = await Stage.withToken(t);
      const { token } = stage;
      if (title === 'no table') t.after(() => postgres.query('ALTER TABLE gone RENAME TO sentry_option'));
      await change();
      stage.accepted.clear();
      const reply = await stage.get();
      assert.equal(reply.status, 401);
      assert.equal(stage.relay.connections, 2);
      stage.accepted.add(token);
      assert.equal((await stage.get()).status, 200);
      assert.equal(tokenOf(stage.connections.at(-1)!), token);
    });
  }

  it('is kept while the database is gone, and renewed by itself when it is back', async (t) => {
    const stage = await Stage.withToken(t);
    const old = stage.token;
    await stage.relay.close();
    assert.equal((await stage.get()).status, 200);

    await stage.rotate();
    const reply = await stage.get();
    assert.equal(reply.status, 401);
    assert.ok(reply.elapsed < 12_000, `after ${reply.elapsed} ms`);
    assert.equal(tokenOf(stage.connections.at(-1)!), old);

    await stage.relay.open();
    await eventually(
      () => stage.get(),
      ({ status }) => status === 200,
    );
  });
});

/** The status of a GET, at less cost than a raw client's. */
function statusOf(proxy: ListeningProxy): Promise<number> {
  return new Promise((resolve) => {
    const request = httpGet(
      { host: proxy.host, port: proxy.port, path: '/x', agent: false, headers: { Authorization: `Bearer ${ALIAS}` } },
      (answer) => {
        answer.resume();
        answer.on('close', () => resolve(answer.complete ? answer.statusCode! : 0));
      },
    );
    request.on('error', () => resolve(0));
  });
}
