// One of the proxies on Node, set up as its own documentation does, with the token injected and a fresh connection on
// both sides for each request: node peer.mjs NAME PORT UPSTREAM TOKEN
import { Agent, createServer, request as send } from 'node:http';

const [name, port, upstream, token] = process.argv.slice(2);
const listen = { host: '127.0.0.1', port: Number(port), backlog: 4096 };
const agent = new Agent({ keepAlive: false });
const headers = { authorization: `Bearer ${token}` };

const PEERS = {
  /** The least that a careful person writes on node:http. */
  bare() {
    const { hostname, port: upstreamPort } = new URL(upstream);
    const server = createServer((request, response) => {
      const { host, connection, 'accept-encoding': encoding, ...rest } = request.headers;
      const options = { host: hostname, port: upstreamPort, method: request.method, path: request.url, agent };
      const outgoing = send({ ...options, headers: { ...rest, ...headers } }, (answer) => {
        const { 'set-cookie': cookies, connection: theirs, ...fields } = answer.headers;
        response.writeHead(answer.statusCode, { ...fields, connection: 'close' });
        answer.pipe(response);
        answer.on('error', () => response.destroy());
      });
      outgoing.on('error', () => response.destroy());
      response.on('close', () => outgoing.destroy());
      request.pipe(outgoing);
    });
    server.listen(listen);
  },

  async httpxy() {
    const { createProxyServer } = await import('httpxy');
    const proxy = createProxyServer({ target: upstream, agent, headers });
    const server = createServer((request, response) => {
      response.setHeader('connection', 'close');
      proxy.web(request, response);
    });
    server.listen(listen);
  },

  async fastify() {
    const { default: fastify } = await import('fastify');
    const { default: httpProxy } = await import('@fastify/http-proxy');
    const app = fastify();
    app.register(httpProxy, {
      upstream,
      http: { agents: { 'http:': agent } },
      replyOptions: { rewriteRequestHeaders: (_request, given) => ({ ...given, ...headers }) },
    });
    app.addHook('onSend', async (_request, reply) => {
      reply.header('connection', 'close');
    });
    await app.listen(listen);
  },
};

await PEERS[name]();
