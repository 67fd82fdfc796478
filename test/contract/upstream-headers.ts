// Headers of the operator's for a gateway before Sentry: on everything that goes there, and nowhere else.
import assert from 'node:assert/strict';
import { fieldNames, fieldValue, fieldValues } from '../support/message.ts';
import { answer, response } from '../support/upstream.ts';
import type { Contract } from './contract.ts';
import { AS_ALIAS, AS_SELF, get, INJECTED, post, request, useScene } from './scene.ts';

const KEY = 'key-of-the-gateway/+=; with, all "kinds" of characters';
const ACCESS = 'access-secret-0123456789abcdef';
/** Cloudflare drops what a client sends by such a name as the second, and must not drop the operator's. */
const UPSTREAM_HEADERS = [`X-Gateway-Key: ${KEY}`, `CF-Access-Client-Secret:  ${ACCESS}\t`];
const SECRETS = [KEY, ACCESS];

const CLIENT_TOKEN = 'token-of-a-named-client-0123456789abcdef';
const CLIENTS = JSON.stringify({
  clients: [{ name: 'limited', token: CLIENT_TOKEN, scopes: ['event:read'], projects: ['acme/web'] }],
});
const JSON_CONTENT = ['Content-Type: application/json'];
const PROJECT = JSON.stringify({ id: '11', slug: 'web' });

export function upstreamHeaders({ target, test }: Contract): void {
  const scene = useScene(target, { flags: { upstreamHeaders: UPSTREAM_HEADERS }, secrets: SECRETS });

  for (const [way, credentials] of [
    ['injected', AS_ALIAS],
    ['bypassed', AS_SELF],
  ] as const) {
    test(`adds them to a request that is ${way}, and to no response`, async () => {
      for (const bytes of [get(credentials), post('hi', credentials)]) {
        const { reply, request: sent } = await scene.exchange(bytes);
        assert.deepEqual(fieldValues(sent, 'X-Gateway-Key'), [KEY]);
        assert.deepEqual(fieldValues(sent, 'CF-Access-Client-Secret'), [ACCESS]);
        for (const secret of SECRETS) assert.ok(!reply.bytes.includes(secret));
      }
    });

    test(`drops a client's own lines of these names, in every spelling, of a request that is ${way}`, async () => {
      const own = ['X-Gateway-Key: a', 'x_gateway_key: b', 'X-GATEWAY_Key: c', 'cf_access_client_secret: d'];
      const { request: sent } = await scene.exchange(get(credentials, ...own, 'X-Gateway-Key2: kept'));
      const named = fieldNames(sent).filter((name) => /^(?:x[-_]gateway|cf[-_]access)/.test(name));
      assert.deepEqual(named, ['cf-access-client-secret', 'x-gateway-key', 'x-gateway-key2']);
      assert.deepEqual(fieldValues(sent, 'X-Gateway-Key'), [KEY]);
      assert.deepEqual(fieldValues(sent, 'CF-Access-Client-Secret'), [ACCESS]);
    });

    test(`adds them to a request that is ${way} although Connection names them`, async () => {
      const named = 'Connection: close, X-Gateway-Key, CF-Access-Client-Secret';
      const { request: sent } = await scene.exchange(get(credentials, named));
      assert.equal(fieldValue(sent, 'X-Gateway-Key'), KEY);
      assert.equal(fieldValue(sent, 'CF-Access-Client-Secret'), ACCESS);
    });

    test(`gives no session of the gateway to a client whose request is ${way}`, async () => {
      const script = answer(response('200 OK', ['Set-Cookie: CF_Authorization=session', 'X-Other: kept']));
      const { reply } = await scene.exchange(get(credentials), script);
      assert.equal(reply.status, 200);
      assert.deepEqual(fieldValues(reply, 'Set-Cookie'), []);
      assert.equal(fieldValue(reply, 'X-Other'), 'kept');
    });
  }

  test('leaves the credentials as they are', async () => {
    assert.equal(fieldValue((await scene.exchange(get(AS_ALIAS))).request, 'Authorization'), INJECTED);
    const bypassed = (await scene.exchange(get(AS_SELF))).request;
    assert.equal(`Authorization: ${fieldValue(bypassed, 'Authorization')}`, AS_SELF);
  });

  const limited = useScene(target, {
    aliases: [],
    flags: { clients: CLIENTS, upstreamHeaders: UPSTREAM_HEADERS },
    secrets: [...SECRETS, CLIENT_TOKEN],
  });

  test("adds them to the proxy's own lookups", async () => {
    const ask = request('GET /api/0/organizations/acme/issues/?query=is:unresolved HTTP/1.1', [
      `Authorization: Bearer ${CLIENT_TOKEN}`,
    ]);
    const [, upstream] = await limited.start();
    const lookups = upstream.play(answer(response('200 OK', JSON_CONTENT, PROJECT)), '/api/0/projects/acme/web/');
    const { reply, request: sent } = await limited.exchange(ask);
    assert.equal(reply.status, 200);
    assert.equal(lookups.length, 1);
    for (const message of [sent, lookups[0]!.request!]) {
      assert.deepEqual(fieldValues(message, 'X-Gateway-Key'), [KEY]);
      assert.deepEqual(fieldValues(message, 'CF-Access-Client-Secret'), [ACCESS]);
    }
  });
}
