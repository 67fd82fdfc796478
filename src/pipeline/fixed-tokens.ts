import { loadClients, webDigest } from '../auth/client-registry.ts';
import { otherUseOf } from '../tokens/shared-tokens.ts';
import { LeastToken, singleToken, type TokenChoice } from '../tokens/token-choice.ts';
import { staticToken, type TokenSource } from '../tokens/token-source.ts';
import { readTokens, type TokenEntry } from '../tokens/tokens-file.ts';

/** The configuration of the tokens of a proxy whose configuration does not change. */
export interface FixedTokens {
  /** The text of a tokens file that is valid; undefined: there is only the default token. */
  readonly tokensText: string | undefined;
  readonly clientsText: string | undefined;
  readonly aliasTokens: readonly string[];
}

/**
 * Makes the choice between the default token and those of a tokens file.
 * @param fallback the default token
 * @param openFile makes a source of a file's token, where files can be read
 */
export function fixedTokens(
  { tokensText, clientsText, aliasTokens }: FixedTokens,
  fallback: TokenSource,
  openFile?: (path: string) => TokenSource,
): TokenChoice {
  if (tokensText === undefined) return singleToken(fallback);
  let digests: Promise<ReadonlySet<string>> | undefined;
  const clientDigests = () => (digests ??= digestsOf(clientsText, aliasTokens));
  const sourceOf = ({ origin }: TokenEntry) => ('token' in origin ? staticToken(origin.token) : openFile!(origin.file));
  /** Web Crypto makes digests asynchronously, so they cannot be compared before the first request. */
  const guarded = (source: TokenSource): TokenSource => ({
    isRenewable: false,
    async get() {
      const token = await source.get();
      if (token === undefined) return undefined;
      const others = { aliasTokens, clientDigests: await clientDigests(), defaultToken: undefined };
      return otherUseOf(token, await webDigest(token), others) === undefined ? token : undefined;
    },
    renew: async () => undefined,
    close: () => source.close?.(),
  });
  const entries = readTokens(tokensText, openFile !== undefined).entries;
  return new LeastToken(
    fallback,
    entries.map((entry) => ({ ...entry, source: guarded(sourceOf(entry)) })),
  );
}

async function digestsOf(
  clientsText: string | undefined,
  aliasTokens: readonly string[],
): Promise<ReadonlySet<string>> {
  if (clientsText === undefined) return new Set();
  const loaded = await loadClients(clientsText, aliasTokens, webDigest, Date.now());
  return new Set('registry' in loaded ? loaded.registry.byDigest.keys() : loaded.listed);
}
