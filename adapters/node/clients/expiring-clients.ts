import type { Client } from '../../../src/policy/client.ts';
import type { Log } from '../log/log.ts';
import { expiringClients, namesOf } from './expiry.ts';

const DAY = 24 * 60 * 60 * 1000;
/** Clients that one field names. */
const MAX_NAMES = 20;

/** Logs one line with the clients that have expired or soon will, if there are any. */
function logExpiring(log: Log, clients: readonly Client[], now: number): void {
  const { expired, soon } = expiringClients(clients, now);
  const count = expired.length + soon.length;
  if (count === 0) return;
  const named = (some: readonly Client[]) => (some.length === 0 ? undefined : namesOf(some, MAX_NAMES));
  log('warn', 'clients_expire', { count, expired: named(expired), soon: named(soon) });
}

/** Logs them now, and each day again. */
export function watchExpiring(log: Log, clients: () => readonly Client[]): void {
  const look = () => logExpiring(log, clients(), Date.now());
  look();
  setInterval(look, DAY).unref();
}
