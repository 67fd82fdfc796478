import type { Client } from 'pg';
import type { ConnInfo } from './conninfo/types.ts';
import { DatabaseError } from './database-error.ts';
import { openSession } from './host-choice.ts';
import { query } from './transaction.ts';
import { within } from './within.ts';

/** Milliseconds from the first statement to the answer. */
const QUERY_TIMEOUT = 5000;

/**
 * Reads Sentry's system token as it is stored, over a new connection.
 *
 * It leaves neither a connection nor a waiting backend behind. It works with PgBouncer's transaction pooling,
 * which gives the next transaction another session: it uses one transaction, no prepared statements, and only start-up
 * parameters that PgBouncer knows.
 *
 * @returns the value, parsed if it is JSON; null if NULL is stored; undefined if there is no such row
 * @throws {DatabaseError} within the connection's timeout and 5 s for the query; or the signal's reason
 */
export async function readStoredToken(info: ConnInfo, { signal }: { signal?: AbortSignal } = {}): Promise<unknown> {
  const session = await openSession(info, signal);
  try {
    return await within(QUERY_TIMEOUT, signal, () => select(session.client));
  } catch (error) {
    signal?.throwIfAborted();
    throw new DatabaseError([session.failure(error)], info.warnings);
  } finally {
    session.close();
  }
}

async function select(client: Client): Promise<unknown> {
  const rows = await query(client, "SELECT value FROM sentry_option WHERE key = 'sentry:system-token'; COMMIT");
  return rows[0]?.[0];
}
