import { createHash } from 'node:crypto';

/** Eight hex digits of a token's SHA-256: enough to tell two apart in a log, of no use to anyone else. */
export const fingerprint = (token: string): string => createHash('sha256').update(token).digest('hex').slice(0, 8);
