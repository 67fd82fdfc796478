// A way to a server that counts the connections made, and that can be closed and opened again.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { endsWithTestFile } from './test-file.ts';

export class Relay {
  readonly #to: number;
  #server: Server | undefined;
  #port = 0;
  #forget = () => {};
  readonly #sockets = new Set<Socket>();
  /** Connections that were made, since it was first opened. */
  connections = 0;

  /** @param to the port on 127.0.0.1 that it leads to. */
  constructor(to: number) {
    this.#to = to;
  }

  /** Its own port on 127.0.0.1, which it keeps; 0 before it was first opened. */
  get port(): number {
    return this.#port;
  }

  async open(): Promise<void> {
    this.#server = createServer((socket) => {
      this.connections++;
      const onward = connect(this.#to, '127.0.0.1');
      for (const [one, other] of [
        [socket, onward],
        [onward, socket],
      ] as const) {
        this.#sockets.add(one);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          this.#sockets.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
    this.#forget = endsWithTestFile(() => this.close());
  }

  /** From now on nothing passes on the connections that there are, and neither side hears of it. */
  silence(): void {
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  /** Ends the connections through it, and refuses new ones from now on. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    this.#forget();
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(server, 'close');
  }
}
