// A node:http server as a user of the library writes it: the options of the listener and of the server, as JSON.
import { createServer } from 'node:http';
import { createListener } from '../../adapters/node-http.ts';

const [listenerOptions = '', serverOptions = ''] = process.argv.slice(2);
const listener = createListener(JSON.parse(listenerOptions));
const server = createServer(JSON.parse(serverOptions), listener).listen(0, '127.0.0.1', () => {
  const { port } = server.address() as { port: number };
  process.stdout.write(`http://127.0.0.1:${port}\n`);
});
