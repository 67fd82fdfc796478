import type { Finished } from '../../server/connection.ts';

/** A request that is over, with what the policy says about its client. */
export interface FinishedRequest extends Omit<Finished, 'trace'> {
  readonly trace: Finished['trace'] & {
    /** The name of the client that sent it. */
    readonly client?: string;
    /** Why the client was refused, in a word. */
    readonly refusal?: string;
    /** Why an observed client would have been refused, in a word. */
    readonly observed?: string;
  };
}

/** How a request ended: `gone` is the client's own doing, `refused` the proxy's decision, `failed` a fault. */
export type Outcome = 'good' | 'gone' | 'refused' | 'failed';

/** What Sentry answers with a status below 500 is good, whatever it says: it is between the client and Sentry. */
export function outcomeOf({ status, trace: { error } }: FinishedRequest): Outcome {
  if (error === 'client_gone') return 'gone';
  if (status >= 500) return 'failed';
  if (error === undefined) return 'good';
  const isBrokenOff = status < 400;
  return isBrokenOff ? 'failed' : 'refused';
}
