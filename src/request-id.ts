import type { Fields } from './env.ts';

/** The field that carries it. */
export const REQUEST_ID = 'X-Request-Id';

/** Fit for a log line, a URL and a shell. */
const SANE = /^[\w.:~+/=-]{1,128}$/;

/** The id that the client gave its request, if it is sane, else a new one. */
export function requestIdOf(fields: Fields): string {
  const given = fields.get('x-request-id');
  return given !== null && SANE.test(given) ? given : crypto.randomUUID();
}
