// createListener on its own server, as a program would use it: node listener.ts PORT UPSTREAM TOKEN
import { createServer } from 'node:http';
import { createListener } from '../adapters/node-http.ts';

const [port = '', sentryUri = '', token = ''] = process.argv.slice(2);
const listener = createListener({ sentryUri, token, allowAnyClient: true });
const server = createServer((request, response) => {
  // As every contender does.
  response.setHeader('Connection', 'close');
  void listener(request, response);
});
server.listen({ host: '127.0.0.1', port: Number(port), backlog: 4096 });
