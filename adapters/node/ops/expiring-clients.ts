import type { Client } from '../../../src/policy/client.ts';
import { expiryState } from '../expiry.ts';
import type { Log } from './log.ts';

const DAY = 24 * 60 * 60 * 1000;
/** Clients that one line names. */
const MAX_NAMES = 20;

/** Logs one line with the clients that have expired or soon will, if there are any. */
export function logExpiring(log: Log, clients: readonly Client[], now: number): void {
  const expiring = clients
    .filter((client) => expiryState(client, now) !== 'no')
    .map(({ name, expiresAt = 0 }) => ({ name, expiresAt }))
    .sort((one, other) => one.expiresAt - other.expiresAt);
  if (expiring.length === 0) return;
  const named = expiring
    .slice(0, MAX_NAMES)
    .map(({ name, expiresAt }) => `${name} ${new Date(expiresAt).toISOString()}`);
  log('warn', 'clients_expire', { count: expiring.length, clients: named.join(', ') });
}

/** Logs them now, and each day again. */
export function watchExpiring(log: Log, clients: () => readonly Client[]): void {
  const look = () => logExpiring(log, clients(), Date.now());
  look();
  setInterval(look, DAY).unref();
}
