import type { Socket } from 'node:net';

type Done = (error?: Error | null) => void;

/**
 * Keeps a socket readable after a write to it has failed.
 *
 * A server that answers without reading the whole request closes the connection, and the kernel sends a reset for what
 * was not read. The response has arrived by then, but Node destroys a socket at once if a write fails. So the failure
 * goes to `failed`, and the stream takes the write for done. How the connection ended shows when it is read to its end.
 */
export function outliveFailedWrites(socket: Socket, failed: (error: Error) => void): void {
  const { _write, _writev } = socket;
  const forgiving =
    (done: Done): Done =>
    (error) => {
      if (error != null) failed(error);
      done();
    };
  socket._write = (chunk, encoding, done) => _write.call(socket, chunk, encoding, forgiving(done));
  if (_writev !== undefined) socket._writev = (chunks, done) => _writev.call(socket, chunks, forgiving(done));
}
