// What two connections for each request cost on Node: a relay on node:net that reads no HTTP. It puts the token behind
// the request line, and relays bytes until Sentry closes: node floor.mjs PORT UPSTREAM TOKEN
import { connect, createServer } from 'node:net';

const [port, upstream, token] = process.argv.slice(2);
const { hostname, port: upstreamPort } = new URL(upstream);
const fields = Buffer.from(`\r\nAuthorization: Bearer ${token}\r\nConnection: close`);

const server = createServer({ allowHalfOpen: true }, (client) => {
  let sentry;
  client.on('error', () => sentry?.destroy());
  client.on('data', (bytes) => {
    if (sentry !== undefined) {
      sentry.write(bytes);
      return;
    }
    const lineEnd = bytes.indexOf('\r\n');
    sentry = connect(Number(upstreamPort), hostname);
    sentry.on('error', () => client.destroy());
    sentry.on('data', (answer) => client.write(answer));
    sentry.on('close', () => client.destroySoon());
    sentry.write(Buffer.concat([bytes.subarray(0, lineEnd), fields, bytes.subarray(lineEnd)]));
  });
});
server.listen({ host: '127.0.0.1', port: Number(port), backlog: 4096 });
