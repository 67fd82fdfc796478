import { endpointOf, matchRoute, segmentOf } from '../policy/sentry/endpoint-table.ts';
import { parseTarget } from '../policy/sentry/target.ts';
import { type TokenSource, unrenewable } from './token-source.ts';
import { DEFAULT_TOKEN, type TokenEntry } from './tokens-file.ts';

/** The token that a request is sent with. */
export interface ChosenToken {
  /** Its name in the log and the metrics; undefined where there is one token only. */
  readonly name: string | undefined;
  readonly source: TokenSource;
}

/** Chooses Sentry's token for a request. It runs after the policy, which is the boundary; the choice is not. */
export interface TokenChoice {
  /**
   * @param target path and query, byte for byte
   * @param pinned the name that the client's entry has under `sentryToken`
   */
  choose(method: string, target: string, pinned?: string | undefined): ChosenToken;
  /** Ends the work in the background of all its tokens. */
  close(): Promise<void>;
}

/** The only token there is. A client that is pinned to another one gets none. */
export function singleToken(source: TokenSource): TokenChoice {
  const chosen: ChosenToken = { name: undefined, source };
  return {
    choose: (_method, _target, pinned = DEFAULT_TOKEN) => (pinned === DEFAULT_TOKEN ? chosen : absent(pinned)),
    close: async () => source.close?.(),
  };
}

/** If a pinned token is missing, there is no token, and no other one replaces it. */
const absent = (name: string): ChosenToken => ({ name, source: NO_TOKEN });

/** A token of the tokens file with its source. */
interface NamedToken extends Pick<TokenEntry, 'name' | 'orgs' | 'scopes'> {
  readonly source: TokenSource;
}

/**
 * Chooses among the tokens of a tokens file and the default: the client's own token; the first one that is for the
 * path's organization and has a scope that Sentry's endpoint admits; the default.
 */
export class LeastToken implements TokenChoice {
  readonly #default: ChosenToken;
  readonly #tokens: readonly (NamedToken & { readonly chosen: ChosenToken })[];
  readonly #byName: ReadonlyMap<string, ChosenToken>;

  constructor(fallback: TokenSource, tokens: readonly NamedToken[]) {
    this.#default = { name: DEFAULT_TOKEN, source: fallback };
    this.#tokens = tokens.map((token) => ({ ...token, chosen: { name: token.name, source: token.source } }));
    this.#byName = new Map([
      [DEFAULT_TOKEN, this.#default],
      ...this.#tokens.map(({ name, chosen }) => [name, chosen] as const),
    ]);
  }

  choose(method: string, target: string, pinned?: string | undefined): ChosenToken {
    if (pinned !== undefined) return this.#byName.get(pinned) ?? absent(pinned);
    if (this.#tokens.length === 0) return this.#default;
    const needed = neededFor(method, target);
    const fitting =
      needed &&
      this.#tokens.find(
        ({ orgs, scopes }) =>
          (orgs === undefined || orgs.has(needed.org)) && needed.anyOf.some((scope) => scopes.has(scope)),
      );
    return fitting?.chosen ?? this.#default;
  }

  async close(): Promise<void> {
    const sources = [this.#default.source, ...this.#tokens.map(({ source }) => source)];
    await Promise.all(sources.map(async (source) => source.close?.()));
  }
}

/** A token that is configured but not available. */
export const NO_TOKEN: TokenSource = unrenewable({ get: () => undefined });

/** The organization as the path writes it, and the scopes of which one is enough; undefined: the default token. */
function neededFor(method: string, target: string): { org: string; anyOf: readonly string[] } | undefined {
  const parsed = parseTarget(target);
  if (typeof parsed === 'string') return undefined;
  const match = matchRoute(parsed);
  const org = segmentOf(match, parsed, 'org');
  const endpoint = endpointOf(match, method);
  // Another spelling of an organization is not the one that the file names.
  return org?.isPlain && endpoint !== undefined ? { org: org.raw, anyOf: endpoint.scopes } : undefined;
}
