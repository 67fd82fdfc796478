// Where a request ends: the same place for the proxy and for Sentry, or the request is refused.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fieldValue } from '../support/message.ts';
import { RawClient } from '../support/raw-client.ts';
import { answer, OK, response } from '../support/upstream.ts';
import type { Contract } from './contract.ts';
import {
  AS_ALIAS,
  AS_SELF,
  following,
  get,
  post,
  postChunked,
  request,
  type Scene,
  SECRET,
  useScene,
} from './scene.ts';

export function framing({ target, test }: Contract): void {
  const scene = useScene(target);
  oneRequest(test, scene);
  refusedFraming(test, scene);
  refusedSyntax(test, scene);
  expectations(test, scene);
  versions(test, scene);
  headerSize(test, scene);
}

type Test = Contract['test'];

/** A connection carries one request: what comes after it is never read as another one. */
function oneRequest(test: Test, scene: Scene): void {
  const second = following();
  for (const [title, first] of Object.entries({
    'a GET': get(AS_ALIAS),
    'a GET of a client that keeps connections alive': get(AS_ALIAS, 'Connection: keep-alive'),
    'a bypassed GET': get(AS_SELF),
    'a body with a length': post('hello', AS_ALIAS),
    'a chunked body': postChunked('5\r\nhello\r\n0\r\n\r\n', AS_ALIAS),
    'a chunked body with trailers': postChunked('5\r\nhello\r\n0\r\nX: y\r\n\r\n', AS_ALIAS),
    'a HEAD': request('HEAD /x HTTP/1.1', [AS_ALIAS]),
    'an HTTP/1.0 request': request('GET /x HTTP/1.0', [AS_ALIAS, 'Connection: keep-alive']),
  })) {
    test(`does not read a second request after ${title}`, async () => {
      const exchange = await scene.exchange(first + second + second);
      assert.equal(exchange.reply.status, 200);
      assert.ok(!exchange.request.target.includes('following'));
      assert.equal(fieldValue(exchange.reply, 'Connection')?.toLowerCase(), 'close');
    });
  }

  test('does not read a second request that comes after the first response began', async () => {
    const [proxy, upstream] = await scene.start();
    const connections = upstream.play(async (connection) => {
      await connection.whole();
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no');
      await once(connection.socket, 'resume-test');
      connection.send('k');
      connection.finish();
    });
    const client = await RawClient.connect(proxy);
    await client.write(get(AS_ALIAS, 'Connection: keep-alive'));
    await client.until((received) => received.endsWith('\r\n\r\no'));
    await client.write(second);
    // Bytes that no one has read yet when the connection is closed make the kernel send a reset in place of a FIN.
    await sleep(100);
    connections[0]!.socket.emit('resume-test');
    const reply = await client.reply(undefined, true);
    // Where the connection is kept, the second request may be read now, and is not to be taken for another test's.
    if (reply.ending === 'open') await sleep(200);
    assert.equal(reply.ending, 'fin');
    assert.equal(reply.content.toString(), 'ok');
    assert.equal(reply.rest.length, 0);
    assert.equal(connections.length, 1);
  });

  test('serves a request that comes a byte at a time', async () => {
    const pieces = [...postChunked('3\r\nabc\r\n0\r\n\r\n', AS_ALIAS)];
    const exchange = await scene.exchange(pieces);
    assert.equal(exchange.reply.status, 200);
    assert.equal(exchange.request.content.toString(), 'abc');
  });
}

