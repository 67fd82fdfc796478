// The proxy with a database that is broken, from the start and again later: what clients get until then, that it recovers
// by itself, and that it shows no secret.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type Postgres, startPostgres } from '../../demo/postgres.ts';
import { startChild } from '../support/child-process.ts';
import { fieldValue } from '../support/message.ts';
import { type PgBouncer, pgBouncer, startPgBouncer } from '../support/pg-bouncer.ts';
import { startProxy } from '../support/proxy-process.ts';
import { type Reply, send } from '../support/raw-client.ts';
import { assertNoSecret } from '../support/secrets.ts';
import { OK, response, Upstream } from '../support/upstream.ts';

const PASSWORD = "broken p@ss:w%rd/'!";
const ALIAS = 'alias-beside-a-broken-database';
const REFUSAL = response('401 Unauthorized', ['WWW-Authenticate: xBasic realm="api"'], '{"detail":"Invalid token"}');

/** Milliseconds: the proxy gives up after 750; without its own bound it would wait for the database's 5000. */
const SOON = 4500;
/** For a request whose token was refused while no other one is available: the proxy waits for 5000. */
const WAITED = 15_000;
const RECOVERY = 30_000;

/** Leads to the database until a test replaces it. */
class Way {
  to: number;
  serve: (socket: Socket) => void;
  port = 0;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();

  constructor(to: number) {
    this.to = to;
    this.serve = this.pass;
  }

  readonly pass = (socket: Socket): void => {
    const onward = connect(this.to, '127.0.0.1');
    onward.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.on('close', () => onward.destroy());
    socket.pipe(onward).pipe(socket);
  };

  async open(): Promise<void> {
    if (this.#server !== undefined) return;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
      this.serve(socket);
    });
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(server, 'close');
  }
}

// A process of the proxy for each fault, all at once, each with a listener.
process.setMaxListeners(50);

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

/** The separate parts of a case: a database with the row, a role that may read it, a connection. */
class Place {
  readonly name: string;
  readonly way: Way;
  /** A superuser in the case's own database. */
  readonly admin: pg.Client;

  private constructor(name: string, way: Way, admin: pg.Client) {
    this.name = name;
    this.way = way;
    this.admin = admin;
  }

  static async make(name: string): Promise<Place> {
    const quoted = PASSWORD.replaceAll("'", "''");
    await postgres.query(`CREATE ROLE ${name} LOGIN PASSWORD '${quoted}'`);
    await postgres.query(`CREATE DATABASE ${name} TEMPLATE template1`);
    const { host, port, user, password } = postgres;
    const admin = new pg.Client({ host, port, user, password, database: name });
    await admin.connect();
    await admin.query('CREATE TABLE sentry_option (key varchar(128) PRIMARY KEY, value jsonb)');
    await admin.query(`GRANT SELECT ON sentry_option TO ${name}`);
    const way = new Way(port);
    await way.open();
    return new Place(name, way, admin);
  }

