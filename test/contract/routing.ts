// Which requests get Sentry's token, and which go with their own credentials.
import assert from 'node:assert/strict';
import { fieldValue, fieldValues } from '../support/message.ts';
import { answer, response } from '../support/upstream.ts';
import type { Contract } from './contract.ts';
import { ALIAS, AS_ALIAS, AS_SELF, get, INJECTED, request, useScene } from './scene.ts';

export function routing({ target, test }: Contract): void {
  withAliases({ target, test });
  withoutAliases({ target, test });
  withAllowedHosts({ target, test });
  withUnmatchedRefused({ target, test });
  withRelays({ target, test });
}

function withAliases({ target, test }: Contract): void {
  // Blanks around the separator and empty pieces are not part of a token.
  const scene = useScene(target, { aliases: [ALIAS, ' second-alias ', '', ' ', '\tthird+alias/=='] });

  test('injects the token for an alias token', async () => {
    const { reply, request } = await scene.exchange(get(AS_ALIAS));
    assert.equal(reply.status, 200);
    assert.equal(reply.content.toString(), 'ok');
    assert.equal(fieldValue(request, 'Authorization'), INJECTED);
    assert.ok(!request.fields.flat().join().includes(ALIAS));
  });

  for (const alias of ['second-alias', 'third+alias/==']) {
    test(`injects for each of several alias tokens: ${alias}`, async () => {
      const { request } = await scene.exchange(get(`Authorization: Bearer ${alias}`));
      assert.equal(fieldValue(request, 'Authorization'), INJECTED);
    });
  }

  for (const scheme of ['bearer', 'BEARER', 'bEaReR']) {
    test(`takes the scheme in any case: ${scheme}`, async () => {
      const { request } = await scene.exchange(get(`AUTHORIZATION:${scheme} ${ALIAS}`));
      assert.equal(fieldValue(request, 'Authorization'), INJECTED);
    });
  }

  const others: Record<string, string> = {
    'the alias without its last character': `Bearer ${ALIAS.slice(0, -1)}`,
    'the alias with one character more': `Bearer ${ALIAS}x`,
    'the alias in another case': `Bearer ${ALIAS.toUpperCase()}`,
    'the alias in another scheme': `Token ${ALIAS}`,
    'the alias as a user name': `Basic ${Buffer.from(`${ALIAS}:`).toString('base64')}`,
    'the alias without a scheme': ALIAS,
    'the alias and a parameter': `Bearer ${ALIAS}, realm="x"`,
    'two aliases': `Bearer ${ALIAS};second-alias`,
    'a scheme without a token': 'Bearer',
    'a token that is not ASCII': 'Bearer \xe9\xff\xfe',
    'a token of 8 KB': `Bearer ${'z'.repeat(8000)}`,
    'the token of a client': 'Bearer token-of-a-client',
  };
  for (const [title, credentials] of Object.entries(others)) {
    test(`does not inject for ${title}`, async () => {
      const { reply, request } = await scene.exchange(get(`Authorization: ${credentials}`));
      assert.equal(reply.status, 200);
      assert.equal(fieldValue(request, 'Authorization'), credentials);
    });
  }

  test('does not inject for a request without credentials', async () => {
    const { reply, request } = await scene.exchange(get());
    assert.equal(reply.status, 200);
    assert.deepEqual(fieldValues(request, 'Authorization'), []);
  });

  test('does not take an alias from anywhere but Authorization', async () => {
    const elsewhere = [`Cookie: token=${ALIAS}`, `X-Authorization: Bearer ${ALIAS}`, `Proxy-${AS_ALIAS}`];
    const { request } = await scene.exchange(get(...elsewhere).replace('/projects/', `/projects/?token=${ALIAS}`));
    assert.deepEqual(fieldValues(request, 'Authorization'), []);
    assert.deepEqual(fieldValues(request, 'Proxy-Authorization'), []);
  });

  for (const lines of [
    [AS_ALIAS, AS_SELF],
    [AS_SELF, AS_ALIAS],
    [AS_ALIAS, AS_ALIAS],
    [AS_SELF, AS_SELF],
  ]) {
    test(`refuses two Authorization lines: ${lines.map((line) => line.slice(22)).join(', ')}`, async () => {
      (await scene.exchange(get(...lines))).refused(400);
    });
  }

  test('relays the 401 of a bypassed request with its challenge', async () => {
    const challenge = 'WWW-Authenticate: xBasic realm="api"';
    const script = answer(response('401 Unauthorized', [challenge], '{"detail":"Invalid token"}'));
    const { reply, connections } = await scene.exchange(get(AS_SELF), script);
    assert.equal(reply.status, 401);
    assert.equal(fieldValue(reply, 'WWW-Authenticate'), 'xBasic realm="api"');
    assert.equal(connections.length, 1);
  });

  test('relays the 401 of an injected request with a fixed token after one attempt', async () => {
    const script = answer(response('401 Unauthorized', ['WWW-Authenticate: xBasic'], '{"detail":"Invalid token"}'));
    const { reply, connections } = await scene.exchange(get(AS_ALIAS), script);
    assert.equal(reply.status, 401);
    assert.equal(reply.content.toString(), '{"detail":"Invalid token"}');
    assert.equal(connections.length, 1);
  });

  test('drops Origin of an injected request, which Sentry would refuse', async () => {
    const fields = ['Origin: https://elsewhere.example', 'Sec-Fetch-Site: cross-site'];
    const { reply, request } = await scene.exchange(get(AS_ALIAS, ...fields));
    assert.equal(reply.status, 200);
    assert.deepEqual(fieldValues(request, 'Origin'), []);
  });

  test('keeps Origin of a bypassed request', async () => {
    const { reply, request } = await scene.exchange(get(AS_SELF, 'Origin: https://elsewhere.example'));
    assert.equal(reply.status, 200);
    assert.equal(fieldValue(request, 'Origin'), 'https://elsewhere.example');
  });
}

