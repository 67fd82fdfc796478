// Which request targets and methods are served, and what of them reaches Sentry.
import assert from 'node:assert/strict';
import { fieldValue, fieldValues } from '../support/message.ts';
import type { Contract } from './contract.ts';
import { AS_ALIAS, AS_SELF, INJECTED, request, useScene } from './scene.ts';

/** Targets that go on byte for byte. */
const PASSED = [
  '/',
  '/api/0/organizations/sentry/issues/?query=is%3Aunresolved+level:error&cursor=0:100:0&statsPeriod=14d',
  '/a?a=1&a=2;b=3&c=%zz&d=%2F%2f+%20&=&&e',
  '/?',
  '/a?',
  '/a??b?',
  '/a?x=/../..&y=%2e%2e/',
  '/a%0d%0aX-Injected:%20y%0d%0a%0d%0aGET%20/b',
  '/a%2Fb%2fc%5C%00%ff%E2%98%83',
  '/%7Euser/~user/%61',
  "/:@!$&'()*+,;=-._~",
  '/a//b///c/',
  '/...',
  '/.well-known/..hidden/a..b/c.',
  '/files/dsyms/?id=1&download',
  '/a%2e%2eb/%252e%252e%252e/x%252e/%2525/%/%2',
  `/${'a'.repeat(9000)}`,
];

/** Targets that name another origin to a careless reader of URLs, but are paths. */
const MISLEADING = [
  '//elsewhere.example:1/x',
  '///elsewhere.example/',
  '/\\elsewhere.example/x',
  '/@elsewhere.example/',
];

/** Targets with dot segments that lead out of the base path. */
export const CLIMBING = [
  '/..',
  '/../admin',
  '/../sentry-admin/',
  '/api/0/../../../admin',
  '/api/../..?x',
  '/%2e%2e/admin',
  '/%2E%2e',
  '/.%2e/admin',
  '/%2e./admin',
  '/api/..%2f..%2fadmin',
  '/..%2Fadmin',
  '/%2e%2e%2fadmin',
  '/..\\admin',
  '/api\\..\\..\\admin',
  '/..%5cadmin',
  '/api/..%5C..%5c%2e%2e/admin',
  '/./../admin',
  '/x/%2e/%2e%2e/%2e%2e/admin',
  '//../../admin',
  // Encodings of encodings: each server on the way may decode once more.
  '/%252e%252e/admin',
  '/%25%32%65%25%32%65/admin',
  '/%2%65%2%65/admin',
  '/%%32e%%32%65/admin',
  '/%25%25%33%32e./admin',
  '/..%25%32%66admin',
  '/..%25%35%63admin',
  '/..%2%66admin',
  '/..%252F..%255cadmin',
  '/%252525252e%252525252e%2525252fadmin',
  // Ends of a path in the eyes of some servers.
  '/..%00/admin',
  '/..%23',
  '/..%253f/admin',
  '/.%09./admin',
  '/..%3bx/admin',
];

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

