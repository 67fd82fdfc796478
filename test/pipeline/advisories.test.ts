// What went wrong in other proxies and HTTP implementations, and must not go wrong here. Each test names the advisories
// that it is drawn from; some of those were about servers that a proxy is there to shield.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { AS_ALIAS, AS_SELF, get, INJECTED, post, postChunked, request, useScene } from '../contract/scene.ts';
import { node } from '../contract/targets.ts';
import { fieldValue, fieldValues } from '../support/message.ts';
import { RawClient } from '../support/raw-client.ts';
import { answer, OK, response } from '../support/upstream.ts';

const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n';

describe('framing of requests', () => {
  const scene = useScene(node);

  for (const method of ['DELETE', 'OPTIONS']) {
    it(`CVE-2026-29057 (Next.js, http-proxy): a chunked ${method} is not sent as if it had no body`, async () => {
      const size = HIDDEN.length.toString(16);
      const { request: sent } = await scene.exchange(
        request(`${method} /a HTTP/1.1`, [AS_ALIAS, 'Transfer-Encoding: chunked'], `${size}\r\n${HIDDEN}\r\n0\r\n\r\n`),
      );
      assert.equal(fieldValue(sent, 'Content-Length'), String(HIDDEN.length));
      assert.equal(sent.content.toString(), HIDDEN);
    });
  }

  const refusedBodies: Record<string, string> = {
    'CVE-2025-55315 (Kestrel): LF alone in a chunk extension': '5;a\n\r\nhello\r\n0\r\n\r\n',
    'CVE-2025-55315 (Kestrel): CR alone in a chunk extension': '5;a\rb\r\nhello\r\n0\r\n\r\n',
    'CVE-2025-22871 (Go): LF alone behind a chunk size': '5\nhello\r\n0\r\n\r\n',
    'CVE-2013-2028 (nginx): a chunk size beyond 64 bits': 'ffffffffffffffff1\r\nhello\r\n0\r\n\r\n',
    'CVE-2015-3183 (Apache): a chunk size with other characters': '5 x\r\nhello\r\n0\r\n\r\n',
    'CVE-2024-22019 (Node), CVE-2023-39326 (Go), CVE-2024-21647 (Puma): a chunk extension without an end': `5;${'a'.repeat(5000)}\r\nhello\r\n0\r\n\r\n`,
    'CVE-2023-40175 (Puma): trailers that are no fields': '5\r\nhello\r\n0\r\nGET / HTTP/1.1\r\n\r\n',
  };
  for (const [title, body] of Object.entries(refusedBodies)) {
    it(`${title} is refused`, async () => (await scene.exchange(postChunked(body, AS_ALIAS))).refused(400));
  }

  const refusedFields: Record<string, string[]> = {
    'CVE-2026-2835 (Pingora): both lengths': ['Content-Length: 5', 'Transfer-Encoding: chunked'],
    'CVE-2026-1525 (undici): two lengths in other cases': ['Content-Length: 5', 'content-length: 6'],
    'CVE-2023-40225 (HAProxy): an empty length before another': ['Content-Length:', 'Content-Length: 5'],
    'CVE-2019-18277 (HAProxy): a vertical tab before the coding': [
      'Transfer-Encoding: \x0bchunked',
      'Content-Length: 5',
    ],
    'CVE-2022-32213 (Node): a coding that is not quite chunked': ['Transfer-Encoding: chunkedchunked'],
    'CVE-2022-32215 (Node): a coding over two lines': ['Transfer-Encoding: chunked', ' , identity'],
    'CVE-2022-1705 (Go): a coding that is unknown': ['Transfer-Encoding: identity, chunked'],
    'CVE-2024-1135 (Gunicorn): two codings that differ': ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
    'CVE-2021-22959 (Node), CVE-2019-16276 (Go): a blank before the colon': ['Transfer-Encoding : chunked'],
    'CVE-2024-27982 (Node): a blank before the length': [' Content-Length: 5'],
    'CVE-2023-25725 (HAProxy): a field without a name': [': x', 'Content-Length: 5'],
    'CVE-2023-30589 (Node): CR alone between fields': ['X: y\rTransfer-Encoding: chunked'],
    'CVE-2025-23167 (Node): a head that ends with CR and another character': ['X: y\r\n\rX', 'Content-Length: 5'],
  };
  for (const [title, fields] of Object.entries(refusedFields)) {
    it(`${title} is refused`, async () => {
      const head = `POST /a HTTP/1.1\r\nHost: x\r\n${AS_ALIAS}\r\n${fields.join('\r\n')}\r\n\r\n`;
      (await scene.exchange(`${head}0\r\n\r\n`)).refused(400);
    });
  }

  it('CVE-2026-28369 (Undertow): a blank before the first field is refused', async () => {
    (await scene.exchange(`GET /a HTTP/1.1\r\n Host: x\r\n${AS_ALIAS}\r\n\r\n`)).refused(400);
  });

  it('CVE-2026-2835 (Pingora): a chunked HTTP/1.0 request is refused', async () => {
    const fields = ['Host: x', AS_ALIAS, 'Transfer-Encoding: chunked'];
    (await scene.exchange(request('POST /a HTTP/1.0', fields, `0\r\n\r\n${HIDDEN}`))).refused(400);
  });

  it('CVE-2021-40346 (HAProxy): a name that overflows its length is a name like any other', async () => {
    const long = `Content-Length0${'a'.repeat(255)}`;
    const { request: sent } = await scene.exchange(post(HIDDEN, AS_ALIAS, `${long}:`));
    assert.deepEqual(fieldValues(sent, 'Content-Length'), [String(HIDDEN.length)]);
    assert.deepEqual(fieldValues(sent, long), ['']);
    assert.equal(sent.content.toString(), HIDDEN);
  });

  for (const upgrade of ['websocket', 'h2c', 'foo']) {
    it(`CVE-2026-2833 (Pingora): what follows Upgrade: ${upgrade} is not passed on`, async () => {
      const fields = ['Connection: Upgrade, HTTP2-Settings', `Upgrade: ${upgrade}`, 'HTTP2-Settings: AAMAAABk'];
      const { request: sent } = await scene.exchange(get(AS_ALIAS, ...fields) + HIDDEN);
      for (const name of ['Upgrade', 'HTTP2-Settings']) assert.deepEqual(fieldValues(sent, name), []);
      assert.equal(fieldValue(sent, 'Connection'), 'close');
    });
  }

  it('CVE-2022-23959 (Varnish), CVE-2025-4366 (Pingora): what is left of a body after an early answer is no request', async () => {
    const [proxy, upstream] = await scene.start();
    const connections = upstream.play(async (connection) => {
      await connection.head();
      connection.send(OK);
      connection.finish();
    });
    const client = await RawClient.connect(proxy, 'POST');
    await client.write(request('POST /a HTTP/1.1', [AS_ALIAS, 'Content-Length: 2000000']));
    await client.until((received) => received.includes('HTTP/1.1 200'));
    await client.write(HIDDEN.repeat(100));
    const reply = await client.reply();
    assert.equal(reply.status, 200);
    assert.equal(reply.rest.length, 0);
    assert.equal(connections.length, 1);
  });

  it('CVE-2019-20372 (nginx): what follows a request that is answered with an error is no request', async () => {
    const exchange = await scene.exchange(request('TRACE /a HTTP/1.1', [AS_ALIAS, 'Content-Length: 5'], HIDDEN));
    exchange.refused(405);
    assert.equal(exchange.connections.length, 0);
  });

  it('CVE-2024-24791, CVE-2020-15586 (Go): a final answer to Expect: 100-continue leaves nothing behind', async () => {
    const refusal = response('413 Content Too Large');
    for (let i = 0; i < 3; i++) {
      const { reply } = await scene.exchange(
        request('POST /a HTTP/1.1', [AS_ALIAS, 'Expect: 100-continue', 'Content-Length: 5']),
        async (connection) => {
          await connection.head();
          connection.send(refusal);
          connection.finish();
        },
      );
      assert.equal(reply.status, 413);
      const next = await scene.exchange(post('hello', AS_ALIAS));
      assert.equal(next.reply.status, 200);
      assert.equal(next.request.content.toString(), 'hello');
    }
  });
});

