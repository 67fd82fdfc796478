// Fields that identify a request and show its path: X-Request-Id, traceparent, Via.
import { ProxyError } from './errors.ts';
import type { Fields } from './types.ts';

/** The field that carries the request id. */
export const REQUEST_ID = 'X-Request-Id';

/** Safe in a log line, a URL and a shell. */
const SANE = /^[\w.:~+/=-]{1,128}$/;

/** The client's own request id if it is valid, else a new one. */
export function requestIdOf(fields: Fields): string {
  const given = fields.get('x-request-id');
  return given !== null && SANE.test(given) ? given : newId();
}

/** A UUID, version 4 (RFC 9562 section 5.4). */
export const newId = (): string => crypto.randomUUID();

/** W3C Trace Context, section 3.2.2. A later version may add more at the end; version ff is forbidden. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/;

/** The trace that a request belongs to, by its `traceparent`; undefined if there is none or it is malformed. */
export function traceIdOf(fields: Fields): string | undefined {
  const given = fields.get('traceparent');
  return given === null ? undefined : TRACEPARENT.exec(given)?.[1];
}

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
