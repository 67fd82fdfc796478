import type { Log } from '../log/log.ts';
import type { Telemetry } from '../ops/telemetry.ts';
import type { ActiveTokens } from '../token/active-tokens.ts';
import { namedTokenStates } from '../token/named-token-state.ts';
import { TokenRefusals } from '../token/token-refusals.ts';

/** Watches what Sentry says to the tokens of the tokens file. */
export function observeTokens(tokens: ActiveTokens, log: Log, telemetry: Telemetry | undefined): TokenRefusals {
  const refusals = new TokenRefusals((value) => tokens.nameOf(value));
  refusals.onChange = (name, isRefused) =>
    log(isRefused ? 'warn' : 'info', 'token', { token: name, state: isRefused ? 'refused' : 'accepted' });
  if (telemetry !== undefined) telemetry.metrics.namedTokens = () => namedTokenStates(tokens.list, refusals);
  return refusals;
}
