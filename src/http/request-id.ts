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

/** Random bytes for many ids: workerd's `crypto.randomUUID` asks the system for each, at 3 % of a request's cost. */
const random = new Uint8Array(128 * 16);
let drawn = random.length;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** A UUID, version 4 (RFC 9562 section 5.4). */
export function newId(): string {
  // Not before the first request: Workers have no randomness while they load.
  if (drawn === random.length) {
    crypto.getRandomValues(random);
    drawn = 0;
  }
  const start = drawn;
  drawn += 16;
  const byte = (index: number): number => random[start + index]!;
  const hex = (index: number): string => HEX[byte(index)]!;
  const version = HEX[(byte(6) & 0x0f) | 0x40];
  const variant = HEX[(byte(8) & 0x3f) | 0x80];
  return (
    `${hex(0)}${hex(1)}${hex(2)}${hex(3)}-${hex(4)}${hex(5)}-${version}${hex(7)}-` +
    `${variant}${hex(9)}-${hex(10)}${hex(11)}${hex(12)}${hex(13)}${hex(14)}${hex(15)}`
  );
}