function refusedFraming(test: Test, scene: Scene): void {
  const inner = following();
  for (const lines of [
    ['Content-Length: 6', 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked', 'Content-Length: 6'],
    ['Transfer-Encoding: chunked', 'Content-Length: 0'],
    ['Content-Length: 5', 'Content-Length: 5'],
    ['Content-Length: 5', 'Content-Length: 6'],
    ['Content-Length: 5', 'content-length: 5'],
    ['Content-Length: 5, 5'],
    ['Content-Length: 5, 6'],
    ['Content-Length: +5'],
    ['Content-Length: -5'],
    ['Content-Length: -0'],
    ['Content-Length: 0x5'],
    ['Content-Length: 0o5'],
    ['Content-Length: 5e0'],
    ['Content-Length: 5.0'],
    ['Content-Length: 5 5'],
    ['Content-Length: 5_5'],
    ['Content-Length: "5"'],
    ['Content-Length: 5;'],
    ['Content-Length: \xa05'],
    ['Content-Length: \x0b5'],
    ['Content-Length: five'],
    ['Content-Length: '],
    ['Content-Length: 18446744073709551621'],
    ['Content-Length: 99999999999999999999999999'],
    ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
    ['Transfer-Encoding: identity', 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: gzip, chunked'],
    ['Transfer-Encoding: chunked, gzip'],
    ['Transfer-Encoding: chunked, chunked'],
    ['Transfer-Encoding: chunked, identity'],
    ['Transfer-Encoding: chunked,'],
    ['Transfer-Encoding: , chunked'],
    ['Transfer-Encoding: chunked;x=y'],
    ['Transfer-Encoding: "chunked"'],
    ['Transfer-Encoding: xchunked'],
    ['Transfer-Encoding: chunkedx'],
    ['Transfer-Encoding: chunk'],
    ['Transfer-Encoding: identity'],
    ['Transfer-Encoding: gzip'],
    ['Transfer-Encoding: '],
    ['Transfer-Encoding: \x0bchunked'],
    ['Transfer-Encoding: chunked\x0c'],
    ['Transfer-Encoding: chunked\0'],
    ['Transfer-Encoding: \xa0chunked'],
    ['Transfer-Encoding : chunked'],
    ['Transfer-Encoding\t: chunked'],
    [' Transfer-Encoding: chunked'],
    ['Transfer-Encoding:', ' chunked'],
    ['X: y', ' Transfer-Encoding: chunked'],
    ['X: y\nTransfer-Encoding: chunked'],
    ['X: y\rTransfer-Encoding: chunked'],
    ['Content-Length : 5'],
    ['Content-Length\x0b: 5'],
    ['Content-Length:', ' 5'],
  ]) {
    test(`refuses ${JSON.stringify(lines.join(' | '))}`, async () => {
      const bytes = request('POST /x HTTP/1.1', [AS_ALIAS, ...lines], `0\r\n\r\n${inner}`);
      (await scene.exchange(bytes)).refused(400);
    });
  }

  // Each byte that some parser takes for a blank, a line's end or nothing at all, at each place around the field that
  // hides it from one reader and not from the other; Content-Length would then end the body elsewhere.
  const odd = [...'\0\x01\b\t\n\v\f\r\x1c\x1f ,;\x7f\x80\x85\xa0\xff'];
  const places: Record<string, (byte: string) => string> = {
    'before its name': (byte) => `${byte}Transfer-Encoding: chunked`,
    'inside its name': (byte) => `Transfer${byte}Encoding: chunked`,
    'after its name': (byte) => `Transfer-Encoding${byte}: chunked`,
    'after its colon': (byte) => `Transfer-Encoding:${byte}chunked`,
    'inside its value': (byte) => `Transfer-Encoding: chun${byte}ked`,
    'after its value': (byte) => `Transfer-Encoding: chunked${byte}`,
    'before the line before it': (byte) => `X: y${byte}\r\nTransfer-Encoding: chunked`,
    'between it and the line before it': (byte) => `X: y\r\n${byte}\r\nTransfer-Encoding: chunked`,
    'before it, in the line before it': (byte) => `X: y${byte}Transfer-Encoding: chunked`,
    'between it and the line after it': (byte) => `Transfer-Encoding: chunked${byte}X: y`,
  };
  for (const [place, line] of Object.entries(places)) {
    test(`lets no odd byte hide Transfer-Encoding: ${place}`, async () => {
      const body = `0\r\n\r\n${inner}`;
      for (const byte of odd) {
        const fields = [AS_ALIAS, `Content-Length: ${body.length}`, line(byte)];
        const exchange = await scene.exchange(request('POST /x HTTP/1.1', fields, body));
        const what = `byte ${byte.charCodeAt(0)}`;
        if (exchange.reply.status === 400) {
          exchange.refused(400);
          continue;
        }
        // The byte made it the value of another field, or ended the header section before it.
        assert.equal(exchange.reply.status, 200, what);
        assert.match(place, /in the line before it/, what);
        assert.equal(exchange.request.content.toString('latin1'), body.replace('0000', exchange.number), what);
      }
    });
  }

  for (const value of ['005', '0200']) {
    test(`sends Content-Length: ${value} as its number, or refuses it`, async () => {
      const fields = [AS_ALIAS, `Content-Length: ${value}`];
      const exchange = await scene.exchange(request('POST /x HTTP/1.1', fields, 'a'.repeat(Number(value))));
      if (exchange.reply.status !== 200) return exchange.refused(400);
      assert.equal(exchange.request.content.length, Number(value));
    });
  }

  test('refuses a chunked HTTP/1.0 request', async () => {
    const fields = [AS_ALIAS, 'Transfer-Encoding: chunked'];
    (await scene.exchange(request('POST /x HTTP/1.0', fields, '5\r\nhello\r\n0\r\n\r\n'))).refused(400);
  });

  for (const body of [
    '0x5\r\nhello\r\n0\r\n\r\n',
    '+5\r\nhello\r\n0\r\n\r\n',
    '-5\r\nhello\r\n0\r\n\r\n',
    ' 5\r\nhello\r\n0\r\n\r\n',
    '1_0\r\nhello world!!!!!\r\n0\r\n\r\n',
    '5h\r\nhello\r\n0\r\n\r\n',
    'five\r\nhello\r\n0\r\n\r\n',
    '\r\nhello\r\n0\r\n\r\n',
    ';x\r\nhello\r\n0\r\n\r\n',
    '5\nhello\r\n0\r\n\r\n',
    '5\rhello\r\n0\r\n\r\n',
    '5\r\r\nhello\r\n0\r\n\r\n',
    '5\r\nhello0\r\n\r\n',
    '5\r\nhello\n0\r\n\r\n',
    '5\r\nhello\rx0\r\n\r\n',
    '5\r\nhelloXX0\r\n\r\n',
    // CVE-2025-55315 (Kestrel): a chunk extension that ends for one side at LF and for the other at CRLF.
    '5;\nxx\r\nhello\r\n0\r\n\r\n',
    '5;a\rb\r\nhello\r\n0\r\n\r\n',
    '5;a\0b\r\nhello\r\n0\r\n\r\n',
    '5\r\nhello\r\n0\r\n\n',
    '5\r\nhello\r\n0\n\r\n',
    '5\r\nhello\r\n0\r\nX : y\r\n\r\n',
    '5\r\nhello\r\n0\r\nno colon\r\n\r\n',
    '10000000000000005\r\nhello\r\n0\r\n\r\n',
    'fffffffffffffffff\r\nhello\r\n0\r\n\r\n',
  ]) {
    test(`does not let a chunked body look whole: ${JSON.stringify(body)}`, async () => {
      const { reply, connections } = await scene.exchange(postChunked(body + inner, AS_ALIAS));
      assert.ok(reply.status === 400 || reply.status === 0, `status ${reply.status}`);
      for (const connection of connections) assert.ok(!connection.request?.complete, 'it is whole upstream');
    });
  }
}

function refusedSyntax(test: Test, scene: Scene): void {
  const line = 'GET /x HTTP/1.1';
  const host = 'Host: proxy.example';
  for (const [title, bytes] of Object.entries({
    'no Host': `${line}\r\n${AS_ALIAS}\r\n\r\n`,
    'two Hosts': request(line, [host, AS_ALIAS, 'Host: elsewhere.example']),
    'the same Host twice': request(line, [host, AS_ALIAS, host]),
    'an empty Host': request(line, ['Host: ', AS_ALIAS]),
    'two names in Host': request(line, ['Host: proxy.example, elsewhere.example', AS_ALIAS]),
    'a path in Host': request(line, ['Host: proxy.example/x', AS_ALIAS]),
    'a query in Host': request(line, ['Host: proxy.example?x', AS_ALIAS]),
    'a user in Host': request(line, ['Host: user@proxy.example', AS_ALIAS]),
    'a blank in Host': request(line, ['Host: proxy.example x', AS_ALIAS]),
    'no number as port in Host': request(line, ['Host: proxy.example:x', AS_ALIAS]),
    'a blank before the colon of Host': request(line, ['Host : proxy.example', AS_ALIAS]),
    'a blank before a colon': request(line, [AS_ALIAS, 'X-A : b']),
    'a field without a colon': request(line, [AS_ALIAS, 'X-A']),
    'a field without a name': request(line, [AS_ALIAS, ': b']),
    'a field name with a blank': request(line, [AS_ALIAS, 'X A: b']),
    'a field name with a slash': request(line, [AS_ALIAS, 'X/A: b']),
    'a field name that is not ASCII': request(line, [AS_ALIAS, 'X-\xe9: b']),
    'a folded field': request(line, [AS_ALIAS, 'X-A: b', ' c']),
    'folded credentials': request(line, ['Authorization: Bearer', ` ${AS_ALIAS.slice(22)}`]),
    'a folded field before all others': `${line}\r\n X: y\r\n${host}\r\n${AS_ALIAS}\r\n\r\n`,
    'NUL in a field': request(line, [AS_ALIAS, 'X-A: a\0b']),
    'CR in a field': request(line, [AS_ALIAS, 'X-A: a\rb']),
    'LF in a field': request(line, [AS_ALIAS, 'X-A: a\nX-B: c']),
    'DEL in a field': request(line, [AS_ALIAS, 'X-A: a\x7fb']),
    'a control byte in a field': request(line, [AS_ALIAS, 'X-A: a\x01b']),
    'lines that end with LF': request(line, [host, AS_ALIAS]).replaceAll('\r\n', '\n'),
    'lines that end with CR': request(line, [host, AS_ALIAS]).replaceAll('\r\n', '\r'),
    'a header section that ends with LF': `${request(line, [AS_ALIAS]).slice(0, -2)}\n`,
    // CVE-2025-23167 (Node.js): a header section that ended at CRLF, CR, X.
    'a header section that ends with CRLF, CR, X': `${line}\r\n${host}\r\n${AS_ALIAS}\r\n\rX${following()}`,
    'a request line in other characters': request('GET\t/x\tHTTP/1.1', [AS_ALIAS]),
    'two blanks in the request line': request('GET  /x HTTP/1.1', [AS_ALIAS]),
    'a blank before the request line': request(' GET /x HTTP/1.1', [AS_ALIAS]),
    'a blank after the request line': request('GET /x HTTP/1.1 ', [AS_ALIAS]),
    'no target': request('GET HTTP/1.1', [AS_ALIAS]),
    'no method': request('/x HTTP/1.1', [AS_ALIAS]),
    'a method with a colon': request('G:T /x HTTP/1.1', [AS_ALIAS]),
    'a method that is not ASCII': request('G\xcbT /x HTTP/1.1', [AS_ALIAS]),
  })) {
    test(`refuses ${title}`, async () => {
      (await scene.exchange(bytes)).refused(400);
    });
  }

  for (const value of ['proxy.example:8080', '[::1]:8080', '127.0.0.1', 'proxy_1']) {
    test(`takes Host: ${value}`, async () => {
      assert.equal((await scene.exchange(get(`Host: ${value}`, AS_ALIAS))).reply.status, 200);
    });
  }
}

function expectations(test: Test, scene: Scene): void {
  test('answers Expect: 100-continue with 100 and goes on', async () => {
    const [proxy, upstream] = await scene.start();
    const connections = upstream.play(answer(OK));
    const client = await RawClient.connect(proxy, 'POST');
    await client.write(request('POST /x HTTP/1.1', [AS_ALIAS, 'Expect: 100-Continue', 'Content-Length: 5']));
    await client.until((received) => received.includes('100 Continue\r\n\r\n'));
    assert.match(client.received.toString(), /^HTTP\/1\.1 100 /);
    await client.write('hello');
    const reply = await client.reply();
    assert.deepEqual(reply.interim, [100]);
    assert.equal(reply.status, 200);
    assert.equal(connections[0]!.request?.content.toString(), 'hello');
    assert.equal(connections[0]!.request && fieldValue(connections[0]!.request, 'Expect'), undefined);
  });

  for (const value of ['200-ok', 'y 100-continue', '100-continue, x', '100-continuex']) {
    test(`refuses Expect: ${value}`, async () => {
      (await scene.exchange(post(get(AS_ALIAS), AS_ALIAS, `Expect: ${value}`))).refused(400, 417);
    });
  }

  test('sends no 100 to an HTTP/1.0 client', async () => {
    const fields = [AS_ALIAS, 'Expect: 100-continue', 'Content-Length: 5'];
    const { reply } = await scene.exchange(request('POST /x HTTP/1.0', fields, 'hello'));
    assert.equal(reply.status, 200);
    assert.deepEqual(reply.interim, []);
  });
}

function versions(test: Test, scene: Scene): void {
  for (const host of [[], ['Host: proxy.example']]) {
    test(`serves an HTTP/1.0 client ${host.length === 0 ? 'without' : 'with'} Host`, async () => {
      const bytes = `${['GET /x HTTP/1.0', ...host, AS_ALIAS].join('\r\n')}\r\n\r\n`;
      const exchange = await scene.exchange(bytes);
      assert.equal(exchange.reply.status, 200);
      assert.match(exchange.reply.bytes.toString(), /^HTTP\/1\.1 200/);
      assert.equal(exchange.reply.ending, 'fin');
      assert.equal(exchange.request.startLine, 'GET /x HTTP/1.1');
    });
  }

  // RFC 9112 section 6.1: no transfer coding for a client that is not known to understand it.
  test('sends no chunks to an HTTP/1.0 client', async () => {
    const script = answer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n');
    const { reply } = await scene.exchange(request('GET /x HTTP/1.0', [AS_ALIAS]), script);
    assert.equal(reply.framing, 'close');
    assert.equal(reply.content.toString(), 'ok');
    assert.equal(reply.ending, 'fin');
  });

  for (const line of ['GET /x HTTP/2.0', 'GET /x HTTP/9.9', 'GET /x HTTP/0.9', 'GET /x HTTP/1', 'GET /x HTTP/1.10']) {
    test(`refuses the version of ${line}`, async () => {
      (await scene.exchange(request(line, [AS_ALIAS]))).refused(400, 505);
    });
  }

  for (const line of ['GET /x http/1.1', 'GET /x HTTP/ 1.1', 'GET /x HTTPS/1.1', 'GET /x', 'GET /x ICE/1.1']) {
    test(`refuses ${line}`, async () => {
      (await scene.exchange(request(line, [AS_ALIAS]))).refused(400);
    });
  }

  test('refuses the preface of HTTP/2', async () => {
    (await scene.exchange('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')).refused(400, 505);
  });

  test('answers a TLS handshake without reading a request from it', async () => {
    const hello = Buffer.from('16030100c8010000c403030000000000000000000000000000000000', 'hex');
    const { reply, connections } = await scene.exchange([hello, '\r\n\r\n']);
    assert.ok(reply.status === 400 || reply.status === 0);
    assert.deepEqual(connections, []);
  });
}

function headerSize(test: Test, scene: Scene): void {
  const filler = (size: number) => Array.from({ length: size / 100 }, (_, i) => `X-${i}: ${'y'.repeat(90)}`);

  test('takes a header section of 15 KB', async () => {
    const exchange = await scene.exchange(get(AS_ALIAS, ...filler(15_000)));
    assert.equal(exchange.reply.status, 200);
    assert.equal(fieldValue(exchange.request, 'X-149'), 'y'.repeat(90));
  });

  for (const [title, bytes] of Object.entries({
    'a header section of 20 KB': get(AS_ALIAS, ...filler(20_000)),
    'a field of 20 KB': get(AS_ALIAS, `X: ${'y'.repeat(20_000)}`),
    'a target of 20 KB': request(`GET /${'y'.repeat(20_000)} HTTP/1.1`, [AS_ALIAS]),
    'a header section of 20 KB without an end': get(AS_ALIAS, ...filler(20_000)).slice(0, -2),
  })) {
    test(`refuses ${title} with 431`, async () => {
      (await scene.exchange(bytes)).refused(431);
    });
  }

  test('is there for the next client after all of it', async () => {
    const { reply } = await scene.exchange(get(AS_ALIAS), answer(response('200 OK', [], 'still here')));
    assert.equal(reply.content.toString(), 'still here');
    assert.ok(!reply.bytes.includes(SECRET));
  });
}
