// The ways to end a connection. They show a client whether its response is complete.
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** Bytes that TCP sends without waiting for the other side: ten segments (RFC 6928). */
const SENT_AT_ONCE = 14_000;

/**
 * Whether a connection may be closed as soon as its response is written.
 *
 * Bytes that come when a connection is closed, or were not read before, make the kernel send a reset, after which the
 * rest of the response is lost (RFC 9112 section 9.6). So the sending side is closed first, and what the client sends
 * is read and dropped for a while, unless the client has stopped sending and the whole response is on its way.
 * @param isAllRead whether all bytes that came belong to the request, and nothing of it is still to come
 * @param isEndedByClose whether the response ends with the connection: then it looks broken off after a reset
 */
export function mayCloseAtOnce(socket: Socket, isAllRead: boolean, isEndedByClose: boolean): boolean {
  return isAllRead && !isEndedByClose && socket.bytesWritten <= SENT_AT_ONCE;
}

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
