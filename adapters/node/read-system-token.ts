import type { ConnInfo } from './conninfo.ts';
import { readStoredToken } from './database.ts';
import { decodeStoredToken } from './stored-token.ts';

/**
 * The system token as Sentry has stored it now. A module of its own, loaded with the database driver behind it only
 * where there is a database to ask.
 * @throws Error with a message that is fit for the log
 */
export async function readSystemToken(connInfo: ConnInfo): Promise<string> {
  const decoded = decodeStoredToken(await readStoredToken(connInfo));
  if ('token' in decoded) return decoded.token;
  throw new Error(`the stored value is no token: ${decoded.reason}`);
}
