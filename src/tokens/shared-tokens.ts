/** The credentials of the proxy that no token of a tokens file may be. */
export interface OtherCredentials {
  readonly aliasTokens: readonly string[];
  /** Digests of the clients' tokens, SHA-256 in lower-case hex. */
  readonly clientDigests: ReadonlySet<string>;
  /** The default token, if it is known. */
  readonly defaultToken: string | undefined;
}

/**
 * Says what else a token is, as the rest of a sentence about it; undefined if it is nothing else. A token that clients
 * present is not a secret of Sentry, so it must never be sent there.
 */
export function otherUseOf(token: string, digest: string, others: OtherCredentials): string | undefined {
  if (token === others.defaultToken) return 'is also the default token';
  if (others.aliasTokens.includes(token)) return 'is also an alias token';
  return others.clientDigests.has(digest) ? "is also a client's token" : undefined;
}
