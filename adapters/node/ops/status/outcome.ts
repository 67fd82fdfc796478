import type { Finished } from '../../../http1/server/owner.ts';

/** How a request ended: `gone` is the client's own doing, `refused` the proxy's decision, `failed` a fault. */
type Outcome = 'good' | 'gone' | 'refused' | 'failed';

/** A response from Sentry with a status below 500 is good: its content is between the client and Sentry. */
export function outcomeOf({ status, trace: { error } }: Finished): Outcome {
  if (error === 'client_gone') return 'gone';
  if (status >= 500) return 'failed';
  if (error === undefined) return 'good';
  const isBrokenOff = status < 400;
  return isBrokenOff ? 'failed' : 'refused';
}
