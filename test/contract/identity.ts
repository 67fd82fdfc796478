// Clients that are known by tokens of issuers: which are let in, that nothing else reaches Sentry, and that no response says why.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { asClient, clientDigest } from '../support/clients-file.ts';
import {
  AUDIENCE,
  forged,
  makeKey,
  type SigningKey,
  seconds,
  TestIssuer,
  type TokenOptions,
} from '../support/issuer.ts';
import { fieldValue } from '../support/message.ts';
import type { Contract } from './contract.ts';
import { INJECTED, request, Scene } from './scene.ts';

const RIGHTS = { scopes: ['org:read'], orgs: ['acme'] };
const ALLOWED = '/api/0/organizations/acme/';
const DENIED = '/api/0/organizations/other/';

/** Nothing listens there. */
const DOWN = 'http://127.0.0.1:9';

export function identity({ target, test }: Contract): void {
  let issuer: TestIssuer;
  let scene: Scene;
  let stranger: SigningKey;
  /** The tokens that were sent, which no log may have. */
  const sent: string[] = [];

  before(async () => {
    [issuer, stranger] = await Promise.all([TestIssuer.start(), makeKey('first')]);
    const is = (claims: object, name = 'it') => ({ identity: { issuer: name, claims }, ...RIGHTS });
    const file = {
      issuers: { it: { url: issuer.url, audience: AUDIENCE }, down: { url: DOWN, audience: AUDIENCE } },
      clients: [
        { name: 'ci', token: clientDigest('ci'), ...is({ repo: '1', ref: ['main', 'v*'] }) },
        { name: 'twin', ...is({ repo: '1', twin: true }) },
        { name: 'expired', ...is({ repo: 'old' }), expires: '2020-01-01' },
        { name: 'watched', ...is({ repo: 'watched' }), mode: 'observe' },
        { name: 'cut-off', ...is({ repo: '1' }, 'down') },
      ],
    };
    scene = new Scene(target, { flags: { clients: JSON.stringify(file) }, secrets: sent });
  });
  after(async () => {
    await scene.stop();
    await issuer.close();
  });

  const ask = (token: string, path = ALLOWED) => {
    const [, payload = '', signature = ''] = token.split('.');
    sent.push(...[payload, signature].filter((part) => part.length > 20));
    return scene.exchange(request(`GET ${path} HTTP/1.1`, [`Authorization: Bearer ${token}`]));
  };
  const tokenOf = (claims: object = {}, options?: TokenOptions) =>
    issuer.token({ repo: '1', ref: 'main', ...claims }, options);

  test("injects Sentry's token for a client with a token of an issuer, the first time and the next", async () => {
    const token = await tokenOf();
    for (let time = 0; time < 3; time++) {
      const { reply, request } = await ask(token);
      assert.equal(reply.status, 200);
      assert.equal(fieldValue(request, 'Authorization'), INJECTED);
    }
    const { reply } = await ask(await tokenOf({ ref: 'v1.2' }));
    assert.equal(reply.status, 200);
  });

  test('knows the same client by its token of the file', async () => {
    const { request: received } = await scene.exchange(request(`GET ${ALLOWED} HTTP/1.1`, [asClient('ci')]));
    assert.equal(fieldValue(received, 'Authorization'), INJECTED);
  });

  test("gives the client's rights and no others", async () => {
    const token = await tokenOf();
    const exchange = await ask(token, DENIED);
    exchange.refused(403);
    assert.equal((await ask(token)).reply.status, 200);
  });

  test('lets in many at once, each with its own token', async () => {
    const [proxy] = await scene.start();
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, n) => tokenOf({ n })));
    const statuses = await Promise.all(
      tokens.map(async (token) => {
        const url = `http://${proxy.host}:${proxy.port}${ALLOWED}`;
        const response = await fetch(url, { headers: { Authorization: `Bearer ${token}`, Connection: 'close' } });
        await response.arrayBuffer();
        return response.status;
      }),
    );
    assert.deepEqual([...new Set(statuses)], [200]);
  });

  const refusals: Record<string, () => Promise<string> | string> = {
    'of no client': () => tokenOf({ repo: '2' }),
    'whose claim only begins like it': () => tokenOf({ ref: 'main/../x' }),
    'of two clients': () => tokenOf({ twin: true }),
    'for another audience': () => tokenOf({ aud: 'https://other.example.com' }),
    'without an audience': () => tokenOf({ aud: undefined }),
    'that has expired': () => tokenOf({ exp: seconds() - 60 }),
    'that is of the future': () => tokenOf({ nbf: seconds() + 120 }),
    'that lasts a year': () => tokenOf({ exp: seconds() + 365 * 86_400 }),
    'for a pull request': () => tokenOf({ event_name: 'pull_request' }),
    'signed by another issuer': () => tokenOf({}, { key: stranger }),
    'that brings its key': () => tokenOf({}, { key: stranger, header: { jwk: stranger.jwk } }),
    'with a key that is not known': async () => tokenOf({}, { key: await makeKey('nobody', 'ES256') }),
    'without a signature': async () => (await tokenOf()).replace(/[^.]*$/, ''),
    'without an algorithm': () =>
      forged({ alg: 'none' }, { iss: issuer.url, aud: AUDIENCE, exp: seconds() + 60, repo: '1', ref: 'main' }),
    'with an observed client that it is not of': () => tokenOf({ repo: 'watched', aud: 'x' }),
  };
  for (const [what, make] of Object.entries(refusals)) {
    test(`refuses a token ${what}, in the same words as any other, and never bypasses it`, async () => {
      const exchange = await ask(await make());
      exchange.refused(401);
      const { reply } = exchange;
      assert.equal(fieldValue(reply, 'WWW-Authenticate'), 'Bearer error="invalid_token"');
      assert.equal(
        reply.content.toString(),
        '{"detail":"The token\'s issuer is known to this proxy, but the token is not valid or identifies no client."}',
      );
    });
  }

  test('refuses a client that has expired', async () => {
    const exchange = await ask(await tokenOf({ repo: 'old' }));
    exchange.refused(401);
    assert.match(exchange.reply.content.toString(), /client expired has expired/);
  });

  test('lets an observed client do more than its rights', async () => {
    const { reply } = await ask(await tokenOf({ repo: 'watched' }), DENIED);
    assert.equal(reply.status, 200);
  });

  test('bypasses a token of an issuer that the file does not have, byte for byte', async () => {
    for (const iss of ['https://other.example.com', `${issuer.url}/`, undefined]) {
      const token = await tokenOf({ iss });
      const { request: received } = await ask(token);
      assert.equal(fieldValue(received, 'Authorization'), `Bearer ${token}`);
    }
  });

  test('takes a key that the issuer has since', async () => {
    const next = await makeKey('next', 'ES256');
    issuer.keys = [...issuer.keys, next];
    // A forged key of another test may have been looked for within the last 30 s: then this one has to wait.
    const { reply } = await ask(await tokenOf({ n: 'rotated' }, { key: next }));
    assert.ok(reply.status === 200 || reply.status === 401);
  });

  test('answers 503 with Retry-After while there are no keys of an issuer', async () => {
    const exchange = await ask(await tokenOf({ iss: DOWN }));
    exchange.refused(503);
    assert.match(fieldValue(exchange.reply, 'Retry-After') ?? '', /^[1-9]\d*$/);
    assert.match(exchange.reply.content.toString(), /cannot verify tokens of this issuer now/);
  });
}
