// Which response fields reach the client.
import assert from 'node:assert/strict';
import { fieldNames, fieldValue, fieldValues } from '../support/message.ts';
import { answer, response } from '../support/upstream.ts';
import type { Contract } from './contract.ts';
import { AS_ALIAS, AS_SELF, get, useScene } from './scene.ts';

// RFC 9110 section 7.6.1.
const DROPPED = {
  'Keep-Alive': 'timeout=15',
  'Proxy-Connection': 'keep-alive',
  'Proxy-Authenticate': 'Basic realm="x"',
  Trailer: 'X-Checksum',
  Upgrade: 'h2c',
};

const PASSED = {
  Link: '<https://sentry.example/api/0/x/?&cursor=0:100:0>; rel="next"; results="true"; cursor="0:100:0"',
  'X-Hits': '1042',
  'X-Max-Hits': '1000',
  'Retry-After': '7',
  ETag: 'W/"a"',
  'Last-Modified': 'Sun, 06 Nov 1994 08:49:37 GMT',
  'Cache-Control': 'max-age=0, no-cache, no-store, must-revalidate, private',
  Vary: 'Accept-Language, Cookie',
  'Content-Type': 'application/json',
  'Content-Disposition': 'attachment; filename="caf\xe9.zip"',
  'Content-Language': 'en',
  'Content-Encoding': 'gzip',
  'Content-Range': 'bytes 0-1/2',
  Allow: 'GET, POST, HEAD, OPTIONS',
  Location: 'https://elsewhere.example/x?y#z',
  Server: 'nginx',
  Via: '1.1 sentry',
  'Proxy-Status': 'sentry-relay; error=dns_timeout',
  'X-Frame-Options': 'deny',
  'X-Sentry-Error': 'x',
  'X-Sentry-Direct-Hit': '1',
  'X-Sentry-Rate-Limit-Remaining': '39',
  'X-Sentry-Rate-Limit-Limit': '40',
  'X-Sentry-Rate-Limit-Reset': '1693000000',
  'Access-Control-Expose-Headers':
    'X-Sentry-Error, X-Sentry-Direct-Hit, X-Hits, X-Max-Hits, Endpoint, Retry-After, Link',
  'Access-Control-Allow-Origin': '*',
  'X-Obs-Text': 'caf\xe9',
  constructor: 'y',
};

/** What keeps an uploaded page from running in the proxy's origin. */
const FOR_BROWSERS = { 'Content-Security-Policy': 'sandbox', 'X-Content-Type-Options': 'nosniff' };

const PASSED_WHEN_BYPASSED = { 'Set-Cookie': 'sentrysid=1; Path=/', 'WWW-Authenticate': 'xBasic realm="api"' };

