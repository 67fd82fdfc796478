import { type AdmissionMeans, admit } from './admission.ts';
import { type AskOptions, askSentry } from './ask-sentry.ts';
import type { Client } from './policy/client.ts';
import { BOUNDS, CachedLookUps, type LookUps, ShareOfLookUps } from './policy/look-ups.ts';
import type { LimitStore } from './policy/quotas.ts';
import type { Admission, IncomingRequest, Trace } from './types.ts';

/** What the gate asks Sentry with. */
export interface GateOptions extends AskOptions {
  /** Whether a request may wait for the look-up of another one. Default true. */
  readonly sharesLookUps?: boolean;
}

/** Decides on named clients' requests, with limits and with look-ups at Sentry. */
export function makeGate(limits: LimitStore, { sharesLookUps: isShared = true, ...asking }: GateOptions) {
  const lookUps = new CachedLookUps(askSentry(asking), () => performance.now(), { isShared });
  // By name, and so no more than the clients that a file has had.
  const shares = new Map<string, LookUps>();
  const lookUpsOf = (name: string): LookUps => {
    const share = shares.get(name) ?? new ShareOfLookUps(lookUps, BOUNDS.atATimePerClient);
    shares.set(name, share);
    return share;
  };
  const means: AdmissionMeans = { limits, lookUpsOf };
  return (client: Client, request: IncomingRequest, trace: Trace): Promise<Admission> =>
    admit(client, request, trace, means);
}
