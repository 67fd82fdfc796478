import { createHash, randomBytes } from 'node:crypto';

/** A token for a client, and its digest for the clients file. */
export interface NewToken {
  readonly token: string;
  readonly digest: string;
}

/** Makes a token of 256 random bits in hex, a form that sentry-cli accepts. */
export function newToken(): NewToken {
  const token = randomBytes(32).toString('hex');
  return { token, digest: `sha256:${createHash('sha256').update(token).digest('hex')}` };
}

/** The note on a new token for a person. A script reads the token alone from standard output. */
export const tokenNote = ({ digest }: NewToken): string =>
  [
    `digest  ${digest}`,
    '',
    'Give the token to the client. Put the digest into the clients file: {"name": "…", "token": "sha256:…", …}.',
    'token --for PROGRAM prints the whole entry, with the rights that the program needs.',
    'The token is shown only once.',
    '',
  ].join('\n');
