import pg from 'pg';
import type { Postgres } from '../../demo/postgres.ts';

/** Does the work while another client has locked the table of Sentry's options. */
export async function whileOptionsAreLocked(postgres: Postgres, work: () => Promise<void>): Promise<void> {
  const { socketDir: host, port } = postgres;
  const locker = new pg.Client({ host, port, user: 'postgres', database: 'postgres' });
  await locker.connect();
  try {
    await locker.query('BEGIN; LOCK TABLE sentry_option');
    await work();
  } finally {
    await locker.end();
  }
}
