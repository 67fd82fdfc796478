import type { ServerResponse } from 'node:http';
import { OwnSignal } from '../../src/http/deadline.ts';
import { ProxyError } from '../../src/http/errors.ts';
import type { Signal } from '../../src/http/types.ts';

/**
 * Aborts when a response has closed: the client left, the time was up, or a framework ended the response itself. Each
 * response closes in the end. Once it is complete, nothing listens any more.
 * @param connection aborts when the connection of a response has ended that waits behind others
 */
export function closeOf(response: ServerResponse, connection?: Signal): Signal {
  const signal = new OwnSignal();
  const onClose = () => {
    connection?.removeEventListener('abort', onClose);
    signal.abort(CLOSED);
  };
  // Node would end the process for an error that nobody listens for, such as a write to a response that a framework ended.
  response.on('error', onClose);
  response.once('close', onClose);
  connection?.addEventListener('abort', onClose);
  if (response.closed || response.destroyed || connection?.aborted) onClose();
  return signal;
}

/** The reason that all requests share: a new error for each would cost a stack. */
export const CLOSED = new ProxyError('client_gone');
