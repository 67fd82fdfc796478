import { type AdmissionMeans, admit } from '../enforce/authorize.ts';
import type { LimitStore } from '../enforce/local-limits.ts';
import { BOUNDS, CachedLookUps, type LookUps, ShareOfLookUps } from '../enforce/lookups.ts';
import { type AskOptions, askSentry } from '../enforce/sentry-api.ts';
import type { Admission, Budget, IncomingRequest, Signal, Trace } from '../http/types.ts';
import type { Client } from '../policy/client.ts';

/** What the gate asks Sentry with. */
export interface GateOptions extends AskOptions {
  /** For bodies that are read for a check. */
  readonly budget: Budget;
  /** Whether a request may wait for the look-up of another one. Default true. */
  readonly sharesLookUps?: boolean;
}

/** Decides on named clients' requests, with limits and with look-ups at Sentry. */
export function makeGate(limits: LimitStore, { budget, sharesLookUps: isShared = true, ...asking }: GateOptions) {
  const lookUps = new CachedLookUps(askSentry(asking), () => performance.now(), { isShared });
  // By name, and so no more than the clients that a file has had.
  const shares = new Map<string, ShareOfLookUps>();
  const lookUpsOf = (name: string, signal: Signal): LookUps => {
    const share = shares.get(name) ?? new ShareOfLookUps(lookUps, BOUNDS.atATimePerClient);
    shares.set(name, share);
    return share.of(signal);
  };
  const means: AdmissionMeans = { limits, lookUpsOf, budget };
  return (client: Client, request: IncomingRequest, trace: Trace): Promise<Admission> =>
    admit(client, request, trace, means);
}