describe('fields of requests', () => {
  const scene = useScene(node);

  // Also CVE-2026-33433's class (Traefik): a name that only the server takes for the one that the proxy guards.
  for (const named of [
    'Authorization',
    'authorization, Host',
    'close, X-Request-Id, Authorization',
    ', authorization',
  ]) {
    it(`@fastify/reply-from before 12.6.2, CVE-2022-31813 (Apache), CVE-2024-45410 (Traefik), CVE-2022-45059 (Varnish): Connection: ${named} strips nothing that the proxy adds`, async () => {
      const { request: sent } = await scene.exchange(get(AS_ALIAS, `Connection: ${named}`));
      assert.equal(fieldValue(sent, 'Authorization'), INJECTED);
      assert.ok(fieldValue(sent, 'Host'));
      assert.ok(fieldValue(sent, 'X-Request-Id'));
    });
  }

  it('CVE-2021-33197 (Go): an empty Connection before another one hides nothing', async () => {
    const fields = ['Connection:', 'Connection: X-Secret', 'X-Secret: y', 'X-Forwarded-For: 10.0.0.1'];
    const { request: sent } = await scene.exchange(get(AS_ALIAS, ...fields));
    for (const name of ['X-Secret', 'X-Forwarded-For']) assert.deepEqual(fieldValues(sent, name), [], name);
  });

  it('CVE-2024-45614 (Puma), CVE-2015-0219 (Django): a name with underscores does not stand for one with hyphens', async () => {
    for (const credentials of [AS_ALIAS, AS_SELF]) {
      const { request: sent } = await scene.exchange(
        post('hello', credentials, 'X_Forwarded_For: 10.0.0.1', 'X-Forwarded_Host: a', 'Content_Length: 0'),
      );
      for (const name of ['X_Forwarded_For', 'X-Forwarded_Host', 'Content_Length', 'Transfer_Encoding']) {
        assert.deepEqual(fieldValues(sent, name), [], name);
      }
      assert.equal(sent.content.toString(), 'hello');
    }
  });

  it('CVE-2026-21710 (Node): __proto__ and the like are names of fields like any other', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    const { request: sent } = await scene.exchange(get(AS_ALIAS, ...names.map((name) => `${name}: x`)));
    for (const name of names) assert.deepEqual(fieldValues(sent, name), ['x'], name);
  });

  for (const host of ['x/../y', 'x?y', 'x y', 'x@y', 'x\\y', '[::1', 'x:y', 'x#y']) {
    it(`CVE-2023-29406 (Go): Host: ${host} is refused`, async () =>
      (await scene.exchange(get(AS_ALIAS, `Host: ${host}`))).refused(400));
  }

  it('CVE-2023-51701 (@fastify/reply-from), CVE-2025-32997, CVE-2026-55603 (http-proxy-middleware): a body is never read and written anew', async () => {
    const body = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\x00\xff--x--';
    for (const type of ['application/json ; charset=utf-8', 'multipart/form-data; boundary=x', 'application/json']) {
      const { request: sent } = await scene.exchange(post(body, AS_ALIAS, `Content-Type: ${type}`));
      assert.equal(sent.content.toString('latin1'), body);
      assert.equal(fieldValue(sent, 'Content-Type'), type);
    }
  });
});

