import { ProxyError } from '../http/errors.ts';
import { BearerAuthenticator, type KnownCredentials } from './authenticator.ts';
import { loadClients, webDigest } from './client-registry.ts';
import type { Authenticator } from './types.ts';

/** The credentials of a proxy whose configuration does not change. */
export interface FixedCredentials extends Pick<KnownCredentials, 'aliasTokens' | 'isOpen'> {
  /** The text of a clients file that is valid, as far as that can be checked without digests. */
  readonly clientsText: string | undefined;
}

/**
 * Makes an authenticator for runtimes in which only Web Crypto makes digests. It is asynchronous, so the first requests
 * wait for the digests. If these show that two clients share a token, every request is refused.
 */
export function lazyAuthenticator(fixed: FixedCredentials): Authenticator {
  let ready: Promise<BearerAuthenticator> | undefined;
  return {
    authenticate: async (fields) => {
      ready ??= makeAuthenticator(fixed);
      return (await ready).authenticate(fields);
    },
  };
}

async function makeAuthenticator({ clientsText, ...credentials }: FixedCredentials): Promise<BearerAuthenticator> {
  const known = { ...credentials, digest: webDigest };
  if (clientsText === undefined) return BearerAuthenticator.of(known);
  const loaded = await loadClients(clientsText, credentials.aliasTokens, webDigest, Date.now());
  if ('problems' in loaded) {
    throw new ProxyError('not_configured', loaded.problems.map(({ place, text }) => `${place} ${text}`).join('; '));
  }
  const { byDigest, unmatched } = loaded.directory;
  return BearerAuthenticator.of({ ...known, clients: byDigest, rejectsUnmatched: unmatched === 'reject' });
}