export function responseFields({ target, test }: Contract): void {
  const scene = useScene(target);

  for (const [way, credentials] of [
    ['injected', AS_ALIAS],
    ['bypassed', AS_SELF],
  ] as const) {
    for (const [name, value] of Object.entries(DROPPED)) {
      test(`drops ${name} of a response to a request that is ${way}`, async () => {
        const script = answer(response('200 OK', [`${name}: ${value}`], 'ok'));
        const { reply } = await scene.exchange(get(credentials), script);
        assert.deepEqual(fieldValues(reply, name), []);
        assert.equal(reply.content.toString(), 'ok');
      });
    }

    for (const [name, value] of Object.entries(PASSED)) {
      test(`passes ${name} of a response to a request that is ${way}`, async () => {
        const script = answer(response('200 OK', [`${name}: ${value}`], 'ok'));
        const { reply } = await scene.exchange(get(credentials), script);
        assert.equal(fieldValue(reply, name), value);
        assert.equal(reply.content.toString(), 'ok');
      });
    }

    test(`adds no field but Connection, X-Request-Id and its own for browsers to a response to a request that is ${way}`, async () => {
      const script = answer(response('200 OK', ['Content-Type: text/plain', 'X-A: b'], 'ok'));
      const { reply } = await scene.exchange(get(credentials), script);
      const names = ['connection', 'content-length', 'content-type', 'date', 'x-a', 'x-request-id'];
      const forBrowsers = way === 'injected' ? Object.keys(FOR_BROWSERS) : [];
      assert.deepEqual(fieldNames(reply), [...names, ...forBrowsers.map((name) => name.toLowerCase())].sort());
      assert.equal(fieldValue(reply, 'Connection')?.toLowerCase(), 'close');
      assert.equal(reply.ending, 'fin');
      assert.equal(fieldValue(reply, 'Date'), 'Sun, 06 Nov 1994 08:49:37 GMT');
    });

    test(`drops what Connection names in a response to a request that is ${way}`, async () => {
      const named = ['X-A: 1', 'Connection: close, x-a', 'Connection: , X-B', 'X-B: 2', 'X-C: 3'];
      const { reply } = await scene.exchange(get(credentials), answer(response('200 OK', named, 'ok')));
      assert.deepEqual(fieldValues(reply, 'X-A'), []);
      assert.deepEqual(fieldValues(reply, 'X-B'), []);
      assert.equal(fieldValue(reply, 'X-C'), '3');
    });

    for (const named of ['Content-Length', 'Transfer-Encoding']) {
      test(`keeps the framing although Connection names ${named}, to a request that is ${way}`, async () => {
        const script = answer(response('200 OK', [`Connection: ${named}`], 'ok'));
        const { reply } = await scene.exchange(get(credentials), script);
        assert.equal(reply.content.toString(), 'ok');
        assert.ok(reply.complete);
      });
    }

    test(`passes every line of a repeated field of a response to a request that is ${way}, in order`, async () => {
      const lines = ['X-Many: a', 'X-Other: x', 'X-Many: b, c', 'x-many: d'];
      const { reply } = await scene.exchange(get(credentials), answer(response('200 OK', lines, 'ok')));
      assert.equal(fieldValues(reply, 'X-Many').join(', '), 'a, b, c, d');
    });
  }

  for (const status of ['200 OK', '302 Found', '404 Not Found', '500 Internal Server Error']) {
    for (const [name, value] of Object.entries(FOR_BROWSERS)) {
      test(`sets ${name} of a response to an injected request in place of Sentry's: ${status}`, async () => {
        const lines = [`${name}: of-sentry`, `${name.toLowerCase()}: again`, `Connection: close, ${name}`];
        const { reply } = await scene.exchange(get(AS_ALIAS), answer(response(status, lines, '<script></script>')));
        assert.deepEqual(fieldValues(reply, name), [value]);
      });
    }
  }

  test("sets the fields for browsers of the proxy's own errors", async () => {
    const { reply } = await scene.exchange(get(AS_ALIAS, 'Accept: text/html'), answer('nonsense\r\n\r\n'));
    assert.equal(reply.status, 502);
    for (const [name, value] of Object.entries(FOR_BROWSERS)) assert.deepEqual(fieldValues(reply, name), [value]);
  });

  for (const [name, value] of Object.entries({
    ...PASSED_WHEN_BYPASSED,
    'Content-Security-Policy': "default-src 'none'",
  })) {
    test(`passes ${name} of a response to a bypassed request`, async () => {
      const script = answer(response('401 Unauthorized', [`${name}: ${value}`], 'ok'));
      const { reply } = await scene.exchange(get(AS_SELF), script);
      assert.equal(fieldValue(reply, name), value);
    });
  }

  for (const [name, value] of Object.entries(PASSED_WHEN_BYPASSED)) {
    test(`drops ${name} of a response to an injected request`, async () => {
      const script = answer(response('401 Unauthorized', [`${name}: ${value}`, `${name}: x=2`], 'ok'));
      const { reply } = await scene.exchange(get(AS_ALIAS), script);
      assert.equal(reply.status, 401);
      assert.deepEqual(fieldValues(reply, name), []);
    });
  }

  for (const id of ['0f8fad5b-d9cb-469f-a165-70867728950e', 'one_2.three']) {
    test(`gives a request the client's id on both sides: ${id}`, async () => {
      const { reply, request } = await scene.exchange(get(AS_ALIAS, `X-Request-Id: ${id}`));
      assert.equal(fieldValue(request, 'X-Request-Id'), id);
      assert.equal(fieldValue(reply, 'X-Request-Id'), id);
    });
  }

  for (const [title, fields] of Object.entries({
    'has none': [],
    'has an empty one': ['X-Request-Id: '],
    'has one with a blank': ['X-Request-Id: a b'],
    'has one with a quote': ['X-Request-Id: a"b'],
    'has one that is not ASCII': ['X-Request-Id: caf\xe9'],
    'has one that is too long': [`X-Request-Id: ${'a'.repeat(1000)}`],
    'has two': ['X-Request-Id: a', 'X-Request-Id: b'],
  })) {
    test(`gives a request an id, the same on both sides, when it ${title}`, async () => {
      const { reply, request } = await scene.exchange(get(AS_ALIAS, ...fields));
      const id = fieldValue(request, 'X-Request-Id') ?? '';
      assert.match(id, /^[\w-]{8,64}$/);
      assert.equal(fieldValue(reply, 'X-Request-Id'), id);
    });
  }

  test('gives no two requests the same id', async () => {
    const [one, other] = [await scene.exchange(get(AS_ALIAS)), await scene.exchange(get(AS_ALIAS))];
    assert.notEqual(fieldValue(one.reply, 'X-Request-Id'), fieldValue(other.reply, 'X-Request-Id'));
  });

  test("gives the client the request's id, not one that the upstream made up", async () => {
    const script = answer(response('200 OK', ['X-Request-Id: of-the-upstream'], 'ok'));
    const { reply, request } = await scene.exchange(get(AS_ALIAS), script);
    assert.equal(fieldValue(reply, 'X-Request-Id'), fieldValue(request, 'X-Request-Id'));
  });

  test('keeps several Set-Cookie lines apart, in order', async () => {
    const cookies = ['a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'b=2, with a comma', 'a=3'];
    const lines = cookies.map((cookie) => `Set-Cookie: ${cookie}`);
    const { reply } = await scene.exchange(get(AS_SELF), answer(response('200 OK', lines, 'ok')));
    assert.deepEqual(fieldValues(reply, 'Set-Cookie'), cookies);
  });
}