  async store(token: string): Promise<void> {
    await this.admin.query(
      `INSERT INTO sentry_option VALUES ('sentry:system-token', $1)
       ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
      [JSON.stringify(token)],
    );
  }

  async remove(): Promise<void> {
    await this.admin.end();
    await this.way.close();
  }
}

interface Fault {
  begin(place: Place): Promise<unknown> | unknown;
  end(place: Place): Promise<unknown> | unknown;
  /** In place of the usual connection string. */
  conn?(place: Place): string;
  setUp?(place: Place): Promise<unknown>;
  tearDown?(): Promise<unknown>;
  /** Whether no token can be stored while it lasts. */
  locksRow?: boolean;
  skip?: string | false;
}

const userAndPassword = ({ name }: Place) => `${name}:${encodeURIComponent(PASSWORD)}`;
const usualConn = (place: Place) =>
  `postgres://${userAndPassword(place)}@127.0.0.1:${place.way.port}/${place.name}?sslmode=disable&connect_timeout=2`;

/** Something else than a database answers. */
function impostor(serve: (socket: Socket) => void): Fault {
  return {
    begin: ({ way }) => {
      way.serve = serve;
    },
    end: ({ way }) => {
      way.serve = way.pass;
    },
  };
}

const sql = (begin: (name: string) => string, end: (name: string) => string, locksRow = false): Fault => ({
  begin: ({ admin, name }) => admin.query(begin(name)),
  end: ({ admin, name }) => admin.query(end(name)),
  locksRow,
});

const FAULTS: Record<string, Fault> = {
  'that is down': { begin: ({ way }) => way.close(), end: ({ way }) => way.open() },
  'that takes no connection': takesNoConnection(),
  'that hangs in the handshake': impostor((socket) => socket.resume()),
  'that hangs in the query': sql(
    () => 'BEGIN; LOCK TABLE sentry_option IN ACCESS EXCLUSIVE MODE',
    () => 'COMMIT',
    true,
  ),
  'that has another password': sql(
    (name) => `ALTER ROLE ${name} PASSWORD 'another'`,
    (name) => `ALTER ROLE ${name} PASSWORD '${PASSWORD.replaceAll("'", "''")}'`,
  ),
  'that accepts no more connections of this user': sql(
    (name) => `ALTER ROLE ${name} CONNECTION LIMIT 0`,
    (name) => `ALTER ROLE ${name} CONNECTION LIMIT -1`,
  ),
  'that is not there': {
    conn: (place) => usualConn(place).replace(`/${place.name}?`, `/${place.name}_later?`),
    begin: ({ name }) => postgres.query(`DROP DATABASE IF EXISTS ${name}_later WITH (FORCE)`),
    // A copy is only made of a database that is not in use.
    end: ({ name, admin }) =>
      admin
        .query(`SELECT value #>> '{}' AS token FROM sentry_option`)
        .then(({ rows }) => copyDatabase(`${name}_later`, name, rows[0]?.token)),
  },
  'without the table': sql(
    () => 'ALTER TABLE sentry_option RENAME TO sentry_option_later',
    () => 'ALTER TABLE sentry_option_later RENAME TO sentry_option',
    true,
  ),
  'without the row': sql(
    () => "UPDATE sentry_option SET key = 'later'",
    () => "UPDATE sentry_option SET key = 'sentry:system-token'",
    true,
  ),
  'that does not let this user read it': sql(
    (name) => `REVOKE SELECT ON sentry_option FROM ${name}`,
    (name) => `GRANT SELECT ON sentry_option TO ${name}`,
  ),
  'that fails over to another host': failsOver(),
  'that answers with garbage': impostor((socket) => void socket.resume().write(randomBytes(5000))),
  'that announces a message of 2 GiB': impostor((socket) => {
    socket.once('data', () => socket.write(Buffer.from([0x52, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0])));
  }),
  'that answers a byte a second': impostor((socket) => {
    const authenticated = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]);
    let at = 0;
    const timer = setInterval(() => socket.write(authenticated.subarray(at, ++at)), 1000);
    socket.resume().on('close', () => clearInterval(timer));
  }),
  'behind a PgBouncer that restarts': restartsPgBouncer(),
};

/** SYNs go unanswered: a process listens that is stopped, and its queue is full. */
function takesNoConnection(): Fault {
  const script = `const net = require('node:net');
    const server = net.createServer((socket) => {
      const onward = net.connect(Number(process.argv[1]), '127.0.0.1');
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
      socket.pipe(onward).pipe(socket);
    });
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => process.stdout.write(String(server.address().port)));
    process.stdin.on('end', () => process.exit()).resume();`;
  let child: ChildProcess;
  let queue: Socket[] = [];
  let port = 0;
  return {
    skip: process.platform !== 'linux' && 'elsewhere than on Linux a full queue may behave differently',
    async setUp(place) {
      child = startChild(process.execPath, ['-e', script, String(postgres.port)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      port = Number(String((await once(child.stdout!, 'data'))[0]));
      await place.way.close();
      place.way.port = port;
    },
    async begin() {
      child.kill('SIGSTOP');
      queue = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}));
      await sleep(100);
    },
    end() {
      for (const socket of queue) socket.destroy();
      child.kill('SIGCONT');
    },
    async tearDown() {
      child.kill('SIGCONT');
      child.stdin!.end();
      await once(child, 'close');
    },
  };
}

/** Two hosts, of which one works after the fault: another one each time. */
function failsOver(): Fault {
  let standby: Way;
  let isFirstUp = true;
  return {
    async setUp() {
      standby = new Way(postgres.port);
      await standby.open();
      await standby.close();
    },
    conn: (place) => usualConn(place).replace(`:${place.way.port}/`, `:${place.way.port},127.0.0.1:${standby.port}/`),
    begin: ({ way }) => Promise.all([way.close(), standby.close()]),
    end({ way }) {
      isFirstUp = !isFirstUp;
      return (isFirstUp ? way : standby).open();
    },
    tearDown: () => standby.close(),
  };
}

function restartsPgBouncer(): Fault {
  let bouncer: PgBouncer | undefined;
  return {
    skip: pgBouncer === undefined && !process.env.CI && 'PgBouncer is not installed: apt-get install pgbouncer',
    // It logs in to PostgreSQL by itself, as self-hosted Sentry's does.
    conn: ({ way }) => `postgres://postgres@127.0.0.1:${way.port}/postgres?sslmode=disable&connect_timeout=2`,
    async begin() {
      await bouncer?.stop();
      bouncer = undefined;
    },
    async end({ way, admin }) {
      // The one database that PgBouncer is set up for.
      const { rows } = await admin.query(`SELECT value #>> '{}' AS token FROM sentry_option`);
      await storeInPostgres(rows[0]?.token);
      bouncer = await startPgBouncer(postgres);
      way.to = bouncer.port;
    },
    tearDown: async () => void (await bouncer?.stop()),
  };
}

