import type { Finished } from '../server/connection.ts';

/**
 * What the command `healthcheck` asks the proxy's own port where there is no admin listener. Every path there belongs
 * to Sentry, but TRACE is never forwarded: the proxy itself answers it with 405.
 */
export const HEALTHCHECK_REQUEST = { method: 'TRACE', target: '/', status: 405 } as const;

/** Whether a request was a health check: one every few seconds, which is neither an error nor worth a line in the log. */
export const isHealthcheck = ({ method, target, status }: Finished): boolean =>
  method === HEALTHCHECK_REQUEST.method &&
  target === HEALTHCHECK_REQUEST.target &&
  status === HEALTHCHECK_REQUEST.status;
