import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { parseConnInfo } from '../../adapters/system-token/postgres/conninfo.ts';
import { readStoredToken } from '../../adapters/system-token/postgres/database.ts';
import { type Postgres, startPostgres } from '../../demo/postgres.ts';
import { fakeServer } from '../support/pg-fake.ts';
import { whileOptionsAreLocked } from '../support/pg-lock.ts';
import { failureWith, NOBODYS_HOME, readWith } from '../support/pg-read.ts';

const TOKEN = '0123456789abcdef'.repeat(4);
const PASSWORD = "it's a \\ p@ss:wörd/?#&=%";
const APPLICATION = 'sentry-api-proxy';

describe('reading the stored token', () => {
  let postgres: Postgres;
  let tcp: string;

  before(async () => {
    postgres = await startPostgres({
      hba: ['host all clear all password', 'host all hashed all md5', 'host all nobody_may all reject'],
    });
    tcp = `host=127.0.0.1 port=${postgres.port} dbname=postgres`;
    const quoted = PASSWORD.replaceAll("'", "''");
    await postgres.query(`INSERT INTO sentry_option (key, value) VALUES ('sentry:system-token', '"${TOKEN}"')`);
    for (const role of ['scrambled', 'clear', 'unprivileged']) {
      await postgres.query(`CREATE ROLE ${role} LOGIN PASSWORD '${quoted}'`);
    }
    await postgres.query('CREATE ROLE nobody_may LOGIN');
    await postgres.query('GRANT SELECT ON sentry_option TO scrambled, clear');
    const client = new pg.Client({
      host: postgres.socketDir,
      port: postgres.port,
      user: 'postgres',
      database: 'postgres',
    });
    await client.connect();
    await client.query("SET password_encryption = 'md5'");
    await client.query(`CREATE ROLE hashed LOGIN PASSWORD '${quoted}'`);
    await client.query('GRANT SELECT ON sentry_option TO hashed');
    await client.end();
  });

  after(() => postgres.stop());

  for (const role of ['scrambled', 'clear', 'hashed']) {
    it(`works with a difficult password (${role})`, async () => {
      const uri = `postgresql://${role}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${postgres.port}/postgres`;
      assert.equal(await readWith(uri), TOKEN);
      const keywords = `${tcp} user=${role} password='${PASSWORD.replace(/['\\]/g, '\\$&')}'`;
      assert.equal(await readWith(keywords), TOKEN);
    });
  }

  it('takes the password from the passfile, afresh at each read', async () => {
    const passfile = join(postgres.socketDir, 'passfile');
    await writeFile(passfile, `127.0.0.1:*:postgres:scrambled:${PASSWORD.replace(/[:\\]/g, '\\$&')}\n`, {
      mode: 0o600,
    });
    const result = parseConnInfo(`${tcp} user=scrambled passfile=${passfile}`, NOBODYS_HOME);
    assert.ok('info' in result);
    assert.equal(await readStoredToken(result.info), TOKEN);
    await writeFile(passfile, `127.0.0.1:*:postgres:scrambled:another\n`);
    await assert.rejects(readStoredToken(result.info), { code: '28P01' });
  });

  it('works over a Unix socket', async () => {
    assert.equal(await readWith(`host=${postgres.socketDir} port=${postgres.port} user=postgres`), TOKEN);
    const uri = `postgres://postgres@${encodeURIComponent(postgres.socketDir)}:${postgres.port}/postgres`;
    assert.equal(await readWith(uri), TOKEN);
  });

  it('tells NULL and a missing row apart', async () => {
    await postgres.query('CREATE SCHEMA nothing CREATE TABLE sentry_option (key text, value jsonb)');
    const nothing = `${postgres.connectionString}?options=-csearch_path%3Dnothing`;
    assert.equal(await readWith(nothing), undefined);
    await postgres.query("INSERT INTO nothing.sentry_option VALUES ('sentry:system-token', NULL)");
    assert.equal(await readWith(nothing), null);
  });

  it('gives the text of a text column as it is, whether it is JSON or not', async () => {
    await postgres.query('CREATE SCHEMA legacy CREATE TABLE sentry_option (key text, value text)');
    await postgres.query(`INSERT INTO legacy.sentry_option VALUES ('sentry:system-token', '"abc"')`);
    assert.equal(await readWith(`${postgres.connectionString}?search_path=legacy`), '"abc"');
  });

  it('asks the driver and the environment for nothing that the connection string does not say', async () => {
    const before = { ...process.env };
    Object.assign(process.env, {
      PGPASSWORD: PASSWORD,
      PGOPTIONS: '-c no_such_parameter=1',
      PGREPLICATION: '1',
      PGSSLNEGOTIATION: 'direct',
      PGSSLMODE: 'require',
      PGCLIENT_ENCODING: 'LATIN1',
    });
    try {
      assert.equal(await readWith(postgres.connectionString), TOKEN);
      assert.match((await failureWith(`${tcp} user=scrambled`)).message, /it requires a password, and none is set/);
    } finally {
      process.env = before;
    }
  });

  const refusals: [name: string, text: () => string, code: string | undefined, message: RegExp][] = [
    [
      'a wrong password',
      () => 'user=scrambled password=wrong-one',
      '28P01',
      /password authentication failed for user "scrambled" \(28P01\)\. Check the user and the password\./,
    ],
    ['no password', () => 'user=scrambled', undefined, /it requires a password, and none is set\. Put it into/],
    ['a user whom pg_hba.conf rejects', () => 'user=nobody_may', '28000', /\(28000\)\. .*pg_hba\.conf/],
    [
      'another database',
      () => 'user=postgres password=not-a-secret dbname=no_such',
      '3D000',
      /database "no_such" does not exist \(3D000\)\. Check the database/,
    ],
    [
      'a database without Sentry',
      () => 'user=postgres password=not-a-secret dbname=template1',
      '42P01',
      /"sentry_option" does not exist \(42P01\)\. This is not Sentry's/,
    ],
    [
      'no right to read',
      () => `user=unprivileged password='${PASSWORD.replace(/['\\]/g, '\\$&')}'`,
      '42501',
      /permission denied for table sentry_option \(42501\)\. .*GRANT SELECT/,
    ],
    [
      'TLS demanded where there is none',
      () => 'user=postgres sslmode=require',
      undefined,
      /it does not offer TLS\. Set sslmode/,
    ],
  ];
  for (const [name, text, code, message] of refusals) {
    it(`says what is wrong and what to do: ${name}`, async () => {
      const error = await failureWith(`${tcp} ${text()}`);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      assert.ok(error.message.startsWith(`127.0.0.1:${postgres.port}: `), 'the message starts with host and port');
      assert.ok(!error.message.includes('wrong-one') && !error.message.includes('wörd'), 'no password in the message');
    });
  }

  it('says which host, port or socket cannot be reached', async () => {
    assert.match((await failureWith('host=127.0.0.1 port=1 user=u')).message, /^127\.0\.0\.1:1: connection refused/);
    assert.match(
      (await failureWith('host=/nonexistent user=u')).message,
      /^\/nonexistent\/\.s\.PGSQL\.5432: there is no such socket/,
    );
    assert.match((await failureWith('host=no-such.invalid user=u')).message, /^no-such\.invalid:5432: the host name/);
  });

  describe('with several hosts', () => {
    it('passes over those that are dead, unknown or mute, in order', async (test) => {
      const mute = await fakeServer(test, () => {});
      const hosts = `host=no-such.invalid,127.0.0.1,/nonexistent,127.0.0.1,127.0.0.1 port=1,1,1,${mute.port},${postgres.port}`;
      assert.equal(await readWith(`${hosts} user=postgres password=not-a-secret`), TOKEN);
    });

    it('honours connect_timeout for each of them', async (test) => {
      const mute = await fakeServer(test, () => {});
      const other = await fakeServer(test, () => {});
      const rest = 'user=postgres password=not-a-secret connect_timeout=1';
      const hosts = (...ports: number[]) => `host=127.0.0.1,127.0.0.1 port=${ports.join()} ${rest}`;
      const { message } = await failureWith(hosts(mute.port, other.port));
      assert.equal(message.match(/no answer within 1 s/g)?.length, 2, message);
      assert.equal(await readWith(hosts(mute.port, postgres.port)), TOKEN);
    });

    it('does not ask the next one where the password is wrong', async (test) => {
      let asked = 0;
      const other = await fakeServer(test, (socket) => {
        asked++;
        socket.destroy();
      });
      await failureWith(`host=127.0.0.1,127.0.0.1 port=${postgres.port},${other.port} user=scrambled password=x`);
      assert.equal(asked, 0);
    });

    it('names all of them when none can be used', async () => {
      const { message } = await failureWith('host=127.0.0.1,localhost port=1,2 user=u');
      assert.match(message, /^127\.0\.0\.1:1: .*; localhost:2/);
    });
  });

  it('finds the server that target_session_attrs asks for', async () => {
    const standby = await startPostgres({ standbyOf: postgres });
    try {
      const read = async (attrs: string, ports: number[]) => {
        const text = `host=127.0.0.1 port=${ports.join(',')} target_session_attrs=${attrs}`;
        const hosts = text.replace('127.0.0.1', ports.map(() => '127.0.0.1').join(','));
        return await readWith(`${hosts} user=postgres password=not-a-secret`);
      };
      const both = [postgres.port, standby.port];
      for (const attrs of ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby']) {
        assert.equal(await read(attrs, both), TOKEN, attrs);
      }
      for (const attrs of ['read-only', 'standby']) {
        await assert.rejects(read(attrs, [postgres.port]), /it is a primary, which target_session_attrs=/, attrs);
      }
      for (const attrs of ['read-write', 'primary']) {
        await assert.rejects(read(attrs, [standby.port]), /it is a standby, which target_session_attrs=/, attrs);
      }
      assert.equal(await read('prefer-standby', [postgres.port]), TOKEN);
      await postgres.query('ALTER ROLE postgres SET default_transaction_read_only = on');
      try {
        await assert.rejects(read('read-write', [postgres.port]), /it is a read-only primary/);
        assert.equal(await read('read-only', [postgres.port]), TOKEN);
      } finally {
        await postgres.query('BEGIN READ WRITE; ALTER ROLE postgres RESET default_transaction_read_only; COMMIT');
      }
    } finally {
      await standby.stop();
    }
  });

  describe('is bounded', () => {
    const backends = async (): Promise<number> => {
      const sql = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = '${APPLICATION}'`;
      return (await postgres.query(sql))[0].n;
    };

    it('against a locked table, of which ten attempts leave no backend behind', async () => {
      await whileOptionsAreLocked(postgres, async () => {
        const attempts = Array.from({ length: 10 }, () => failureWith(postgres.connectionString));
        const errors = await Promise.all(attempts);
        for (const { message } of errors) assert.match(message, /\(57014\)\. Something has locked the table/);
        for (let wait = 0; (await backends()) > 0 && wait < 50; wait++) await sleep(50);
        assert.equal(await backends(), 0);
      });
      assert.equal(await readWith(postgres.connectionString), TOKEN);
    });

    it('against a postmaster that is stopped', async () => {
      process.kill(postgres.pid, 'SIGSTOP');
      try {
        const { message } = await failureWith(`${postgres.connectionString}?connect_timeout=1`);
        assert.match(message, /no answer within 1 s/);
      } finally {
        process.kill(postgres.pid, 'SIGCONT');
      }
      assert.equal(await readWith(postgres.connectionString), TOKEN);
    });

    it('by a signal, before and during the connection', async (test) => {
      const connected = Promise.withResolvers<Socket>();
      const mute = await fakeServer(test, connected.resolve);
      const reason = new Error('enough');
      const text = `host=127.0.0.1 port=${mute.port} user=u`;
      await assert.rejects(readWith(text, { signal: AbortSignal.abort(reason) }), reason);
      const controller = new AbortController();
      const reading = readWith(text, { signal: controller.signal });
      const socket = await connected.promise;
      const closed = once(socket, 'close');
      controller.abort(reason);
      await assert.rejects(reading, reason);
      socket.resume();
      await closed;
    });
  });

  it('leaves no connection behind', async () => {
    await Promise.all(Array.from({ length: 20 }, () => readWith(postgres.connectionString)));
    const sql = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = '${APPLICATION}'`;
    for (let wait = 0; (await postgres.query(sql))[0].n > 0 && wait < 50; wait++) await sleep(50);
    assert.equal((await postgres.query(sql))[0].n, 0);
  });
});
