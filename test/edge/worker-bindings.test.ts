// Bindings of a Worker in addition to text: another way to Sentry, and limits that isolates share.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ALIAS, AS_ALIAS, AS_SELF, get, INJECTED, request, SECRET } from '../contract/scene.ts';
import type { RunningTarget } from '../contract/targets.ts';
import { fieldValue } from '../support/message.ts';
import { type Reply, send } from '../support/raw-client.ts';
import { answer, response, Upstream } from '../support/upstream.ts';
import { withBindings } from './bound-worker.ts';

let upstream: Upstream;
before(async () => {
  upstream = await Upstream.start();
});
after(() => upstream.stop());

/** A Sentry that only the binding reaches: it says what it was asked. */
const ECHO = `export default {
  async fetch(request) {
    const { method, url, headers } = request;
    const said = { method, url, headers: Object.fromEntries(headers), body: await request.text() };
    const zip = new Response(JSON.stringify(said)).body.pipeThrough(new CompressionStream('gzip'));
    return new Response(zip, { headers: { 'Content-Encoding': 'gzip' }, encodeBody: 'manual' });
  },
};`;

interface Asked {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

const askedOf = (reply: Reply): Asked => JSON.parse(gunzipSync(reply.content).toString());

describe('a binding named SENTRY', () => {
  const settings = {
    SENTRY_URI: 'http://sentry.internal.invalid:9000/sub',
    SENTRY_TOKEN: SECRET,
    ALIAS_TOKENS: ALIAS,
    UPSTREAM_HEADERS: 'X-Key: key-of-the-gateway',
  };

  it('takes the place of the network', () =>
    withBindings(settings, { services: { SENTRY: ECHO } }, async (target) => {
      const asked = askedOf(await send(target, get(AS_ALIAS)));
      assert.equal(asked.url, 'http://sentry.internal.invalid:9000/sub/api/0/projects/');
      assert.equal(asked.headers.authorization, INJECTED);
      assert.equal(asked.headers['x-key'], 'key-of-the-gateway');
      const posted = request('POST /api/0/x/?a=%2Fb HTTP/1.1', [AS_SELF, 'Content-Length: 5'], 'hello');
      const bypassed = askedOf(await send(target, posted));
      assert.equal(bypassed.url, 'http://sentry.internal.invalid:9000/sub/api/0/x/?a=%2Fb');
      assert.deepEqual([bypassed.method, bypassed.body], ['POST', 'hello']);
      assert.equal(`Authorization: ${bypassed.headers.authorization}`, AS_SELF);
    }));

  it('passes what it answers as it is, encoded and streamed', () =>
    withBindings(settings, { services: { SENTRY: ECHO } }, async (target) => {
      const reply = await send(target, get(AS_ALIAS));
      assert.equal(reply.status, 200);
      assert.equal(fieldValue(reply, 'Content-Encoding'), 'gzip');
      assert.equal(askedOf(reply).method, 'GET');
    }));

  it('that fails is answered with 502', () => {
    const failing = 'export default { fetch() { throw new Error("it fails") } };';
    return withBindings(settings, { services: { SENTRY: failing } }, async (target) => {
      assert.equal((await send(target, get(AS_ALIAS))).status, 502);
    });
  });

  for (const [title, value] of [
    ['a text', 'http://sentry.internal'],
    ['an empty text', ''],
    ['an object', { fetch: 'x' }],
    ['null', null],
  ] as const) {
    it(`that has no fetch is an error, and nothing is sent to Sentry: ${title}`, () =>
      withBindings({ ...settings, SENTRY_URI: upstream.uri, SENTRY: value }, {}, async (target) => {
        const connections = upstream.play(answer(response('200 OK')));
        const reply = await send(target, get(AS_ALIAS));
        assert.equal(reply.status, 503);
        assert.match(reply.content.toString(), /SENTRY is not a binding that has fetch/);
        assert.equal(connections.length, 0);
      }));
  }
});

describe('a Rate Limiting binding', () => {
  const tokens = { web: 'token-of-client-web-0123456789abcdef', api: 'token-of-client-api-0123456789abcdef' };
  const clients = Object.entries(tokens).map(([name, token]) => ({
    name,
    token,
    scopes: ['org:read'],
    orgs: ['acme'],
    rate: '1000/min',
  }));
  const settings = () => ({ SENTRY_URI: upstream.uri, SENTRY_TOKEN: SECRET, CLIENTS: JSON.stringify({ clients }) });
  const ask = (token: string) =>
    request('GET /api/0/organizations/acme/ HTTP/1.1', [`Authorization: Bearer ${token}`, 'Accept: application/json']);
  const statusesOf = async (target: RunningTarget, token: string, count: number): Promise<number[]> => {
    upstream.play(answer(response('200 OK', ['Content-Type: application/json'], '{}')));
    const statuses: number[] = [];
    for (let i = 0; i < count; i++) statuses.push((await send(target, ask(token))).status);
    return statuses;
  };

  // A window may end between the requests, and then a few more get through.
  it('named CLIENT_RATE limits each client by itself, in place of the rate in the file', () =>
    withBindings(settings(), { rateLimits: { CLIENT_RATE: 2 } }, async (target) => {
      const statuses = await statusesOf(target, tokens.web, 6);
      assert.deepEqual(statuses.slice(0, 2), [200, 200]);
      assert.ok(statuses.includes(429), String(statuses));
      assert.deepEqual(await statusesOf(target, tokens.api, 2), [200, 200]);
    }));

  it('says when to come again', () =>
    withBindings(settings(), { rateLimits: { CLIENT_RATE: 1 } }, async (target) => {
      await statusesOf(target, tokens.web, 3);
      const replies = [await send(target, ask(tokens.web)), await send(target, ask(tokens.web))];
      const limited = replies.find(({ status }) => status === 429);
      assert.ok(limited);
      const seconds = Number(fieldValue(limited, 'Retry-After'));
      assert.ok(seconds >= 1 && seconds <= 60, String(seconds));
    }));

  it('of a client comes before the one for all', () =>
    withBindings(settings(), { rateLimits: { CLIENT_RATE: 1, CLIENT_RATE_API: 100 } }, async (target) => {
      assert.ok((await statusesOf(target, tokens.web, 4)).includes(429));
      assert.deepEqual(await statusesOf(target, tokens.api, 5), [200, 200, 200, 200, 200]);
    }));
});
