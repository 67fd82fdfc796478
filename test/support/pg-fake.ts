import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

export interface FakeServer {
  port: number;
  /** The connections that are open. */
  sockets: Set<Socket>;
}

/** Something that listens where a PostgreSQL should, for as long as the test runs. */
export async function fakeServer(test: TestContext, answer: (socket: Socket) => void): Promise<FakeServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    answer(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return { port: (server.address() as { port: number }).port, sockets };
}
