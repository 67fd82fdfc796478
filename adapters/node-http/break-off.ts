import type { ServerResponse } from 'node:http';
import type { Signal } from '../../src/http/types.ts';
import { cut } from '../http1/server/closing.ts';

/** Ends a response that must not look whole. */
export function breakOff(response: ServerResponse): void {
  const socket = response.socket ?? undefined;
  // To an HTTP/1.0 client the end of the connection is the end of the body. HTTP/2 has its own ends.
  const isEndedByClose = response.chunkedEncoding === false && !response.hasHeader('Content-Length');
  if (socket !== undefined && response.headersSent && isEndedByClose) cut(socket, true);
  response.destroy();
  // Adapters of serverless platforms lend a socket that does nothing, and wait until the response ends or fails.
  if (socket !== undefined && socket.destroyed !== true) response.emit('error', new Error('the response broke off'));
}

/** Milliseconds for the handler's own time limit to come first, which answers 504 where there is still time. */
const GRACE = 1000;

/**
 * Breaks off a response that is not written in time: a client that does not read holds up the response's body, and a
 * body that is not read does not notice its own time limit.
 * @param limit milliseconds; 0: no limit
 * @param closing breaks it off as well, once it has begun: before that, the handler answers
 * @param closed aborts when the response has closed
 */
export function breakOffAfter(limit: number, closing: Signal, response: ServerResponse, closed: Signal): void {
  // A signal that has aborted calls nobody any more.
  if (closed.aborted) return;
  const timer = limit === 0 ? undefined : setTimeout(() => breakOff(response), limit + GRACE);
  timer?.unref();
  const onClosing = (): void => {
    if (response.headersSent) breakOff(response);
  };
  const forget = (): void => {
    clearTimeout(timer);
    closing.removeEventListener('abort', onClosing);
  };
  closing.addEventListener('abort', onClosing);
  closed.addEventListener('abort', forget);
  // On serverless platforms a response does not close.
  response.once('finish', forget);
}
