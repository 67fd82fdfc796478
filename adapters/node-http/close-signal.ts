import type { ServerResponse } from 'node:http';
import { OwnSignal } from '../../src/http/deadline.ts';
import { ProxyError } from '../../src/http/errors.ts';
import type { Signal } from '../../src/http/types.ts';

/**
 * Aborts when a response has closed: the client left, the time was up, or a framework ended the response itself. Each
 * response closes in the end. Once it is complete, nothing listens any more.
 */
export function closeOf(response: ServerResponse): Signal {
  const signal = new OwnSignal();
  const onClose = () => signal.abort(CLOSED);
  if (response.closed || response.destroyed) onClose();
  else response.once('close', onClose);
  return signal;
}

/** The reason that all requests share: a new error for each would cost a stack. */
const CLOSED = new ProxyError('client_gone');
