import type { ConnInfo } from './postgres/conninfo.ts';
import { readStoredToken } from './postgres/database.ts';
import { DatabaseError } from './postgres/database-error.ts';
import { decodeStoredToken } from './postgres/stored-token.ts';
import { TokenUnavailable } from './renewal.ts';

/**
 * The system token that Sentry has stored now. It has its own module, so that the database driver is loaded only if
 * there is a database to read.
 * @throws {TokenUnavailable} within the timeouts of `readStoredToken`; or the signal's reason
 */
export async function readSystemToken(connInfo: ConnInfo, signal?: AbortSignal): Promise<string> {
  const value = await readStoredToken(connInfo, signal && { signal }).catch((error: unknown) => {
    throw error instanceof DatabaseError ? new TokenUnavailable(error.message) : error;
  });
  const decoded = decodeStoredToken(value);
  if ('token' in decoded) return decoded.token;
  throw new TokenUnavailable(decoded.reason);
}