export function requestTarget({ target, test }: Contract): void {
  const scene = useScene(target);

  for (const path of [...PASSED, ...MISLEADING]) {
    test(`passes byte for byte: ${shortened(path)}`, async () => {
      const exchange = await scene.exchange(request(`GET ${path} HTTP/1.1`, [AS_ALIAS]));
      assert.equal(exchange.reply.status, 200);
      assert.equal(exchange.request.target, path);
      assert.equal(fieldValue(exchange.request, 'Authorization'), INJECTED);
    });
  }

  for (const path of CLIMBING) {
    test(`passes dot segments byte for byte where there is no base path: ${path}`, async () => {
      assert.equal((await scene.exchange(request(`GET ${path} HTTP/1.1`, [AS_ALIAS]))).request.target, path);
    });
  }

  for (const path of ['/a"b<c>{d}|e^f`', '/caf\xe9?q=\xff', '/[x]?y[]=1']) {
    test(`passes byte for byte or refuses what no URI may have: ${path}`, async () => {
      const exchange = await scene.exchange(request(`GET ${path} HTTP/1.1`, [AS_ALIAS]));
      if (exchange.reply.status === 200) assert.equal(exchange.request.target, path);
      else exchange.refused(400);
    });
  }

  // U+010D, U+010A and U+0120 in UTF-8: a runtime that decodes them has characters that latin1 would write as CR, LF, SP.
  test('writes no CR, LF or blank for a character that ends like one', async () => {
    const path = '/a\xc4\xa0HTTP/1.1\xc4\x8d\xc4\x8aX:\xc4\xa0y\xc4\x8d\xc4\x8a\xc4\x8d\xc4\x8aGET\xc4\xa0/b';
    const exchange = await scene.exchange(request(`GET ${path} HTTP/1.1`, [AS_ALIAS]));
    if (exchange.reply.status === 200) assert.match(exchange.request.target, /^\/a[^\0-\x20\x7f]+\/b$/);
    else exchange.refused(400);
  });

  // Some runtimes decode UTF-8 in a path: written as latin1, U+010D, U+010A and U+0120 are CR, LF and a blank.
  for (const [what, character] of Object.entries({ CR: '\u010d', 'CR and LF': '\u010d\u010a', 'a blank': '\u0120' })) {
    test(`does not send ${what} for characters of a path whose code units end so`, async () => {
      const path = Buffer.from(`/a${character}X-Injected:${character}y`).toString('latin1');
      const { reply, connections } = await scene.exchange(request(`GET ${path} HTTP/1.1`, [AS_ALIAS]));
      assert.ok(reply.status === 200 || reply.status === 400, `status ${reply.status}`);
      for (const { request: sent } of connections) {
        assert.match(sent?.target ?? '', /^\/a[!-~\x80-\xff]+y$/);
        assert.deepEqual(fieldValues(sent!, 'X-Injected'), []);
      }
    });
  }

  for (const method of METHODS) {
    test(`passes the method ${method}`, async () => {
      const exchange = await scene.exchange(request(`${method} /x HTTP/1.1`, [AS_SELF]));
      assert.equal(exchange.reply.status, 200);
      assert.equal(exchange.request.startLine, `${method} /x HTTP/1.1`);
      assert.equal(exchange.reply.content.toString(), method === 'HEAD' ? '' : 'ok');
    });
  }

  for (const line of ['TRACE /x', 'TRACK /x', 'CONNECT /x', 'CONNECT elsewhere.example:443', 'TRACE *']) {
    for (const credentials of [AS_ALIAS, AS_SELF]) {
      test(`refuses ${line} with 405, ${credentials === AS_ALIAS ? 'injected' : 'bypassed'}`, async () => {
        const { reply, connections } = await scene.exchange(request(`${line} HTTP/1.1`, [credentials]));
        assert.equal(reply.status, 405);
        assert.deepEqual(connections, []);
      });
    }
  }

  // RFC 9112 section 3.2.2: only path and query of an absolute-form target are used.
  for (const [given, path] of [
    ['http://proxy.example/x?y=1', '/x?y=1'],
    ['http://proxy.example/', '/'],
    ['http://proxy.example', '/'],
    ['http://proxy.example?y', '/?y'],
    ['HTTP://Proxy.Example/X', '/X'],
    ['http://proxy.example//elsewhere.example/%2e', '//elsewhere.example/%2e'],
  ] as const) {
    test(`takes path and query of an absolute-form target: ${given}`, async () => {
      const exchange = await scene.exchange(request(`GET ${given} HTTP/1.1`, [AS_ALIAS]));
      assert.equal(exchange.reply.status, 200);
      assert.equal(exchange.request.target, path);
    });
  }

  for (const bad of [
    'http://elsewhere.example/x',
    'http://elsewhere.example:1/x',
    'http://proxy.example:81/x',
    'http://proxy.example@elsewhere.example/x',
    'http://a:b@proxy.example/x',
    'http://elsewhere.example\\@proxy.example/x',
    'http:///x',
    'http:/x',
    'ftp://proxy.example/x',
    'file:///etc/passwd',
    'proxy.example:80',
    'elsewhere.example:443',
    '*',
    'x',
    '@elsewhere.example/x',
    ':80/x',
    '?x',
    '%2fx',
    '\\x',
    '/a#b',
    '/a#@elsewhere.example',
    '/a?b#c',
    '#',
    '/\t/x',
    '/a\0b',
    '/a\x01b',
    '/a\x7fb',
    '/a\x0bb',
    '/a b',
    '/a\rb',
  ]) {
    test(`refuses the target ${JSON.stringify(bad)}`, async () => {
      (await scene.exchange(request(`GET ${bad} HTTP/1.1`, [AS_ALIAS]))).refused(400);
    });
  }

  test('refuses the target * of OPTIONS', async () => {
    (await scene.exchange(request('OPTIONS * HTTP/1.1', [AS_ALIAS]))).refused(400);
  });

  for (const path of ['/sentry', '/sentry/']) underBasePath({ target, test }, path);
}

function underBasePath({ target, test }: Contract, path: string): void {
  const scene = useScene(target, { path });
  const where = `under the base path ${path}`;

  for (const given of [...PASSED, ...MISLEADING].filter((each) => !each.includes('\\'))) {
    test(`${where} passes byte for byte: ${shortened(given)}`, async () => {
      const exchange = await scene.exchange(request(`GET ${given} HTTP/1.1`, [AS_ALIAS]));
      assert.equal(exchange.request.target, `/sentry${given}`);
    });
  }

  for (const given of CLIMBING) {
    for (const credentials of [AS_ALIAS, AS_SELF]) {
      test(`${where} no target leaves it: ${given}, ${credentials === AS_ALIAS ? 'injected' : 'bypassed'}`, async () => {
        (await scene.exchange(request(`GET ${given} HTTP/1.1`, [credentials]))).refused(400);
      });
    }
  }

  test(`${where} no target leaves it by an absolute-form target`, async () => {
    (await scene.exchange(request('GET http://proxy.example/../admin HTTP/1.1', [AS_ALIAS]))).refused(400);
  });

  test(`${where} takes path and query of an absolute-form target`, async () => {
    const exchange = await scene.exchange(request('GET http://proxy.example/x?y HTTP/1.1', [AS_ALIAS]));
    assert.equal(exchange.request.target, '/sentry/x?y');
  });
}

function shortened(path: string): string {
  return path.length > 60 ? `${path.slice(0, 57)}...` : path;
}
