import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type Postgres, startPostgres } from '../../demo/postgres.ts';
import { type PgBouncer, pgBouncer, startPgBouncer } from '../support/pg-bouncer.ts';
import { whileOptionsAreLocked } from '../support/pg-lock.ts';
import { failureWith, readWith } from '../support/pg-read.ts';

const TOKEN = '0123456789abcdef'.repeat(4);

const skip = pgBouncer === undefined && !process.env.CI && 'PgBouncer is not installed: apt-get install pgbouncer';

describe('reading the stored token through PgBouncer, transaction pooling, one connection', { skip }, () => {
  let postgres: Postgres;
  let bouncer: PgBouncer;
  let uri: string;

  before(async () => {
    postgres = await startPostgres();
    await postgres.query(`INSERT INTO sentry_option (key, value) VALUES ('sentry:system-token', '"${TOKEN}"')`);
    bouncer = await startPgBouncer(postgres);
    uri = `postgres://postgres@${bouncer.host}:${bouncer.port}/postgres`;
  });

  after(async () => {
    await bouncer?.stop();
    await postgres?.stop();
  });

  const backends = async (): Promise<number> => {
    const sql = `SELECT count(*)::int AS n FROM pg_stat_activity
      WHERE backend_type = 'client backend' AND application_name = 'sentry-api-proxy'`;
    return (await postgres.query(sql))[0].n;
  };

  it('works fifty times for two readers', async () => {
    const reader = async () => {
      for (let i = 0; i < 25; i++) assert.equal(await readWith(uri), TOKEN);
    };
    await Promise.all([reader(), reader()]);
    assert.ok((await backends()) <= 1);
  });

  it('sends no start-up parameter that PgBouncer refuses, for any connection string', async () => {
    const parameters = 'options=-csearch_path%3Dpublic&statement_timeout=1&default_query_exec_mode=cache_statement';
    assert.equal(await readWith(`${uri}?${parameters}&pool_max_conns=3&statement_cache_capacity=9`), TOKEN);
  });

  it('leaves no setting in a session that others use after it', async () => {
    assert.equal(await readWith(`${uri}?search_path=pg_temp,public&role=postgres`), TOKEN);
    const client = new pg.Client(uri);
    await client.connect();
    try {
      const { rows } = await client.query(
        "SELECT current_setting('statement_timeout') AS t, current_setting('search_path') AS p",
      );
      assert.deepEqual(rows, [{ t: '0', p: '"$user", public' }]);
    } finally {
      await client.end();
    }
  });

  it('leaves at most one backend behind after ten attempts against a locked table', async () => {
    await whileOptionsAreLocked(postgres, async () => {
      const errors = await Promise.all(Array.from({ length: 10 }, () => failureWith(`${uri}?connect_timeout=1`)));
      assert.ok(errors.some(({ code }) => code === '57014'));
      await sleep(100);
      assert.ok((await backends()) <= 1);
    });
    assert.equal(await readWith(uri), TOKEN);
  });
});
