/**
 * Where the token to inject comes from.
 *
 * @example
 * const source: TokenSource = {
 *   get: () => vault.read('sentry-token'),
 *   renew: async (refused) => {
 *     const token = await vault.refresh('sentry-token');
 *     return token === refused ? undefined : token;
 *   },
 * };
 */
export interface TokenSource {
  /** Whether a 401 is worth a renewal; default true. False for a static token, which can't change. */
  readonly isRenewable?: boolean | undefined;
  /** The token to inject now, or undefined while there is none. */
  get(): string | undefined | Promise<string | undefined>;
  /**
   * Called when Sentry refused a token.
   * @param refused the token that was refused
   * @returns a token other than the refused one, or undefined if there is none now; never rejects
   */
  renew(refused: string): Promise<string | undefined>;
  /** Ends its work in the background. */
  close?(): void | Promise<void>;
}

/** Whether a 401 is worth asking the source for another token. */
export const isRenewable = (source: TokenSource): boolean => source.isRenewable !== false;

/** A source that has no other token for one that Sentry refused. */
export const unrenewable = (parts: Pick<TokenSource, 'get' | 'close'>): TokenSource => ({
  isRenewable: false,
  renew: async () => undefined,
  ...parts,
});

/** A token that never changes. */
export const staticToken = (token: string): TokenSource => unrenewable({ get: () => token });
