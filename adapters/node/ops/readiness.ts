import type { TokenHealth } from '../token/token-health.ts';
import type { TokenHolder } from '../token/token-holder.ts';

/** Why requests can't be served properly now, in a word or two; undefined if nothing is known to be wrong. */
export interface Readiness {
  readonly fault: 'draining' | 'no token' | 'token refused' | undefined;
  /** The same without what concerns the process. */
  readonly tokenFault: 'no token' | 'token refused' | undefined;
}

/** Makes the state that `/readyz` reports, for as long as the proxy runs. */
export function makeReadiness(token: TokenHolder, health: TokenHealth, isDraining: () => boolean): Readiness {
  return {
    get fault() {
      return isDraining() ? 'draining' : this.tokenFault;
    },
    get tokenFault() {
      if (token.current === undefined) return 'no token';
      return health.isRefused ? 'token refused' : undefined;
    },
  };
}
