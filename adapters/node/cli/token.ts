import { createHash, randomBytes } from 'node:crypto';

/** A new token for a client (256 random bits in hex, a form that sentry-cli accepts), and its digest for the clients file. */
export function newToken(): { readonly token: string; readonly digest: string } {
  const token = randomBytes(32).toString('hex');
  return { token, digest: `sha256:${createHash('sha256').update(token).digest('hex')}` };
}

/** What the command `token` prints. */
export function tokenText(): string {
  const { token, digest } = newToken();
  return [
    `token   ${token}`,
    `digest  ${digest}`,
    '',
    'Give the token to the client. Put the digest into the clients file: {"name": "…", "token": "sha256:…", …}.',
    'The token is shown this once.',
    '',
  ].join('\n');
}
