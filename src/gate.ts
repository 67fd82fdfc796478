import { admit, type Gate } from './admission.ts';
import { type AskOptions, askSentry } from './ask-sentry.ts';
import type { Client } from './policy/client.ts';
import type { LimitStore } from './policy/limits.ts';
import { CachedLookUps } from './policy/look-ups.ts';
import type { Admission, IncomingRequest, Trace } from './types.ts';

/** Decides on named clients' requests, with limits and with look-ups at Sentry. */
export function makeGate(limits: LimitStore, asking: AskOptions) {
  const gate: Gate = { limits, lookUps: new CachedLookUps(askSentry(asking), () => performance.now()) };
  return (client: Client, request: IncomingRequest, trace: Trace): Promise<Admission> =>
    admit(client, request, trace, gate);
}
