// Which request fields reach Sentry.
import assert from 'node:assert/strict';
import { fieldNames, fieldValue, fieldValues } from '../support/message.ts';
import type { Contract } from './contract.ts';
import { ALIAS, AS_ALIAS, AS_SELF, get, INJECTED, post, postChunked, request, useScene } from './scene.ts';

const DROPPED = {
  'Accept-Encoding': 'gzip, br',
  'Accept-Language': 'de',
  Expect: '100-continue',
  Forwarded: 'for=203.0.113.7',
  'Proxy-Authorization': 'Basic eDp5',
  TE: 'gzip, trailers',
  'X-Forwarded-For': '203.0.113.7',
  'X-Forwarded-Host': 'elsewhere.example',
  'X-Forwarded-Proto': 'https',
  // Other spellings of where a request came from: WSGI servers read `-` and `_` as the same (CVE-2024-45231's kind).
  X_Forwarded_For: '203.0.113.7',
  X_FORWARDED_HOST: 'elsewhere.example',
  'x-forwarded_proto': 'https',
  'X-Real-IP': '203.0.113.7',
  'True-Client-IP': '203.0.113.7',
  // RFC 9110 section 7.6.1.
  'Keep-Alive': 'timeout=5',
  'Proxy-Connection': 'keep-alive',
  'Proxy-Authenticate': 'Basic',
  Trailer: 'X-Checksum',
  Upgrade: 'websocket',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
  'HTTP2-Settings': 'AAMAAABkAARAAAAAAAIAAAAA',
  'X-Sentry-Relay-Id': '0f8fad5b-d9cb-469f-a165-70867728950e',
  'X_Sentry_Relay-Signature': 'x',
  // Cloudflare's own, in front of any adapter.
  'CF-Connecting-IP': '203.0.113.7',
  'cf-ray': '1',
  Cf_Visitor: '{}',
  'CF-Access-Client-Secret': 's',
};

const PASSED = {
  Accept: 'application/json',
  'User-Agent': 'sentry-cli/3.8.0',
  'Content-Type': 'application/json; charset=utf-8',
  'Content-Encoding': 'zstd',
  'If-None-Match': '"a", W/"b"',
  'If-Modified-Since': 'Sun, 06 Nov 1994 08:49:37 GMT',
  Range: 'bytes=0-99',
  Referer: 'https://proxy.example/issues/?query=is:unresolved',
  'Cache-Control': 'no-cache',
  'X-Request-Id': '0f8fad5b-d9cb-469f-a165-70867728950e',
  'Sentry-RequestContext': '771a43a4192642f0b136d5159a501700-1234567890abcdef-1',
  Baggage: 'sentry-release=1.0',
  'X-Forwarded-Something': 'else',
  'X-Hostess': 'x',
  'X-Obs-Text': 'caf\xe9',
  'X-Quoted': '"a, b"; c=\t d',
};

const PASSED_WHEN_BYPASSED = { Authentication: 'x', Cookie: 'sentrysid=1; sc=2' };

