import { freeAtEnd } from '../bodies/free-at-end.ts';
import type { RequestContext } from '../http/request-context.ts';
import type { IncomingRequest } from '../http/types.ts';
import type { Client } from '../policy/client.ts';
import type { Acquisition } from './local-limits.ts';

/** The limit that a client has exceeded. */
export interface OverLimit {
  readonly reason: 'rate' | 'concurrency';
  /** Whole seconds, at least 1. */
  readonly retryAfterSeconds: number;
}

/**
 * Holds the place of a request that its client's limits have given it, until it ends.
 * @param taking the answer of the limits
 * @returns the limit that has no place for it
 */
export async function acquirePlace(
  client: Client,
  request: IncomingRequest,
  trace: RequestContext,
  taking: Acquisition | Promise<Acquisition>,
): Promise<OverLimit | undefined> {
  const taken = await taking;
  if (!taken.ok) return { reason: taken.over, retryAfterSeconds: taken.retryAfterSeconds };
  // A rate has nothing to free.
  if (client.concurrency !== undefined) freeAtEnd(request, trace, taken.release);
  return undefined;
}

/** The reason of a refusal, which names the client. */
export const overLimitText = ({ name }: Client, { reason }: OverLimit): string => `client ${name} ${TEXTS[reason]}`;

const TEXTS: Readonly<Record<OverLimit['reason'], string>> = {
  rate: 'has exceeded its rate',
  concurrency: 'has reached its concurrency limit',
};
