import { examineClients } from '../clients/clients-file.ts';
import { ProxyError } from '../http/errors.ts';
import type { KeysOptions } from '../identity/keys/issuer-keys.ts';
import { KeyRing } from '../identity/keys/key-ring.ts';
import { BearerAuthenticator, type KnownCredentials } from './authenticator.ts';
import { loadClients, webDigest } from './client-registry.ts';
import type { Authenticator } from './types.ts';

/** The credentials of a proxy whose configuration does not change. */
interface FixedCredentials extends Pick<KnownCredentials, 'aliasTokens' | 'isOpen' | 'unmatched'> {
  /** The text of a clients file that is valid, as far as that can be checked without digests. */
  readonly clientsText: string | undefined;
}

/** The ways to issuers' keys, and whether requests may wait for each other. */
export type KeyAccess = Omit<KeysOptions, 'now'>;

/**
 * Makes an authenticator for runtimes in which only Web Crypto makes digests. It is asynchronous, so the first requests
 * wait for the digests. If these show that two clients share a token, every request is refused.
 */
export function lazyAuthenticator(fixed: FixedCredentials, access: KeyAccess): Authenticator {
  const { clientsText } = fixed;
  const issuers = clientsText === undefined ? [] : (examineClients(clientsText).file?.issuers ?? []);
  const ring = new KeyRing({ ...access, now: () => performance.now() });
  ring.take(issuers);
  let ready: Promise<BearerAuthenticator> | undefined;
  return {
    authenticate: async (fields) => {
      ready ??= makeAuthenticator(fixed, ring);
      return (await ready).authenticate(fields);
    },
    ...(issuers.length > 0 && { refresh: () => ring.refresh() }),
  };
}

async function makeAuthenticator(fixed: FixedCredentials, ring: KeyRing): Promise<BearerAuthenticator> {
  const { clientsText, aliasTokens, isOpen, unmatched } = fixed;
  const loaded =
    clientsText === undefined ? undefined : await loadClients(clientsText, aliasTokens, webDigest, Date.now());
  if (loaded !== undefined && 'problems' in loaded) {
    throw new ProxyError('not_configured', loaded.problems.map(({ place, text }) => `${place} ${text}`).join('; '));
  }
  const registry = loaded?.registry;
  return BearerAuthenticator.of({ aliasTokens, isOpen, unmatched, registry, ring, digest: webDigest });
}
