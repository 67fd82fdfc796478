import type { ServerResponse } from 'node:http';
import type { Signal } from '../../src/http/types.ts';

/** Milliseconds for the handler's own time limit to come first, which answers 504 where there is still time. */
const GRACE = 1000;

/**
 * Breaks the connection of a response that is not written in time: a client that does not read holds up the
 * response's body, and a body that is not read does not notice its own time limit.
 * @param limit milliseconds; 0: no limit
 * @param closing breaks it off as well, once it has begun: before that, the handler answers
 */
export function breakOffAfter(limit: number, closing: Signal, response: ServerResponse): void {
  const timer = limit === 0 ? undefined : setTimeout(() => response.destroy(), limit + GRACE);
  timer?.unref();
  const onClosing = (): void => {
    if (response.headersSent) response.destroy();
  };
  closing.addEventListener('abort', onClosing);
  response.once('close', () => {
    clearTimeout(timer);
    closing.removeEventListener('abort', onClosing);
  });
}
