// The upstream of the benchmark, as cheap as Node allows: node bench/upstream.ts PORT [CERTIFICATE KEY]
// It answers every request with 2 KiB of JSON, or with an empty object after an upload, and closes.
import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { LIST } from './upstream-content.ts';

const response = (content: string): Buffer =>
  Buffer.from(
    `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${content.length}\r\nVary: Accept, Cookie\r\n` +
      `Set-Cookie: sentrysid=""; Path=/\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n${content}`,
  );

const FULL = response(LIST);
const EMPTY = response('{}');

const [port, cert, key] = process.argv.slice(2);

function serve(socket: Socket): void {
  let left: number | undefined;
  socket.on('error', () => {});
  socket.on('data', (bytes) => {
    if (left === undefined) {
      const end = bytes.indexOf('\r\n\r\n');
      const length = /^content-length: *(\d+)/im.exec(bytes.toString('latin1', 0, end))?.[1];
      if (length === undefined) {
        socket.end(FULL);
        return;
      }
      left = Number(length) + end + 4;
    }
    left -= bytes.length;
    if (left <= 0) socket.end(EMPTY);
  });
}

const server =
  cert === undefined || key === undefined
    ? createServer(serve)
    : createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, serve);
server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy());
server.listen({ host: '127.0.0.1', port: Number(port), backlog: 4096 });
