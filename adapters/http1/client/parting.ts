import type { Socket } from 'node:net';

/** Milliseconds to wait for Sentry to close first. */
const PATIENCE = 100;

/** Closes a connection that has carried its request and response. */
export type Part = (socket: Socket) => void;

/**
 * Makes a function that closes connections after Sentry has, if Sentry closes soon. The side that closes first keeps
 * the port for a minute (TIME_WAIT), and the proxy has only so many ports for one address of Sentry's.
 *
 * A server that was told to close does so right after its response. If several connections end in one turn of the
 * event loop, the proxy is busy: one turn later Sentry's FIN is there, and reading it would only cost time. A single
 * one waits.
 */
export function makePart(): Part {
  let leaving: Socket[] = [];
  const part = (): void => {
    const sockets = leaving;
    leaving = [];
    const [only] = sockets;
    if (sockets.length === 1) awaitEnd(only!);
    else for (const socket of sockets) socket.destroy();
  };
  return (socket) => {
    leaving.push(socket);
    if (leaving.length === 1) setImmediate(part);
  };
}

function awaitEnd(socket: Socket): void {
  const close = (): void => void socket.destroy();
  if (socket.readableEnded) close();
  socket.once('end', close);
  socket.setTimeout(PATIENCE, close);
}
