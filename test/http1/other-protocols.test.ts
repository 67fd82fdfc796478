// Sentry's port is another server's: what it says is refused at once, since it waits for more.
import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { makeTransport } from '../../adapters/http1/client/transport.ts';
import { onlyFields } from '../../src/http/headers.ts';
import type { UpstreamResponse } from '../../src/http/types.ts';
import { type Connection, Upstream } from '../support/upstream.ts';

const upstream = await Upstream.start();
after(() => upstream.stop());

const NEVER = { aborted: false, reason: undefined, addEventListener() {}, removeEventListener() {} };

function request(): Promise<UpstreamResponse> {
  const send = makeTransport({ origin: upstream.uri });
  return send(`${upstream.uri}/`, { method: 'GET', headers: onlyFields([]), body: null, signal: NEVER });
}

const FINISH = (connection: Connection) => connection.finish();
const WAIT = () => {};

for (const [title, bytes, message] of [
  ["SSH's greeting", 'SSH-2.0-OpenSSH_9.2\r\n', 'a malformed status line'],
  ['settings of HTTP/2', Buffer.from('000006040000000000000500004000', 'hex'), 'a malformed status line'],
  ['an alert of TLS', Buffer.from('15030100020246', 'hex'), 'a malformed status line'],
  ['text without a head', 'HTML', 'a malformed status line'],
  ['a head with bare line feeds', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok', 'a line that does not end with CRLF'],
] as const) {
  for (const [way, end] of [
    ['and nothing more', WAIT],
    ['and the end of the connection', FINISH],
  ] as const) {
    test(`refuses ${title} ${way}`, async () => {
      upstream.play(async (connection) => {
        await connection.head();
        connection.send(bytes);
        end(connection);
      });
      await assert.rejects(request(), { name: 'upstream_malformed', message });
    });
  }
}

test('waits for the rest of a head that comes in pieces', async () => {
  upstream.play(async (connection) => {
    await connection.head();
    for (const byte of 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n') {
      connection.send(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  assert.equal((await request()).status, 204);
});
