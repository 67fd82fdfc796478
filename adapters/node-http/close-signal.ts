import type { ServerResponse } from 'node:http';
import { ProxyError } from '../../src/http/errors.ts';
import type { Signal } from '../../src/http/types.ts';

/**
 * Aborts when a response has closed: the client left, the time was up, or a framework ended the response itself. Each
 * response closes in the end. Once it is complete, nothing listens any more.
 */
export function closeOf(response: ServerResponse): Signal {
  const controller = new AbortController();
  const onClose = () => controller.abort(CLOSED);
  if (response.closed || response.destroyed) onClose();
  else response.once('close', onClose);
  return controller.signal;
}

/** The reason that all requests share: a new one for each costs Node a `DOMException` with its stack. */
const CLOSED = new ProxyError('client_gone');
