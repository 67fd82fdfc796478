import { parseConnInfo } from '../../adapters/system-token/postgres/conninfo.ts';
import { readStoredToken } from '../../adapters/system-token/postgres/database.ts';
import { DatabaseError } from '../../adapters/system-token/postgres/database-error.ts';

/** No passfile, certificate or service of the user that runs the tests. */
export const NOBODYS_HOME = { HOME: '/nonexistent' };

/** Reads the stored token as the proxy does with this connection string. */
export async function readWith(text: string, options: { signal?: AbortSignal } = {}): Promise<unknown> {
  const result = parseConnInfo(text, NOBODYS_HOME);
  if ('problems' in result) throw new TypeError(result.problems.join('; '));
  return await readStoredToken(result.info, options);
}

/** The error with which such a read fails. */
export async function failureWith(text: string): Promise<DatabaseError> {
  try {
    await readWith(text);
  } catch (error) {
    if (error instanceof DatabaseError) return error;
    throw error;
  }
  throw new Error('the read did not fail');
}