describe('targets', () => {
  const scene = useScene(node);

  for (const target of ['/a\x20HTTP/1.1\x20/b', '/a\x20\x00/../b', '/a\t/b', '/a\x7f', '/a#b', '/#/../b', '/\xe4']) {
    const escaped = JSON.stringify(target);
    it(`CVE-2013-4547 (nginx), CVE-2023-45539 (HAProxy): ${escaped} is refused`, async () =>
      (await scene.exchange(request(`GET ${target} HTTP/1.1`, [AS_ALIAS]))).refused(400));
  }

  for (const target of [
    '/a%20HTTP/1.1%0d%0aHost:%20x%0d%0a%0d%0aGET%20/b',
    '/?a=%zz;b=%&a=2&%00',
    '//x@y/z',
    '/%2f%2e%2e%2f',
    '/a?b=http://169.254.169.254/',
  ]) {
    it(`CVE-2023-25690 (Apache), CVE-2022-31150 (undici), CVE-2022-2880 (Go), CVE-2024-21536 (http-proxy-middleware): ${target} is passed byte for byte`, async () => {
      const { request: sent } = await scene.exchange(request(`GET ${target} HTTP/1.1`, [AS_ALIAS]));
      assert.equal(sent.target, target);
    });
  }

  it('CVE-2022-35949 (undici), CVE-2021-40438 (Apache), CVE-2026-44578 (Next.js): no target leads to another server', async (t) => {
    const visits: unknown[] = [];
    const elsewhere = createServer((socket) => void visits.push(socket.destroy()));
    elsewhere.listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    t.after(() => elsewhere.close());
    const there = `127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
    for (const [target, host, ...fields] of [
      [`http://${there}/`, 'x'],
      [`http://${there}/`, there],
      [`//${there}/`, 'x'],
      [`/\\${there}/`, 'x'],
      [`/@${there}/`, 'x'],
      ['/', there],
      ['/', 'x', `X-Forwarded-Host: ${there}`, `Forwarded: host="${there}"`],
      [`http://${there}/`, there, 'Connection: Upgrade', 'Upgrade: websocket'],
      [`/?unix:${'A'.repeat(5000)}|http://${there}/`, 'x'],
    ]) {
      const bytes = request(`GET ${target} HTTP/1.1`, [`Host: ${host}`, AS_ALIAS, ...fields]);
      const { reply } = await scene.exchange(bytes);
      assert.ok([200, 400].includes(reply.status), `${reply.status} for ${target}`);
    }
    assert.equal(visits.length, 0);
  });

  it('CVE-2022-31151, CVE-2023-45143, CVE-2024-24758 (undici): credentials do not follow a redirect', async (t) => {
    const visits: unknown[] = [];
    const elsewhere = createServer((socket) => void visits.push(socket.destroy()));
    elsewhere.listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    t.after(() => elsewhere.close());
    const location = `Location: http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`;
    for (const status of ['301 Moved Permanently', '302 Found', '303 See Other', '307 Temporary', '308 Permanent']) {
      const { reply, connections } = await scene.exchange(get(AS_ALIAS), answer(response(status, [location])));
      assert.equal(reply.status, Number.parseInt(status, 10));
      assert.equal(connections.length, 1);
    }
    assert.equal(visits.length, 0);
  });
});

