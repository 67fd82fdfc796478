// https to a port that does not speak TLS: the error says so, and not that Sentry failed to answer.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import test from 'node:test';
import { type LogLine, startProxy } from '../support/proxy-process.ts';
import { type Reply, send } from '../support/raw-client.ts';

/** What a client gets, and the log says, where a port does this with the first bytes of a handshake. */
async function ask(answer: (socket: Socket) => void): Promise<{ reply: Reply; line: LogLine }> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => answer(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const proxy = await startProxy([`--sentry-uri=https://127.0.0.1:${port}`, '--token=x', '--write-timeout=1s']);
  try {
    const reply = await send(proxy, 'GET /api/0/ HTTP/1.1\r\nHost: proxy.example\r\n\r\n');
    return { reply, line: await proxy.logged(({ event }) => event === 'request') };
  } finally {
    await proxy.stop();
    server.close();
  }
}

test('says that no connection could be made where a port never answers the handshake', async () => {
  const { reply, line } = await ask(() => {});
  assert.equal(reply.status, 504);
  assert.match(reply.content.toString(), /Could not connect to Sentry in time/);
  assert.deepEqual([line.error, line.cause], ['upstream_connect_timeout', 'the TLS handshake did not end']);
});

for (const [way, end] of [
  ['closes', (socket: Socket) => socket.end()],
  ['resets', (socket: Socket) => socket.resetAndDestroy()],
] as const) {
  test(`says that the connection is not secure where a port ${way} it in the handshake`, async () => {
    const { reply, line } = await ask(end);
    assert.equal(reply.status, 502);
    assert.match(reply.content.toString(), /Could not make a secure connection to Sentry/);
    assert.deepEqual([line.error, line.cause], ['upstream_tls', 'the connection ended in the TLS handshake']);
  });
}
