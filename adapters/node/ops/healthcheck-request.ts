import type { Finished } from '../../http1/server/owner.ts';

/**
 * The request that the command `healthcheck` sends to the proxy's port if there is no admin listener. Every path there
 * belongs to Sentry, but TRACE is never forwarded: the proxy itself answers it with 405.
 */
export const HEALTHCHECK_REQUEST = { method: 'TRACE', target: '/', status: 405 } as const;

/**
 * Whether a request was a health check. One comes every few seconds, so it is neither logged nor counted as an error.
 */
export const isHealthcheck = ({ method, target, status }: Finished): boolean =>
  method === HEALTHCHECK_REQUEST.method &&
  target === HEALTHCHECK_REQUEST.target &&
  status === HEALTHCHECK_REQUEST.status;