function withoutAliases({ target, test }: Contract): void {
  const scene = useScene(target, { aliases: [] });

  for (const [title, fields] of Object.entries({
    'a request without credentials': [],
    'a request with credentials, which are replaced': [AS_SELF, 'Cookie: sentrysid=1', 'Authentication: x'],
    'an empty token': ['Authorization: Bearer '],
    'a page of the same origin': ['Origin: http://proxy.example', 'Sec-Fetch-Site: same-origin'],
    'what a user types into a browser': ['Sec-Fetch-Site: none'],
  })) {
    test(`without alias tokens injects for ${title}`, async () => {
      const { reply, request } = await scene.exchange(get(...fields));
      assert.equal(reply.status, 200);
      assert.equal(fieldValue(request, 'Authorization'), INJECTED);
      for (const name of ['Cookie', 'Authentication', 'Origin']) assert.deepEqual(fieldValues(request, name), [], name);
    });
  }

  for (const line of [
    'Sec-Fetch-Site: cross-site',
    'Sec-Fetch-Site: same-site',
    'Sec-Fetch-Site: Cross-Site',
    'Origin: https://elsewhere.example',
    'Origin: http://proxy.example:8081',
    'Origin: http://proxy.example.elsewhere.example',
    'Origin: null',
  ]) {
    test(`without alias tokens refuses what a foreign page caused: ${line}`, async () => {
      (await scene.exchange(get(line))).refused(403);
    });
  }

  test('without alias tokens still refuses two Authorization lines', async () => {
    (await scene.exchange(get(AS_SELF, 'Authorization: Basic eDp5'))).refused(400);
  });
}

function withAllowedHosts({ target, test }: Contract): void {
  const scene = useScene(target, { aliases: [], flags: { allowedHosts: ['sentry.example', 'other.example'] } });

  for (const host of ['sentry.example', 'SENTRY.Example', 'sentry.example:8080', 'other.example']) {
    test(`with allowed hosts serves Host: ${host}`, async () => {
      assert.equal((await scene.exchange(get(`Host: ${host}`))).reply.status, 200);
    });
  }

  // DNS rebinding: the attacker's name points to the proxy, and so Host is the attacker's.
  for (const host of ['elsewhere.example', 'sentry.example.elsewhere.example', 'xsentry.example', '127.0.0.1']) {
    test(`with allowed hosts refuses Host: ${host}`, async () => {
      (await scene.exchange(get(`Host: ${host}`))).refused(400, 403, 421);
    });
  }
}

