// The ways to end a connection, which tell a client whether it has a whole response.
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** Ends a connection whose response is whole, once everything is sent. */
export function closeOnceSent(socket: Socket): void {
  // RFC 8446 section 6.1: an end without close_notify looks like a truncation, which only an orderly end avoids.
  const isEndedByClose = socket.writableLength === 0 && !(socket instanceof TLSSocket);
  // Closing alone ends the sending side as well, which saves a system call.
  if (isEndedByClose) socket.destroy();
  else socket.destroySoon();
}

/**
 * Ends a connection whose response is not whole.
 * @param isReset whether the response's end is the close of the connection: it looks whole after anything but a reset
 */
export function cut(socket: Socket, isReset: boolean): void {
  if (isReset) reset(socket);
  else socket.destroy();
}

/** Only TCP has resets. Over TLS an end without close_notify says as much (RFC 8446 section 6.1). */
function reset(socket: Socket): void {
  try {
    socket.resetAndDestroy();
  } catch {
    socket.destroy();
  }
}
