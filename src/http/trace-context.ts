import type { Fields } from './types.ts';

/** W3C Trace Context, section 3.2.2. A later version may add more at the end; version ff is forbidden. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/;

/** The trace that a request belongs to, by its `traceparent`; undefined if there is none or it is malformed. */
export function traceIdOf(fields: Fields): string | undefined {
  const given = fields.get('traceparent');
  return given === null ? undefined : TRACEPARENT.exec(given)?.[1];
}
