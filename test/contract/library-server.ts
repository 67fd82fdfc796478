// createProxy behind a plain node:http server: only the glue that a user of the library would write.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createProxy, type ProxyOptions } from '../../src/index.ts';
import { takeOrders } from './embedder-process.ts';

takeOrders((options: ProxyOptions) => {
  const proxy = createProxy(options);
  return createServer((incoming, outgoing) => void answer(proxy, incoming, outgoing));
});

async function answer(
  proxy: ReturnType<typeof createProxy>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
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
