import type { ServerResponse } from 'node:http';

/** Milliseconds for the handler's own time limit to come first, which answers 504 where there is still time. */
const GRACE = 1000;

/**
 * Breaks the connection of a response that is not written in time: a client that does not read holds up the
 * response's body, and a body that is not read does not notice its own time limit.
 * @param limit milliseconds; 0: no limit
 */
export function breakOffAfter(limit: number, response: ServerResponse): void {
  if (limit === 0) return;
  const timer = setTimeout(() => response.destroy(), limit + GRACE);
  response.once('close', () => clearTimeout(timer));
}
