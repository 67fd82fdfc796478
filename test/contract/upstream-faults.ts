// What clients see of an upstream that does not behave.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { fieldValue, fieldValues } from '../support/message.ts';
import { RawClient, type Reply } from '../support/raw-client.ts';
import { answer, type Connection, OK, response, type Script } from '../support/upstream.ts';
import type { Contract } from './contract.ts';
import { isOwn } from './errors.ts';
import { AS_ALIAS, AS_SELF, get, request, type Scene, useScene } from './scene.ts';

const S200 = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${S200}Transfer-Encoding: chunked\r\n\r\n`;
const LENGTH_100 = `${S200}Content-Length: 100\r\n\r\n`;
const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n';

type Test = Contract['test'];

export function upstreamFaults({ target, test }: Contract): void {
  const scene = useScene(target);
  badGateways(test, scene);
  truncations(test, scene);
  oddities(test, scene);
  earlyAnswers(test, scene, target.hangsUpEarly ? 60_000 : 8_000_000);
  streams(test, scene);

  const tls = useScene(target, { uri: 'https://127.0.0.1:9' });
  test('answers 502 when there is no TLS', async () => {
    const { reply } = await tls.exchange(get(AS_ALIAS));
    assert.equal(reply.status, 502);
    isOwn(reply, false);
  });

  test('is there for the next client after all of it', async () => {
    assert.equal((await scene.exchange(get(AS_ALIAS))).reply.content.toString(), 'ok');
  });
}

/** Everything that is wrong before the header section has ended. */
function badGateways(test: Test, scene: Scene): void {
  const scripts: Record<string, Script> = {
    'closes at once': (connection) => connection.finish(),
    'resets at once': (connection) => void connection.socket.resetAndDestroy(),
    'closes after the request': answer(''),
    'resets after the request': async (connection) => {
      await connection.whole();
      await connection.reset();
    },
    'speaks another protocol': answer('SSH-2.0-OpenSSH_9.6\r\n'),
    'closes inside the status line': answer('HTTP/1.1 20'),
    'closes inside the header section': answer(`${S200}X: 1\r\n`),
    'resets inside the header section': afterwards('reset', `${S200}X: 1\r\n`),
    'sends only interim responses': answer(HINTS),
    'switches protocols': answer('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
  };
  for (const line of [
    'HTTP/1.1 99 X',
    'HTTP/1.1 000 X',
    'HTTP/1.1 2000 X',
    'HTTP/1.1 20x X',
    'HTTP/1.1 +20 X',
    'HTTP/1.1 200X',
    'HTTP/1.1  200 OK',
    'HTTP/1.1\t200 OK',
    'HTTP/1.1 ',
    'HTTP/2.0 200 OK',
    'HTTP/0.9 200 OK',
    'HTTP/11 200 OK',
    'http/1.1 200 OK',
    'ICY 200 OK',
    ' HTTP/1.1 200 OK',
    'HTTP/1.1 200 O\0K',
    'HTTP/1.1 200 O\rK',
  ]) {
    scripts[`sends the status line ${JSON.stringify(line)}`] = answer(`${line}\r\nContent-Length: 2\r\n\r\nok`);
  }
  for (const [fields, body] of [
    ['Content-Length: foo', 'ok'],
    ['Content-Length: -2', 'ok'],
    ['Content-Length: +2', 'ok'],
    ['Content-Length: 0x2', 'ok'],
    ['Content-Length: 2, 2', 'ok'],
    ['Content-Length: ', 'ok'],
    ['Content-Length: 2 2', 'ok'],
    ['Content-Length: 99999999999999999999', 'ok'],
    ['Content-Length: 2\r\nContent-Length: 2', 'ok'],
    ['Content-Length: 2\r\nContent-Length: 5', 'hello'],
    ['Content-Length: 0\r\nTransfer-Encoding: chunked', '0\r\n\r\n'],
    ['Transfer-Encoding: chunked\r\nContent-Length: 0', '0\r\n\r\n'],
    ['Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', '0\r\n\r\n'],
    ['Transfer-Encoding: chunked, chunked', '0\r\n\r\n'],
    ['Transfer-Encoding: foo', 'hello'],
    ['Transfer-Encoding: gzip, chunked', '0\r\n\r\n'],
    ['Transfer-Encoding: chunked, gzip', '0\r\n\r\n'],
    ['Transfer-Encoding: xchunked', '0\r\n\r\n'],
    ['Transfer-Encoding: chunked;x', '0\r\n\r\n'],
    ['Transfer-Encoding: ', '0\r\n\r\n'],
    ['Transfer-Encoding : chunked', '0\r\n\r\n'],
    ['Content-Length : 2', 'ok'],
    ['X: a\0b\r\nContent-Length: 2', 'ok'],
    ['X: a\rSet-Cookie: x=1\r\nContent-Length: 2', 'ok'],
    ['X: a\x01b\r\nContent-Length: 2', 'ok'],
    ['X Y: a\r\nContent-Length: 2', 'ok'],
    ['X\r\nContent-Length: 2', 'ok'],
    [': a\r\nContent-Length: 2', 'ok'],
    [' X: a\r\nContent-Length: 2', 'ok'],
    [`X: ${'a'.repeat(300_000)}\r\nContent-Length: 2`, 'ok'],
    [`${'X: a\r\n'.repeat(50_000)}Content-Length: 2`, 'ok'],
  ] as const) {
    const title = fields.length > 80 ? `a header section of ${fields.length} bytes` : JSON.stringify(fields);
    scripts[`sends ${title}`] = answer(`${S200}${fields}\r\n\r\n${body}`);
  }
  for (const [title, script] of Object.entries(scripts)) {
    test(`answers 502 when the upstream ${title}`, async () => {
      const { reply, connections } = await scene.exchange(get(AS_ALIAS), script);
      assert.equal(reply.status, 502);
      isOwn(reply, false);
      assert.equal(connections.length, 1, 'it was tried again');
    });
  }
}

/** Everything that is wrong after it: a truncated body never looks complete. */
function truncations(test: Test, scene: Scene): void {
  const ten = '0123456789';
  const scripts: Record<string, Script> = {
    'closes inside a Content-Length': answer(LENGTH_100 + ten),
    'resets inside a Content-Length': afterwards('reset', LENGTH_100 + ten),
    'closes before the first of a Content-Length': answer(LENGTH_100),
    'resets inside a Content-Length after Connection: close': afterwards(
      'reset',
      `${S200}Connection: close\r\nContent-Length: 100\r\n\r\n${ten}`,
    ),
    'closes before the last chunk': answer(`${CHUNKED}a\r\n${ten}\r\n`),
    'resets before the last chunk': afterwards('reset', `${CHUNKED}a\r\n${ten}\r\n`),
    'closes inside a chunk': answer(`${CHUNKED}ff\r\n${ten}`),
    'resets inside a chunk': afterwards('reset', `${CHUNKED}ff\r\n${ten}`),
    'closes inside a chunk size': answer(`${CHUNKED}a\r\n${ten}\r\n1`),
    'closes before the end of the trailers': answer(`${CHUNKED}a\r\n${ten}\r\n0\r\n`),
    'closes before the first chunk': answer(CHUNKED),
    'resets a body without framing': afterwards('reset', `${S200}\r\n${ten}`),
  };
  for (const chunk of [
    'zz\r\nhello\r\n',
    '-5\r\nhello\r\n',
    '0x5\r\nhello\r\n',
    '5\nhello\r\n',
    '5\r\nhelloXX',
    '\r\n',
  ]) {
    const bytes = `${CHUNKED}5\r\nhello\r\n${chunk}0\r\n\r\n`;
    scripts[`sends the chunk ${JSON.stringify(chunk)} after a good one`] = answer(bytes);
  }
  for (const [title, script] of Object.entries(scripts)) {
    for (const [way, credentials] of [
      ['injected', AS_ALIAS],
      ['bypassed', AS_SELF],
    ] as const) {
      test(`breaks the connection when the upstream ${title}, ${way}`, async () => {
        const { reply } = await scene.exchange(get(credentials), script);
        isBroken(reply);
      });
    }
  }

  test('breaks the connection of a large body that is cut off', async () => {
    const script = answer(
      Buffer.concat([Buffer.from(`${S200}Content-Length: 4000001\r\n\r\n`), Buffer.alloc(4_000_000)]),
    );
    const { reply } = await scene.exchange(get(AS_ALIAS), script);
    isBroken(reply);
  });
}

function oddities(test: Test, scene: Scene): void {
  const passes = (title: string, bytes: string | Buffer, check: (reply: Reply) => void, method = 'GET') =>
    test(title, async () => {
      const { reply } = await scene.exchange(request(`${method} /x HTTP/1.1`, [AS_ALIAS]), answer(bytes));
      assert.ok(reply.complete);
      check(reply);
    });
  const isOk = (content: string) => (reply: Reply) => {
    assert.equal(reply.status, 200);
    assert.equal(reply.content.toString('latin1'), content);
    assert.deepEqual(reply.interim, []);
  };

  passes('swallows 100', `HTTP/1.1 100 Continue\r\n\r\n${S200}Content-Length: 2\r\n\r\nok`, isOk('ok'));
  passes('swallows 103 and 102', `${HINTS}HTTP/1.1 102 X\r\n\r\n${S200}Content-Length: 2\r\n\r\nok`, (reply) => {
    isOk('ok')(reply);
    assert.deepEqual(fieldValues(reply, 'Link'), []);
  });
  passes('passes a body that ends with the connection', `${S200}\r\nhello`, isOk('hello'));
  passes('passes the body of an HTTP/1.0 response', 'HTTP/1.0 200 OK\r\n\r\nhello', isOk('hello'));
  passes('passes an empty body', `${S200}Content-Length: 0\r\n\r\n`, isOk(''));
  passes('passes an empty chunked body', `${CHUNKED}0\r\n\r\n`, isOk(''));
  passes('passes an empty body that ends with the connection', `${S200}\r\n`, isOk(''));
  passes('passes a chunked body', `${CHUNKED}5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n`, isOk('hello0123456789'));
  passes('takes a status line without a reason', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok', isOk('ok'));
  passes('takes a status line with an empty reason', 'HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok', isOk('ok'));
  passes('drops bytes after a Content-Length', `${S200}Content-Length: 2\r\n\r\nokEXTRA`, isOk('ok'));
  passes('drops bytes after the last chunk', `${CHUNKED}2\r\nok\r\n0\r\n\r\nEXTRA`, isOk('ok'));
  passes('drops a second response', `${S200}Content-Length: 2\r\n\r\nok${OK}`, isOk('ok'));
  passes('takes field names like __proto__', `${S200}__proto__: x\r\nContent-Length: 2\r\n\r\nok`, isOk('ok'));

  const trailers = 'Set-Cookie: t=1\r\nAuthorization: x\r\nX-Checksum: y\r\n';
  passes(
    'drops trailers',
    `${S200}Trailer: X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${trailers}\r\n`,
    (reply) => {
      isOk('ok')(reply);
      assert.ok(!reply.bytes.includes('t=1') && !reply.bytes.includes('X-Checksum'));
    },
  );

  const empty = (status: number) => (reply: Reply) => {
    assert.equal(reply.status, status);
    assert.equal(reply.content.length, 0);
  };
  passes('gives 204 no body', 'HTTP/1.1 204 No Content\r\n\r\n', empty(204));
  passes(
    'gives 204 no body although one came',
    'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello',
    (reply) => {
      empty(204)(reply);
      assert.deepEqual(fieldValues(reply, 'Transfer-Encoding'), []);
    },
  );
  passes('gives 304 no body', 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 100\r\n\r\n', (reply) => {
    empty(304)(reply);
    assert.equal(fieldValue(reply, 'ETag'), '"a"');
  });
  passes('gives 304 no body although one came', 'HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\nhello', empty(304));
  passes(
    'gives 304 no body although a chunked one came',
    'HTTP/1.1 304 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    empty(304),
  );
  passes(
    'gives HEAD the length and no body',
    `${S200}Content-Length: 100\r\n\r\n`,
    (reply) => {
      empty(200)(reply);
      assert.equal(fieldValue(reply, 'Content-Length'), '100');
    },
    'HEAD',
  );
  passes('gives HEAD no body although one came', `${S200}Content-Length: 5\r\n\r\nhello`, empty(200), 'HEAD');
  passes('gives HEAD no body although a chunked one came', `${CHUNKED}2\r\nok\r\n0\r\n\r\n`, empty(200), 'HEAD');
  passes(
    'gives HEAD the encoding of the content',
    `${S200}Content-Encoding: gzip\r\nContent-Length: 100\r\n\r\n`,
    (reply) => {
      empty(200)(reply);
      assert.equal(fieldValue(reply, 'Content-Encoding'), 'gzip');
    },
    'HEAD',
  );

  const zipped = gzipSync('compressed once, and left so');
  for (const [title, fields, content] of [
    ['gzip', ['Content-Encoding: gzip'], zipped],
    ['what only says that it is gzip', ['Content-Encoding: gzip'], Buffer.from([0x1f, 0x8b, 0x08, 0x00])],
    ['an unknown encoding', ['Content-Encoding: x-unknown, br'], Buffer.from('\x00\x01\x02')],
  ] as const) {
    passes(`leaves ${title} as it is`, response('200 OK', fields, content), (reply) => {
      assert.equal(reply.status, 200);
      assert.equal(fieldValue(reply, 'Content-Encoding'), fields[0].slice(18));
      assert.equal(fieldValue(reply, 'Content-Length'), String(content.length));
      assert.ok(reply.content.equals(content));
    });
  }

  for (const status of ['301 Moved', '302 Found', '303 See Other', '307 Temporary', '308 Permanent']) {
    test(`relays the redirect ${status} and does not follow it`, async () => {
      const location = 'Location: /elsewhere';
      const { reply, connections } = await scene.exchange(get(AS_ALIAS), answer(response(status, [location])));
      assert.equal(reply.status, Number(status.slice(0, 3)));
      assert.equal(fieldValue(reply, 'Location'), '/elsewhere');
      assert.equal(connections.length, 1);
    });
  }

  for (const status of ['207 Multi-Status', '299 X', '418 Teapot', '451 X', '499 X', '507 X', '599 X']) {
    test(`passes the status ${status}`, async () => {
      const { reply } = await scene.exchange(get(AS_ALIAS), answer(response(status, [], 'ok')));
      assert.equal(reply.status, Number(status.slice(0, 3)));
      assert.equal(reply.content.toString(), 'ok');
    });
  }
}

/** The upstream answers while the client still sends this many bytes. */
function earlyAnswers(test: Test, scene: Scene, length: number): void {
  const upload = [request('POST /x HTTP/1.1', [AS_ALIAS, `Content-Length: ${length}`]), Buffer.alloc(length)];
  const early = response('413 Content Too Large', [], 'too large');
  const isEarly = (reply: Reply) => {
    assert.equal(reply.status, 413);
    assert.equal(reply.content.toString(), 'too large');
    assert.ok(reply.complete);
  };

  test('passes an early answer during an upload', async () => {
    const script: Script = async (connection) => {
      await connection.head();
      connection.socket.pause();
      connection.send(early);
      connection.finish();
    };
    isEarly((await scene.exchange(upload, script)).reply);
  });

  test('passes an early answer to a client that waits for it', async () => {
    const [proxy, upstream] = await scene.start();
    upstream.play(async (connection) => {
      await connection.head();
      connection.send(early);
      connection.finish();
    });
    const client = await RawClient.connect(proxy, 'POST');
    await client.write(upload[0]!);
    await client.write(Buffer.alloc(length / 80));
    isEarly(await client.reply());
  });

  test('lets a client keep sending after an early answer', async () => {
    const [proxy, upstream] = await scene.start();
    upstream.play(async (connection) => {
      await connection.head();
      connection.send(early);
      connection.finish();
    });
    const client = await RawClient.connect(proxy, 'POST', true);
    await client.write(upload[0]!);
    await client.until((received) => received.endsWith('too large'));
    for (const piece of [10_000, 10_000, 10_000]) {
      await client.write(Buffer.alloc(piece));
      await sleep(50);
    }
    assert.equal(client.socket.errored, null);
    isEarly(await client.reply());
  });

  test('passes an early answer of an upstream that reads the rest', async () => {
    const script: Script = async (connection) => {
      await connection.head();
      connection.send(early);
      await connection.whole();
      connection.finish();
    };
    isEarly((await scene.exchange(upload, script)).reply);
  });

  test('passes an early answer, or 502, when a reset follows it', async () => {
    const script: Script = async (connection) => {
      await connection.head();
      connection.socket.pause();
      connection.send(early);
      await connection.reset();
    };
    const { reply } = await scene.exchange(upload, script);
    if (reply.status !== 502) isEarly(reply);
  });
}

function streams(test: Test, scene: Scene): void {
  /** The client sees each event before the upstream sends the next one. */
  const eachAsItComes = async (head: string, frame: (event: string) => string, end: (c: Connection) => void) => {
    const [proxy, upstream] = await scene.start();
    const client = await RawClient.connect(proxy);
    const events = ['data: one\n\n', 'data: two\n\n', 'data: three\n\n'];
    const seen: boolean[] = [];
    const played = Promise.withResolvers<void>();
    upstream.play(async (connection) => {
      await connection.whole();
      connection.send(head);
      // Some runtimes send the head with the first piece of the content.
      await client.until((received) => received.includes('\r\n\r\n'), 200);
      for (const event of events) {
        connection.send(frame(event));
        await client.until((received) => received.includes(event), 5000);
        seen.push(client.received.includes(event));
      }
      end(connection);
      played.resolve();
    });
    await client.write(get(AS_ALIAS, 'Accept: text/event-stream'));
    assert.notEqual(await Promise.race([played.promise, sleep(30_000, 'late')]), 'late');
    const reply = await client.reply();
    assert.deepEqual(seen, [true, true, true]);
    assert.equal(reply.content.toString(), events.join(''));
    assert.ok(reply.complete);
  };

  test('streams a chunked body as it comes', () =>
    eachAsItComes(
      CHUNKED,
      (event) => `${event.length.toString(16)}\r\n${event}\r\n`,
      (connection) => connection.send('0\r\n\r\n'),
    ));

  test('streams a body that ends with the connection as it comes', () =>
    eachAsItComes(
      `${S200}Content-Type: text/event-stream\r\n\r\n`,
      (event) => event,
      (connection) => connection.finish(),
    ));

  test('streams a body with a length as it comes', () =>
    eachAsItComes(
      `${S200}Content-Length: 35\r\n\r\n`,
      (event) => event,
      () => {},
    ));

  test('ends with the message, not with the connection, of an upstream that keeps it open', async () => {
    const script: Script = async (connection) => {
      await connection.whole();
      connection.send(OK);
    };
    const { reply, connections } = await scene.exchange(get(AS_ALIAS), script);
    assert.equal(reply.content.toString(), 'ok');
    assert.notEqual(await Promise.race([connections[0]!.ended, sleep(3000, 'open')]), 'open');
  });

  test('reads a header section that comes a byte at a time', async () => {
    const script: Script = async (connection) => {
      await connection.whole();
      for (const byte of `${HINTS}${CHUNKED}2\r\nok\r\n0\r\n\r\n`) {
        connection.send(byte);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const { reply } = await scene.exchange(get(AS_ALIAS), script);
    assert.equal(reply.status, 200);
    assert.equal(reply.content.toString(), 'ok');
  });

  test('passes 20 MB down byte for byte', async () => {
    const content = Buffer.alloc(20_000_000, 'the quick brown fox jumps over the lazy dog; ');
    const { reply } = await scene.exchange(get(AS_ALIAS), answer(response('200 OK', [], content)));
    assert.ok(reply.complete);
    assert.ok(reply.content.equals(content));
  });
}

function afterwards(end: 'reset', bytes: string): Script {
  return async (connection) => {
    await connection.whole();
    connection.send(bytes);
    await connection[end]();
  };
}

/** Asserts that no client takes what it got for a whole response; 502 is fine where nothing had been sent yet. */
function isBroken(reply: Reply): void {
  if (reply.status === 502) {
    isOwn(reply, false);
    return;
  }
  assert.ok(!reply.complete, 'it looks complete');
  assert.notEqual(reply.ending, 'open');
}
