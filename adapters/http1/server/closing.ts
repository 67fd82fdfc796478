// The ways to end a connection. They show a client whether its response is complete.
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** Ends a connection whose response is complete, once everything is sent. */
export function closeOnceSent(socket: Socket): void {
  // RFC 8446 section 6.1: an end without close_notify looks like a truncation, so end in order.
  const isEndedByClose = socket.writableLength === 0 && !(socket instanceof TLSSocket);
  // Closing alone ends the sending side as well, which saves a system call.
  if (isEndedByClose) socket.destroy();
  else socket.destroySoon();
}

/**
 * Ends a connection whose response is not complete.
 * @param isReset whether the response ends with the connection: then it looks complete after anything but a reset
 */
export function cut(socket: Socket, isReset: boolean): void {
  if (isReset) reset(socket);
  else socket.destroy();
}

/** TCP has resets. Over TLS an end without close_notify means the same (RFC 8446 section 6.1). */
function reset(socket: Socket): void {
  try {
    socket.resetAndDestroy();
  } catch {
    socket.destroy();
  }
}
