import { ProxyError } from './errors.ts';
import type { Fields } from './types.ts';

const PSEUDONYM = 'sentry-api-proxy';
const ENTRY = `1.1 ${PSEUDONYM}`;

/** Proxies of this kind that may stand in series. One more is a loop, or looks like one. */
const MAX_IN_SERIES = 2;

/** The field of a request that the proxy makes itself (RFC 9110 section 7.6.3). */
export const VIA: [string, string] = ['Via', ENTRY];

/**
 * The field with which a request is forwarded: an entry for each proxy of this kind that it has passed, and one for this
 * proxy. Entries of other proxies are dropped: these show every loop, and Sentry need not know the route to it.
 *
 * @param fields as the client sent them
 * @throws ProxyError `loop_detected`
 */
export function viaOf(fields: Fields): [string, string] {
  const via = fields.get('via');
  const passed = via === null ? 0 : via.split(',').filter(isOwn).length;
  if (passed >= MAX_IN_SERIES) throw new ProxyError('loop_detected');
  return passed === 0
    ? VIA
    : [
        'Via',
        Array(passed + 1)
          .fill(ENTRY)
          .join(', '),
      ];
}

function isOwn(entry: string): boolean {
  const [, receivedBy] = entry.trim().split(/[ \t]+/, 2);
  return receivedBy?.toLowerCase() === PSEUDONYM;
}