const CLIENT = { name: 'reader', token: 'client-token-0123456789-0123456789', scopes: ['org:read'], orgs: ['acme'] };

function withUnmatchedRefused({ target, test }: Contract): void {
  const scene = useScene(target, { flags: { unmatched: 'reject' } });
  const clients = (unmatched: string) => JSON.stringify({ clients: [CLIENT], unmatched });
  const strictFile = useScene(target, { flags: { unmatched: 'bypass', clients: clients('reject') } });
  const strictSetting = useScene(target, { flags: { unmatched: 'reject', clients: clients('bypass') } });
  const lax = useScene(target, { flags: { unmatched: 'bypass', clients: clients('bypass') } });

  for (const [title, fields] of Object.entries({
    'no credentials': [],
    'another token': [AS_SELF],
    'another scheme': ['Authorization: Basic eDp5'],
    'a cookie': ['Cookie: sentrysid=1'],
  })) {
    test(`where nothing is bypassed refuses ${title} with 401`, async () => {
      const exchange = await scene.exchange(get(...fields));
      exchange.refused(401);
      assert.equal(fieldValue(exchange.reply, 'WWW-Authenticate'), 'Bearer');
    });
  }

  test('where nothing is bypassed serves an alias token', async () => {
    const { request } = await scene.exchange(get(AS_ALIAS));
    assert.equal(fieldValue(request, 'Authorization'), INJECTED);
  });

  for (const [title, where] of [
    ['the clients file', strictFile],
    ['the setting', strictSetting],
  ] as const) {
    test(`refuses what is unmatched if only ${title} says so`, async () => {
      (await where.exchange(get(AS_SELF))).refused(401);
      assert.equal((await where.exchange(get(AS_ALIAS))).reply.status, 200);
    });
  }

  test('bypasses what is unmatched if neither the clients file nor the setting refuses it', async () => {
    assert.equal((await lax.exchange(get(AS_SELF))).reply.status, 200);
  });
}

/** Sentry would give a Relay that comes from the proxy's address the configuration of all projects. */
function withRelays({ target, test }: Contract): void {
  const scene = useScene(target);
  const below = useScene(target, { path: '/sentry/api' });

  for (const path of [
    '/api/0/relays/',
    '/api/0/relays',
    '/api/0/relays/register/challenge/',
    '/api/0/relays/projectconfigs/?version=3',
    '//api/0/relays/live/',
    '/api//0///relays/projectids/',
    '/api/0/%72elays/projectconfigs/',
    '/api/0/relay%73/projectconfigs/',
    '/api/0/%2572elays/projectconfigs/',
    '/api%2F0%2frelays%2Fprojectconfigs/',
    '/api/0/./relays/projectconfigs/',
    '/api/0/x/../relays/projectconfigs/',
    '/api/0/x/%2e%2e/relays/projectconfigs/',
    '/api/0/y%2Fz/../relays/projectconfigs/',
    '/api/0/%2e/relays/projectconfigs/',
    '/api\\0\\relays\\projectconfigs/',
    '/api/0/relays;x=y/projectconfigs/',
    '/api/0/RELAYS/projectconfigs/',
    '/anything/api/0/relays/projectconfigs/',
  ]) {
    for (const fields of [[], [AS_SELF]]) {
      test(`lets no Relay speak to Sentry ${fields.length === 0 ? 'without' : 'with'} credentials: ${path}`, async () => {
        (await scene.exchange(request(`POST ${path} HTTP/1.1`, [...fields, 'Content-Length: 2'], '{}'))).refused(
          403,
          400,
        );
      });
    }
  }

  test('lets no Relay speak to a Sentry whose base URI ends in the API', async () => {
    (await below.exchange(request('POST /0/relays/projectconfigs/ HTTP/1.1', ['Content-Length: 0']))).refused(403);
  });

  for (const path of [
    '/api/0/organizations/relays/',
    '/api/0/relays2/',
    '/api/0/?path=/api/0/relays/',
    '/api/1/relays/',
  ]) {
    test(`bypasses what only looks like a Relay's: ${path}`, async () => {
      assert.equal((await scene.exchange(request(`GET ${path} HTTP/1.1`, [AS_SELF]))).reply.status, 200);
    });
  }
}
