// The process of an embedder: it starts a server for each order, all next to each other, and ends it when it is told to.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is said to the process: the options of a server, or without them that it is to end. */
export interface Order {
  id: number;
  options?: unknown;
}

/** What the process says: where the server listens, or why it does not. */
export interface Outcome {
  id: number;
  port?: number;
  error?: string;
}

/** @param makeServer with the options of an order; it does not listen yet. */
export function takeOrders<Options>(makeServer: (options: Options) => Server): void {
  const servers = new Map<number, Server>();
  const tell = (outcome: Outcome): void => void process.send!(outcome);
  process.on('message', ({ id, options }: Order) => {
    if (options === undefined) {
      servers.get(id)?.closeAllConnections();
      servers.get(id)?.close();
      servers.delete(id);
      return;
    }
    try {
      const server = makeServer(options as Options);
      servers.set(id, server);
      server.listen(0, '127.0.0.1', () => tell({ id, port: (server.address() as AddressInfo).port }));
    } catch (error) {
      tell({ id, error: String(error) });
    }
  });
}
