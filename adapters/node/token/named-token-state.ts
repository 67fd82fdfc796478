import type { ActiveToken } from './active-tokens.ts';
import type { TokenRefusals } from './token-refusals.ts';

/** A token of the tokens file as the status page and the metrics show it. */
export interface NamedTokenState {
  readonly name: string;
  readonly kind: 'static' | 'file';
  readonly state: 'held' | 'no token' | 'token refused';
  readonly organizations: string;
  readonly scopes: string;
  readonly fingerprint: string | null;
  /** Seconds since a file's token came into use. */
  readonly age_s: number | null;
}

/** The state of each token. */
export const namedTokenStates = (
  tokens: readonly ActiveToken[],
  refusals: Pick<TokenRefusals, 'isRefused'>,
): NamedTokenState[] =>
  tokens.map(({ name, kind, fault, orgs, scopeNames, fingerprint, age }) => ({
    name,
    kind,
    state: fault !== undefined ? 'no token' : refusals.isRefused(name) ? 'token refused' : 'held',
    organizations: orgs === undefined ? '*' : [...orgs].join(', '),
    scopes: scopeNames.join(', '),
    fingerprint: fingerprint ?? null,
    age_s: age === undefined ? null : Math.round(age),
  }));
