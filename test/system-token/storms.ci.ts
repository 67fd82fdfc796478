// Many requests at once while the token changes or is refused: what they get, and what they cost the database.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type Postgres, startPostgres } from '../../demo/postgres.ts';
import { type ListeningProxy, startProxy } from '../support/proxy-process.ts';
import { crowd, quickly } from '../support/quick-client.ts';
import { Relay } from '../support/relay.ts';
import { response } from '../support/upstream.ts';

const ALIAS = 'alias-of-the-storms';
const INJECTED = `GET /api/0/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ALIAS}\r\n\r\n`;
const BYPASSED = 'GET /api/0/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer of-a-client\r\n\r\n';
const OK = response('200 OK', [], 'ok');
const REFUSAL = response('401 Unauthorized', ['WWW-Authenticate: xBasic realm="api"'], '{"detail":"Invalid token"}');

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

/** A separate database for a storm. */
async function makeDatabase(name: string): Promise<{ conn: URL; client: pg.Client }> {
  await postgres.query(`CREATE DATABASE ${name} TEMPLATE template1`);
  const conn = new URL(postgres.connectionString);
  conn.pathname = name;
  const client = new pg.Client(conn.href);
  await client.connect();
  await client.query('CREATE TABLE sentry_option (key varchar(128) PRIMARY KEY, value jsonb)');
  return { conn, client };
}

interface Storm {
  proxy: ListeningProxy;
  /** Stores a new token. */
  rotate(): Promise<string>;
  /** Which tokens the upstream takes. */
  accepted: Set<string>;
  /** Requests that the upstream took. */
  taken: number;
  /** Is awaited before a request is refused. */
  beforeRefusal: Promise<void>;
  /** Requests that are refused, or wait for that. */
  refused: number;
  /** How often the token was read: each read is its own connection. */
  reads(): number;
}

/** The proxy in system mode, with a token that the upstream takes. */
async function brew(t: TestContext, name: string): Promise<Storm> {
  const { conn, client } = await makeDatabase(name);
  const rotate = async (): Promise<string> => {
    const token = randomBytes(32).toString('hex');
    await client.query(
      `INSERT INTO sentry_option VALUES ('sentry:system-token', $1)
       ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
      [JSON.stringify(token)],
    );
    return token;
  };
  const token = await rotate();
  const accepted = new Set([token]);
  const relay = new Relay(postgres.port);
  await relay.open();

  const upstream = createServer((socket) => {
    let head = '';
    socket.setEncoding('latin1').on('error', () => {});
    socket.on('data', async (text) => {
      head += text;
      if (!head.endsWith('\r\n\r\n')) return;
      const bearer = /^Authorization: Bearer (.*)\r$/im.exec(head)?.[1] ?? '';
      if (accepted.has(bearer)) {
        storm.taken++;
        socket.end(OK);
      } else {
        storm.refused++;
        await storm.beforeRefusal;
        socket.end(REFUSAL);
      }
    });
  });
  upstream.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
  await once(upstream, 'listening');
  const { port } = upstream.address() as AddressInfo;

  conn.port = String(relay.port);
  conn.searchParams.set('sslmode', 'disable');
  const proxy = await startProxy([
    `--sentry-uri=http://127.0.0.1:${port}`,
    `--pgx-conn=${conn}`,
    `--alias-token=${ALIAS}`,
  ]);
  t.after(async () => {
    await proxy.stop();
    upstream.close();
    await relay.close();
    await client.end();
  });
  await proxy.logged(({ event, state }) => event === 'token' && state === 'held');
  const reads = () => relay.connections - 1;
  const storm: Storm = { proxy, rotate, accepted, taken: 0, refused: 0, beforeRefusal: Promise.resolve(), reads };
  return storm;
}

describe('a storm', { concurrency: 2 }, () => {
  it('of requests to an upstream that takes no token costs a read in 5 s, and each is told so', async (t) => {
    const storm = await brew(t, 'stubborn');
    storm.accepted.clear();
    const begin = performance.now();
    let isOver = false;
    const replies = new Map<string, number>();
    const timer = setTimeout(() => {
      isOver = true;
    }, 6000);
    t.after(() => clearTimeout(timer));
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        while (!isOver) {
          const { status, content } = await quickly(storm.proxy, INJECTED);
          const reply = `${status} ${content}`;
          replies.set(reply, (replies.get(reply) ?? 0) + 1);
          await sleep(20);
        }
      }),
    );
    assert.deepEqual([...replies.keys()], ['401 {"detail":"Invalid token"}']);
    const seconds = (performance.now() - begin) / 1000;
    // That is 14 in a minute, the one in the background among them.
    assert.ok(storm.reads() <= 2 + seconds / 5, `${storm.reads()} reads in ${seconds} s`);
    assert.ok(storm.reads() >= 1);
  });

  it('of 10,000 requests, 32 at once, fails none while the token rotates ten times a second', async (t) => {
    const storm = await brew(t, 'rotation');
    let isOver = false;
    let rotations = 0;
    const rotating = (async () => {
      let [previous] = storm.accepted as unknown as [string];
      while (!isOver) {
        // On a machine that is too busy the rotation waits until each connection has got through about twice: a request
        // that takes longer than two rotations meets two refusals, and must be replayed only once.
        const taken = storm.taken;
        do await sleep(100);
        while (storm.taken < taken + 64 && !isOver);
        const token = await storm.rotate();
        storm.accepted.clear();
        storm.accepted.add(previous).add(token);
        previous = token;
        rotations++;
      }
    })();
    const statuses = new Map<number, number>();
    await crowd(32, 10_000, async () => {
      const { status, content } = await quickly(storm.proxy, INJECTED);
      const outcome = content === 'ok' ? status : -status;
      statuses.set(outcome, (statuses.get(outcome) ?? 0) + 1);
    });
    isOver = true;
    await rotating;
    assert.deepEqual([...statuses], [[200, 10_000]]);
    assert.ok(rotations >= 5, `${rotations} rotations`);
    assert.ok(storm.reads() <= rotations + 2, `${storm.reads()} reads for ${rotations} rotations`);
  });

  it('of a thousand refusals at once costs two reads at most, and each is replayed', async (t) => {
    const storm = await brew(t, 'refusals');
    const size = 1000;
    const token = await storm.rotate();
    storm.accepted.clear();
    storm.accepted.add(token);
    // None is refused before all are there.
    storm.beforeRefusal = (async () => {
      while (storm.refused < size) await sleep(10);
    })();
    const replies = await Promise.all(Array.from({ length: size }, () => quickly(storm.proxy, INJECTED)));
    assert.deepEqual([...new Set(replies.map(({ status }) => status))], [200]);
    assert.ok(storm.reads() <= 2, `${storm.reads()} reads`);
  });

  it('of refusals that are not of our token never touches the database', async (t) => {
    const storm = await brew(t, 'bypass');
    await storm.rotate();
    storm.accepted.clear();
    await crowd(32, 500, async () => {
      assert.equal((await quickly(storm.proxy, BYPASSED)).status, 401);
    });
    assert.equal(storm.reads(), 0);
  });
});
