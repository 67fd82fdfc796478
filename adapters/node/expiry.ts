import { type Client, isExpired } from '../../src/policy/client.ts';

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

/** Warnings about the clients that have expired, and about those that will within 14 days. */
export function expiryWarnings(clients: readonly Client[], now: number): string[] {
  const expired = clients.filter((client) => expiryState(client, now) === 'expired');
  const soon = clients.filter((client) => expiryState(client, now) === 'soon');
  return [
    ...(expired.length > 0 ? [`clients that have expired, and are refused: ${namesOf(expired)}`] : []),
    ...(soon.length > 0 ? [`clients that expire within 14 days: ${namesOf(soon)}`] : []),
  ];
}

function namesOf(clients: readonly Client[]): string {
  const shown = clients.slice(0, MAX_NAMES).map(({ name, expiresAt }) => `${name} (${expiryText(expiresAt!)})`);
  const more = clients.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
