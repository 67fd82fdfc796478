import type { Client } from 'pg';
import type { ConnInfo, TargetSessionAttrs } from './conninfo/types.ts';
import { ConnectionError } from './database-error.ts';

/**
 * Milliseconds after which the server itself gives up a statement, before the proxy does. A backend that waits for a
 * lock does not notice that its client is gone, so without this every attempt would leave one behind.
 */
const STATEMENT_TIMEOUT = 4500;

/** Begins the one transaction, and checks that the server is of the wanted kind. */
export async function begin(client: Client, info: ConnInfo, attrs: TargetSessionAttrs): Promise<void> {
  // LOCAL, because behind PgBouncer another client gets the session after this transaction.
  const statements = ['BEGIN READ ONLY', `SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT}`];
  for (const [name, value] of [
    ['role', info.role],
    ['search_path', info.searchPath],
  ] as const) {
    if (value !== undefined)
      statements.push(`SELECT pg_catalog.set_config('${name}', ${client.escapeLiteral(value)}, true)`);
  }
  await query(client, statements.join('; '));
  if (attrs === 'any') return;

  const [[recovery, readOnly] = []] = await query(
    client,
    "SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('default_transaction_read_only')",
  );
  const isStandby = recovery === 't';
  const isReadOnly = isStandby || readOnly === 'on';
  const isFit = {
    'read-write': !isReadOnly,
    'read-only': isReadOnly,
    primary: !isStandby,
    standby: isStandby,
    'prefer-standby': true,
  }[attrs];
  if (!isFit) {
    const kind = isStandby ? 'a standby' : `a ${isReadOnly ? 'read-only ' : ''}primary`;
    throw new ConnectionError(`it is ${kind}, which target_session_attrs=${attrs} rules out`);
  }
}

/** The rows of the first statement that has any. */
export async function query(client: Client, text: string): Promise<unknown[][]> {
  const result: unknown = await client.query({ text, rowMode: 'array', types: { getTypeParser } });
  const results = (Array.isArray(result) ? result : [result]) as { rows: unknown[][] }[];
  return results.find(({ rows }) => rows.length > 0)?.rows ?? [];
}

/** JSON (114) and jsonb (3802) are parsed; all other types stay text. */
function getTypeParser(type: number): (text: string) => unknown {
  return type === 114 || type === 3802 ? JSON.parse : (text) => text;
}
