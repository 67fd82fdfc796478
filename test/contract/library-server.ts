// createProxy behind a plain node:http server: the glue that a user of the library would write, and no more.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createProxy, type ProxyOptions } from '../../src/index.ts';

const options: ProxyOptions = JSON.parse(process.argv[2]!);
const proxy = createProxy(options);
const server = createServer((incoming, outgoing) => void answer(incoming, outgoing));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.stdout.write(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);

async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const left = new AbortController();
  outgoing.on('close', () => left.abort());
  let request: Request;
  try {
    request = requestOf(incoming, left.signal);
  } catch {
    outgoing.writeHead(400, { Connection: 'close' }).end();
    return;
  }
  const response = await proxy.fetch(request);
  outgoing.writeHead(response.status, response.statusText, [...response.headers].flat());
  if (response.body === null) outgoing.end();
  else await pipeline(response.body, outgoing).catch(() => outgoing.destroy());
}

function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = '', url = '', rawHeaders, headers } = incoming;
  const lines: [string, string][] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) lines.push([rawHeaders[i]!, rawHeaders[i + 1]!]);
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  const body = hasBody ? Readable.toWeb(incoming) : null;
  const init = { method, headers: lines, body, signal, duplex: 'half' };
  return new Request(`http://${headers.host}${url}`, init as RequestInit);
}
