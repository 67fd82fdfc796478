// One of the proxies on Node, as its own documentation sets it up, with the token injected and a fresh connection on
// both sides for each request: node peer.mjs NAME PORT UPSTREAM TOKEN
import { Agent, createServer } from 'node:http';

const [name, port, upstream, token] = process.argv.slice(2);
const listen = { host: '127.0.0.1', port: Number(port), backlog: 4096 };
const agent = new Agent({ keepAlive: false });
const headers = { authorization: `Bearer ${token}` };

const PEERS = {
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