export function requestFields({ target, test }: Contract): void {
  const scene = useScene(target);
  /** What Sentry is told of the client's address. */
  const lent = (way: string) => (way === 'bypassed' && target.lendsPeer ? ['127.0.0.1'] : []);

  for (const [way, credentials] of [
    ['injected', AS_ALIAS],
    ['bypassed', AS_SELF],
  ] as const) {
    for (const [name, value] of Object.entries(DROPPED)) {
      test(`drops ${name} of a request that is ${way}`, async () => {
        const { reply, request } = await scene.exchange(post('hi', credentials, `${name}: ${value}`));
        assert.equal(reply.status, 200);
        assert.deepEqual(fieldValues(request, name), name === 'X-Forwarded-For' ? lent(way) : []);
        assert.equal(request.content.toString(), 'hi');
      });
    }

    for (const [name, value] of Object.entries(PASSED)) {
      test(`passes ${name} of a request that is ${way}`, async () => {
        // A resource whose responses are not edited: from the others conditions and ranges are taken.
        const ask = request('GET /api/0/organizations/acme/tags/ HTTP/1.1', [credentials, `${name}: ${value}`]);
        const { request: sent } = await scene.exchange(ask);
        assert.equal(fieldValue(sent, name), value);
      });
    }

    test(`adds no field but Host, Connection, Via, X-Request-Id and the token to a request that is ${way}`, async () => {
      const { request } = await scene.exchange(post('hi', credentials, 'Accept: */*', 'X-A: b'));
      const names = ['accept', 'authorization', 'connection', 'content-length', 'host', 'via', 'x-a', 'x-request-id'];
      assert.deepEqual(fieldNames(request), [...names, ...lent(way).map(() => 'x-forwarded-for')].sort());
      assert.equal(fieldValue(request, 'Connection')?.toLowerCase(), 'close');
    });

    test(`tells Sentry no address but the client's own, and that only if it is bypassed: a request that is ${way}`, async () => {
      const fields = ['X-Forwarded-For: 10.0.0.7', 'x-forwarded-for: 10.0.0.8', 'X_Forwarded_For: 10.0.0.9'];
      const others = ['X-FORWARDED_FOR: 10.0.0.6', 'Forwarded: for=10.0.0.5', 'X-Real-IP: 10.0.0.4'];
      const { connections, request } = await scene.exchange(
        get(credentials, ...fields, ...others, 'Connection: X-Forwarded-For'),
      );
      assert.deepEqual(fieldValues(request, 'X-Forwarded-For'), lent(way));
      assert.ok(!connections[0]!.bytes.includes('10.0.0.'));
    });

    test(`names only itself in Via, when a request is ${way}`, async () => {
      const { request } = await scene.exchange(get(credentials, 'Via: 1.1 elsewhere, 1.0 fred (x)', 'via: 2 other'));
      assert.deepEqual(fieldValues(request, 'Via'), ['1.1 sentry-api-proxy']);
    });

    for (const lines of [
      ['Via: 1.1 sentry-api-proxy'],
      ['Via: 1.0 fred,1.1\tSentry-API-Proxy (a comment), 1.1 other'],
      ['Via: 1.1 other', 'VIA: HTTP/1.1 sentry-api-proxy'],
    ]) {
      test(`serves the second of two proxies in series when a request is ${way}: ${lines.join(' | ')}`, async () => {
        const { reply, request } = await scene.exchange(get(credentials, ...lines));
        assert.equal(reply.status, 200);
        assert.deepEqual(fieldValues(request, 'Via'), ['1.1 sentry-api-proxy, 1.1 sentry-api-proxy']);
      });
    }

    for (const lines of [
      ['Via: 1.1 sentry-api-proxy, 1.1 sentry-api-proxy'],
      ['Via: 1.1 sentry-api-proxy', 'via: 1.1 sentry-api-proxy'],
      ['Via: 1.1 sentry-api-proxy, 1.0 fred,1.1\tSentry-API-Proxy (a comment), 1.1 other'],
      ['Via: HTTP/1.1 sentry-api-proxy', 'Via: 1.1 other', 'VIA: 1.1 sentry-api-proxy'],
      ['Via: 1.1 sentry-api-proxy, 1.1 sentry-api-proxy, 1.1 sentry-api-proxy'],
    ]) {
      test(`answers 508 to a request that came through two proxies like this one and is ${way}: ${lines.join(' | ')}`, async () => {
        const exchange = await scene.exchange(get(credentials, ...lines));
        exchange.refused(508);
        assert.match(fieldValue(exchange.reply, 'Proxy-Status') ?? '', /error=proxy_loop_detected/);
        assert.match(exchange.reply.content.toString(), /through two such proxies/);
      });
    }

    test(`serves a request that came through a proxy of a similar name and is ${way}`, async () => {
      const { reply } = await scene.exchange(get(credentials, 'Via: 1.1 my-sentry-api-proxy, 1.1 sentry-api-proxy2'));
      assert.equal(reply.status, 200);
    });

    test(`sends Sentry's own Host in place of the client's when a request is ${way}`, async () => {
      const { request } = await scene.exchange(get('Host: elsewhere.example', credentials));
      const [, upstream] = await scene.start();
      assert.equal(fieldValue(request, 'Host'), upstream.authority);
    });

    test(`passes every line of a repeated field of a request that is ${way}, in order`, async () => {
      const { request } = await scene.exchange(
        get(credentials, 'X-Many: a', 'X-Other: x', 'X-Many: b, c', 'x-many: d'),
      );
      assert.equal(fieldValues(request, 'X-Many').join(', '), 'a, b, c, d');
    });

    test(`drops what Connection names in a request that is ${way}`, async () => {
      const named = ['X-A: 1', 'Connection: close, X-A', 'X-B: 2', 'Connection: ,,x-b ,\t x-c', 'X-C: 3', 'X-D: 4'];
      const { reply, request } = await scene.exchange(get(credentials, 'Connection: ', ...named));
      assert.equal(reply.status, 200);
      for (const name of ['X-A', 'X-B', 'X-C']) assert.deepEqual(fieldValues(request, name), [], name);
      assert.equal(fieldValue(request, 'X-D'), '4');
    });

    // Field names that are properties of every JavaScript object (CVE-2026-21710).
    test(`takes field names like __proto__ as any other in a request that is ${way}`, async () => {
      const fields = ['__proto__: x', 'constructor: y', 'hasOwnProperty: z', '__proto__: x2'];
      const { request } = await scene.exchange(get(credentials, ...fields));
      assert.equal(fieldValue(request, 'constructor'), 'y');
      assert.equal(fieldValue(request, 'hasOwnProperty'), 'z');
      assert.equal(fieldValues(request, '__proto__').join(', '), 'x, x2');
      assert.equal((await scene.exchange(get(credentials))).reply.status, 200);
    });

    // CVE-2026-2833 (pingora): the bytes after an upgrade request are not another request.
    test(`serves an upgrade that is ${way} as a plain request`, async () => {
      const upgrade = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: websocket, h2c', 'HTTP2-Settings: AAMAAABk'];
      const { reply, request } = await scene.exchange(get(credentials, ...upgrade) + get(AS_ALIAS));
      assert.equal(reply.status, 200);
      const names = ['authorization', 'connection', 'host', 'via', 'x-request-id'];
      assert.deepEqual(fieldNames(request), [...names, ...lent(way).map(() => 'x-forwarded-for')].sort());
    });
  }

  for (const [name, value] of Object.entries(PASSED_WHEN_BYPASSED)) {
    test(`drops ${name} of an injected request`, async () => {
      const { request } = await scene.exchange(get(AS_ALIAS, `${name}: ${value}`));
      assert.deepEqual(fieldValues(request, name), []);
    });

    test(`passes ${name} of a bypassed request`, async () => {
      const { request } = await scene.exchange(get(AS_SELF, `${name}: ${value}`));
      assert.equal(fieldValue(request, name), value);
    });
  }

  // The hop-by-hop abuse of fastify-reply-from (CVE-2021-21322's kind) and of others: what a client names in Connection
  // is dropped from its own fields, before the proxy's are added.
  for (const named of ['Authorization', 'close, AUTHORIZATION, Host', 'keep-alive, authorization, x-a']) {
    test(`injects although the client says Connection: ${named}`, async () => {
      const { reply, request } = await scene.exchange(get(AS_ALIAS, `Connection: ${named}`));
      assert.equal(reply.status, 200);
      assert.equal(fieldValue(request, 'Authorization'), INJECTED);
    });
  }

  test('sends a bypassed request without credentials when Connection names Authorization', async () => {
    const { request } = await scene.exchange(get(AS_SELF, 'Connection: Authorization'));
    assert.deepEqual(fieldValues(request, 'Authorization'), []);
  });

  // CVE-2026-29057 (Next.js) and others: framing that is stripped as hop-by-hop turns a body into a second request.
  test('keeps the framing although Connection names Content-Length', async () => {
    const { request } = await scene.exchange(post(get(AS_ALIAS), AS_ALIAS, 'Connection: Content-Length'));
    assert.equal(request.content.toString(), get(AS_ALIAS));
  });

  test('keeps what says how to read a body although Connection names it', async () => {
    const fields = ['Content-Type: application/json', 'Content-Encoding: zstd'];
    const named = 'Connection: close, content-type, Content_Encoding';
    for (const credentials of [AS_ALIAS, AS_SELF]) {
      const { request } = await scene.exchange(post(get(credentials), credentials, ...fields, named));
      assert.equal(fieldValue(request, 'Content-Type'), 'application/json');
      assert.equal(fieldValue(request, 'Content-Encoding'), 'zstd');
    }
  });

  test('keeps the framing although Connection names Transfer-Encoding', async () => {
    const body = `5\r\nhello\r\n0\r\n\r\n`;
    const { request } = await scene.exchange(postChunked(body, AS_ALIAS, 'Connection: Transfer-Encoding, upgrade'));
    assert.equal(request.content.toString(), 'hello');
  });

  test('takes an alias out of the request altogether', async () => {
    const { connections } = await scene.exchange(get(AS_ALIAS));
    assert.ok(!connections[0]!.bytes.includes(ALIAS));
  });
}
