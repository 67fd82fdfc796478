import type { TokenSource } from '../http/types.ts';

export const staticToken = (token: string): TokenSource => ({
  isRenewable: false,
  get: () => token,
  renew: async () => undefined,
});

/** RFC 9110 section 5.5 without obs-text and inner blanks: the characters that a bearer credential can have. */
export const isSendableToken = (token: string): boolean => /^[\x21-\x7e]+$/.test(token);
