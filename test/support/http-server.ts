// A node:http server for the length of a test, and what the tests of its listeners look at.
import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import type { TestContext } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { endsWithTestFile } from './test-file.ts';

/** Listens on a free port of 127.0.0.1 for as long as the test runs. */
export async function serveHttp(
  t: TestContext,
  listener: RequestListener,
  options: ServerOptions = {},
): Promise<Server> {
  const server = createServer(options, listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const end = () => {
    server.close();
    server.closeAllConnections();
  };
  const forget = endsWithTestFile(end);
  t.after(() => {
    forget();
    end();
  });
  return server;
}

export const portOf = (server: Server): number => (server.address() as { port: number }).port;

export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}
