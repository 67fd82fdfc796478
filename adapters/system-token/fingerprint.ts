import { createHash } from 'node:crypto';

/** Eight hex digits of a token's SHA-256: enough to distinguish two tokens in a log, and useless to an attacker. */
export const fingerprint = (token: string): string => createHash('sha256').update(token).digest('hex').slice(0, 8);