async function storeInPostgres(token: string): Promise<void> {
  await postgres.query(
    `INSERT INTO sentry_option (key, value) VALUES ('sentry:system-token', $1)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    [JSON.stringify(token)],
  );
}

async function copyDatabase(name: string, reader: string, token: string): Promise<void> {
  await postgres.query(`CREATE DATABASE ${name} TEMPLATE template1`);
  const { host, port, user, password } = postgres;
  const client = new pg.Client({ host, port, user, password, database: name });
  await client.connect();
  await client.query('CREATE TABLE sentry_option (key varchar(128) PRIMARY KEY, value jsonb)');
  await client.query(`GRANT SELECT ON sentry_option TO ${reader}`);
  await client.query("INSERT INTO sentry_option VALUES ('sentry:system-token', $1)", [JSON.stringify(token)]);
  await client.end();
}

const newToken = () => randomBytes(32).toString('hex');

/** What is promised of the proxy while a fault lasts and after it, from the start and later on. */
async function endure(fault: Fault, place: Place): Promise<void> {
  await fault.setUp?.(place);
  const [first, second] = [newToken(), newToken()];
  await place.store(first);
  await fault.begin(place);

  const accepted = new Set([first]);
  const upstream = await Upstream.start();
  upstream.play(async (connection) => {
    await connection.whole();
    const bearer = fieldValue(connection.request!, 'Authorization')?.replace('Bearer ', '') ?? '';
    connection.send(accepted.has(bearer) || bearer === 'of-a-client' ? OK : REFUSAL);
    connection.finish();
  });
  const conn = (fault.conn ?? usualConn)(place);
  const proxy = await startProxy(
    [`--sentry-uri=${upstream.uri}`, `--pgx-conn=${conn}`, `--alias-token=${ALIAS}`, '--log-level=debug'],
    { env: { HOME: '/nonexistent' } },
  );
  const replies: Reply[] = [];
  /** By the proxy's own log: how long this process takes to read a response while ten cases run says nothing. */
  const isInTime = async (reply: Reply, limit: number): Promise<void> => {
    const id = fieldValue(reply, 'X-Request-Id');
    const { duration_ms: took } = await proxy.logged((line) => line.event === 'request' && line.id === id);
    assert.ok(Number(took) < limit, `${reply.status} after ${took} ms`);
  };
  const ask = async (bearer = ALIAS): Promise<Reply> => {
    const reply = await send(proxy, `GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${bearer}\r\n\r\n`);
    replies.push(reply);
    return reply;
  };
  const recovered = async () => {
    const deadline = performance.now() + RECOVERY;
    while ((await ask()).status !== 200) {
      assert.ok(performance.now() < deadline, `no recovery:\n${proxy.output}`);
      await sleep(200);
    }
  };
  try {
    const unserved = await ask();
    assert.equal(unserved.status, 503);
    assert.match(fieldValue(unserved, 'Retry-After') ?? '', /^\d+$/);
    await isInTime(unserved, SOON);
    assert.equal((await ask('of-a-client')).status, 200);

    await fault.end(place);
    await recovered();

    await fault.begin(place);
    for (let i = 0; i < 3; i++) {
      const served = await ask();
      assert.equal(served.status, 200);
      await isInTime(served, SOON);
    }
    accepted.clear();
    accepted.add(second);
    const refused = await ask();
    assert.equal(refused.status, 401);
    await isInTime(refused, WAITED);
    assert.equal((await ask('of-a-client')).status, 200);

    // Sentry has a new token by the time the database is back.
    if (!fault.locksRow) await place.store(second);
    await fault.end(place);
    if (fault.locksRow) await place.store(second);
    await recovered();
    const failure = proxy.logLines().find(({ event, result }) => event === 'token' && result === 'failed');
    assert.ok(failure?.reason, `no reason is told:\n${proxy.output}`);
  } finally {
    await proxy.stop();
    await upstream.stop();
    await fault.tearDown?.();
  }
  const secrets = { password: PASSWORD, conn, ALIAS, first, second, superuser: postgres.password };
  assertNoSecret(proxy.output, secrets);
  for (const { bytes } of replies) assertNoSecret(bytes.toString('latin1'), secrets);
}

describe('a database', { concurrency: 10 }, () => {
  const places = new Map<string, Place>();
  before(async () => {
    for (const [index, title] of Object.keys(FAULTS).entries()) places.set(title, await Place.make(`fault_${index}`));
  });
  after(async () => {
    for (const place of places.values()) await place.remove();
  });

  for (const [title, fault] of Object.entries(FAULTS)) {
    it(`${title} is lived with, and recovered from`, { skip: fault.skip ?? false }, () =>
      endure(fault, places.get(title)!),
    );
  }
});
