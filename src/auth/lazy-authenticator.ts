import { ProxyError } from '../http/errors.ts';
import type { Identify } from '../http/types.ts';
import { Principals, type PrincipalsOptions } from './authenticator.ts';
import { loadClients, webDigest } from './client-registry.ts';

/** What the principals are made of. */
export interface LaterOptions extends Pick<PrincipalsOptions, 'aliasTokens' | 'isOpen' | 'admit'> {
  /** The text of a clients file that is valid, as far as that can be checked without digests. */
  readonly clientsText: string | undefined;
}

/**
 * Principals for runtimes in which only Web Crypto makes digests. It is asynchronous, so the first requests wait for
 * the clients' digests. If the digests show that two clients share a token, every request is refused.
 */
export function laterPrincipals({ clientsText, ...options }: LaterOptions): Identify {
  if (clientsText === undefined) return new Principals({ ...options, digest: webDigest });
  let ready: Promise<Principals> | undefined;
  const make = async (): Promise<Principals> => {
    const loaded = await loadClients(clientsText, options.aliasTokens, webDigest, Date.now());
    if ('problems' in loaded) {
      throw new ProxyError('not_configured', loaded.problems.map(({ place, text }) => `${place} ${text}`).join('; '));
    }
    const { byDigest, unmatched } = loaded.directory;
    return new Principals({
      ...options,
      digest: webDigest,
      clients: byDigest,
      rejectsUnmatched: unmatched === 'reject',
    });
  };
  return {
    identify: async (fields) => {
      ready ??= make();
      return (await ready).identify(fields);
    },
  };
}
