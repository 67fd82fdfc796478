import { ProxyError } from './errors.ts';
import type { Fields } from './types.ts';

const PSEUDONYM = 'sentry-api-proxy';

/**
 * The field by which this proxy recognizes its own requests (RFC 9110 section 7.6.3). Entries of other proxies are
 * dropped: this entry shows every loop through the proxy, and Sentry need not know the route to it.
 */
export const VIA: [string, string] = ['Via', `1.1 ${PSEUDONYM}`];

/**
 * Refuses a request that came from a proxy like this one, which it would otherwise send round and round.
 * @throws ProxyError `loop_detected`
 */
export function refuseLoop(fields: Fields): void {
  const via = fields.get('via');
  if (via === null) return;
  const hasOwnEntry = via.split(',').some(
    (entry) =>
      entry
        .trim()
        .split(/[ \t]+/, 2)[1]
        ?.toLowerCase() === PSEUDONYM,
  );
  if (hasOwnEntry) throw new ProxyError('loop_detected');
}
