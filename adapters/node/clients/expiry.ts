import { type Client, isExpired } from '../../../src/policy/client.ts';

const DAY = 24 * 60 * 60 * 1000;
/** Time enough to give a client a new token. */
const SOON = 14 * DAY;
/** Names in one warning. */
const MAX_NAMES = 5;

/** `soon`: within 14 days. */
export function expiryState(client: Client, now: number): 'expired' | 'soon' | 'no' {
  if (client.expiresAt === undefined) return 'no';
  if (isExpired(client, now)) return 'expired';
  return client.expiresAt - now < SOON ? 'soon' : 'no';
}

/** When a client expires, as the clients file would say it: a date that still counts, or a time in UTC. */
export function expiryText(expiresAt: number): string {
  const isEndOfDay = expiresAt % DAY === 0;
  return isEndOfDay ? new Date(expiresAt - 1).toISOString().slice(0, 10) : new Date(expiresAt).toISOString();
}

/** The clients that have expired, and those that will within 14 days, each in the order of their expiry. */
export function expiringClients(clients: readonly Client[], now: number): { expired: Client[]; soon: Client[] } {
  const inOrder = clients.toSorted((one, other) => (one.expiresAt ?? 0) - (other.expiresAt ?? 0));
  const those = (state: 'expired' | 'soon') => inOrder.filter((client) => expiryState(client, now) === state);
  return { expired: those('expired'), soon: those('soon') };
}

/**
 * The names of clients, each with its expiry.
 * @param most that are named
 */
export function namesOf(clients: readonly Client[], most: number): string {
  const shown = clients.slice(0, most).map(({ name, expiresAt }) => `${name} (${expiryText(expiresAt!)})`);
  const more = clients.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Warnings about the clients that have expired, and about those that will within 14 days. */
export function expiryWarnings(clients: readonly Client[], now: number): string[] {
  const { expired, soon } = expiringClients(clients, now);
  return [
    ...(expired.length > 0 ? [`clients that have expired, and are refused: ${namesOf(expired, MAX_NAMES)}`] : []),
    ...(soon.length > 0 ? [`clients that expire within 14 days: ${namesOf(soon, MAX_NAMES)}`] : []),
  ];
}
