import type { MemoryBudget } from '../bodies/types.ts';
import { authorize } from '../enforce/authorize.ts';
import type { LimitStore } from '../enforce/local-limits.ts';
import { BOUNDS, CachedLookups } from '../enforce/lookups/cached-lookups.ts';
import { ClientLookups } from '../enforce/lookups/client-lookups.ts';
import { type AskOptions, askSentry } from '../enforce/lookups/sentry-api.ts';
import type { Lookups } from '../enforce/lookups/types.ts';
import type { Authorizer } from '../enforce/types.ts';
import { WaitingLines } from '../enforce/waiting-lines.ts';
import type { Signal } from '../http/types.ts';

/** The parts of an authorizer. */
export interface AuthorizerParts extends AskOptions {
  readonly limits: LimitStore;
  /** For bodies that are read for a check. */
  readonly budget: MemoryBudget;
  /** Whether a request may wait for the lookup of another one, and be woken by its end. Default true. */
  readonly sharesLookups?: boolean | undefined;
}

/** Makes what decides on named clients' requests, with limits and with lookups at Sentry. */
export function makeAuthorizer({
  limits,
  budget,
  sharesLookups: isShared = true,
  ...asking
}: AuthorizerParts): Authorizer {
  const lookups = new CachedLookups(askSentry(asking), () => performance.now(), { isShared });
  // By name, so there are at most as many as clients that a file has had.
  const byClient = new Map<string, ClientLookups>();
  const lookupsOf = (name: string, signal: Signal): Lookups => {
    const own = byClient.get(name) ?? new ClientLookups(lookups, BOUNDS.atATimePerClient);
    byClient.set(name, own);
    return own.of(signal);
  };
  const means = { limits, lines: new WaitingLines(limits, isShared), lookupsOf, budget };
  return (client, request, context) => authorize(client, request, context, means);
}
