// How a request with a body is written to Sentry.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import test, { type TestContext } from 'node:test';
import { startProxy } from '../support/proxy-process.ts';
import { send } from '../support/raw-client.ts';

const REQUEST = 'POST /x HTTP/1.1\r\nHost: proxy.example\r\nContent-Length: 5\r\n\r\nhello';

/** An upstream that records the first read of each connection. */
async function startUpstream(context: TestContext): Promise<{ server: Server; reads: string[] }> {
  const reads: string[] = [];
  const server = createServer((socket) => {
    socket.once('data', (bytes) => {
      reads.push(bytes.toString('latin1'));
      socket.end('HTTP/1.1 204 No Content\r\n\r\n');
    });
    socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  return { server, reads };
}

for (const host of ['127.0.0.1', 'localhost']) {
  test(`sends the head and a body that came with it in one piece, to ${host}`, async (context) => {
    const { server, reads } = await startUpstream(context);
    const { port } = server.address() as AddressInfo;
    const proxy = await startProxy(['--token=t', `--sentry-uri=http://${host}:${port}`]);
    context.after(() => proxy.stop());
    assert.equal((await send(proxy, REQUEST)).status, 204);
    assert.match(reads[0]!, /^POST \/x HTTP\/1\.1\r\n.*\r\n\r\nhello$/s);
  });
}