describe('targets under a base path', () => {
  const scene = useScene(node, { path: '/sentry' });
  for (const target of [
    '/../admin',
    '/a/../../admin',
    '/%2e%2e/admin',
    '/..%2fadmin',
    '/%2e%2e%2fadmin',
    '/..\\admin'.replace('\\', '%5c'),
    '/%252e%252e/admin',
    '/%25252e%25252e%25252fadmin',
    '/..;/admin',
    '/.%2e;x=y/admin',
  ]) {
    it(`CVE-2021-21321, CVE-2021-21322 (fastify-reply-from, fastify-http-proxy): ${target} does not leave it`, async () =>
      (await scene.exchange(request(`GET ${target} HTTP/1.1`, [AS_ALIAS]))).refused(400));
  }
});

describe('allowed hosts', () => {
  const scene = useScene(node, { aliases: [], flags: { allowedHosts: ['sentry.example'] } });
  for (const host of ['evilsentry.example', 'sentry.example.evil', 'sentry.example@evil', 'evil:80sentry.example']) {
    it(`CVE-2026-55602 (http-proxy-middleware): ${host} is not one of them`, async () =>
      (await scene.exchange(get(`Host: ${host}`))).refused(400, 403));
  }
});

describe('responses', () => {
  const scene = useScene(node);

  it('CVE-2021-36221 (Go): one that breaks off does not take the proxy with it', async () => {
    for (let i = 0; i < 5; i++) {
      const { reply } = await scene.exchange(get(AS_ALIAS), async (connection) => {
        await connection.whole();
        connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello');
        await connection.reset();
      });
      assert.ok(!reply.complete);
    }
    assert.equal((await scene.exchange(get(AS_ALIAS))).reply.status, 200);
  });

  it('CVE-2022-0711 (HAProxy): Set-Cookie2 is a field like any other', async () => {
    const { reply } = await scene.exchange(
      get(AS_ALIAS),
      answer(response('200 OK', ['Set-Cookie2: a=b', 'Set-Cookie: a=b'])),
    );
    assert.equal(reply.status, 200);
    assert.deepEqual(fieldValues(reply, 'Set-Cookie'), []);
  });

  for (const [title, head] of [
    ['CR alone in a field', 'X: a\rSet-Cookie: b'],
    ['LF alone in a field', 'X: a\nSet-Cookie: b'],
    ['NUL in a field', 'X: a\0b'],
    ['a length that is none', 'Content-Length: 2, 2'],
    ['a coding that is unknown', 'Transfer-Encoding: chunked, identity'],
  ] as const) {
    it(`CVE-2022-37436 (Apache), CVE-2022-32213 (Node): ${title} is not passed on`, async () => {
      const { reply } = await scene.exchange(get(AS_SELF), answer(`HTTP/1.1 200 OK\r\n${head}\r\n\r\nok`));
      assert.equal(reply.status, 502);
    });
  }
});
