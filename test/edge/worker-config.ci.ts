// The Worker's bindings: what it refuses to run with, and how it says so.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ALIAS, AS_ALIAS, get, INJECTED, request, SECRET } from '../contract/scene.ts';
import { fieldNames, fieldValue, fieldValues } from '../support/message.ts';
import { send } from '../support/raw-client.ts';
import { answer, response, Upstream } from '../support/upstream.ts';
import { withBindings } from './bound-worker.ts';

const AS_JSON = 'Accept: application/json';

let upstream: Upstream;
before(async () => {
  upstream = await Upstream.start();
});
after(() => upstream.stop());

const complete = () => ({ SENTRY_URI: upstream.uri, SENTRY_TOKEN: SECRET, ALIAS_TOKENS: ALIAS });

describe('a Worker that is not configured', () => {
  const cases: Record<string, readonly [() => Record<string, unknown>, says: RegExp]> = {
    'host names that are a line end and nothing else': [
      () => ({ ...complete(), ALLOWED_HOSTS: '\n' }),
      /ALLOWED_HOSTS is set, but contains no host name/,
    ],
    'no binding at all': [
      () => ({}),
      /SENTRY_URI is not set.*SENTRY_TOKEN is not set.*ALIAS_TOKENS is not set.*ALLOW_ANY_CLIENT/,
    ],
    'no SENTRY_TOKEN': [() => ({ ...complete(), SENTRY_TOKEN: undefined }), /SENTRY_TOKEN is not set/],
    'an empty SENTRY_TOKEN': [() => ({ ...complete(), SENTRY_TOKEN: '' }), /SENTRY_TOKEN is not set/],
    'system as SENTRY_TOKEN': [() => ({ ...complete(), SENTRY_TOKEN: 'system' }), /SENTRY_TOKEN asks .*Node adapter/],
    'a SENTRY_TOKEN with a blank': [
      () => ({ ...complete(), SENTRY_TOKEN: `${SECRET} ` }),
      /SENTRY_TOKEN has a character that is not visible ASCII, such as a space or a line break/,
    ],
    'a SENTRY_TOKEN of a line end alone': [
      () => ({ ...complete(), SENTRY_TOKEN: '\n' }),
      /SENTRY_TOKEN has a character/,
    ],
    'a SENTRY_TOKEN that is not text': [
      () => ({ ...complete(), SENTRY_TOKEN: { x: SECRET } }),
      /SENTRY_TOKEN is not text/,
    ],
    'a SENTRY_URI with credentials': [
      () => ({ ...complete(), SENTRY_URI: `http://user:${SECRET}@127.0.0.1:9` }),
      /SENTRY_URI must not contain credentials/,
    ],
    'a SENTRY_URI that is none': [() => ({ ...complete(), SENTRY_URI: SECRET }), /SENTRY_URI is not a URL/],
    'ALIAS_TOKENS of separators alone': [() => ({ ...complete(), ALIAS_TOKENS: ' ; ' }), /ALIAS_TOKENS is set, but/],
    'an alias token with a blank': [() => ({ ...complete(), ALIAS_TOKENS: `a;${SECRET} b` }), /ALIAS_TOKENS number 2/],
    'neither ALIAS_TOKENS nor CLIENTS': [
      () => ({ ...complete(), ALIAS_TOKENS: undefined }),
      /ALIAS_TOKENS is not set, nor is CLIENTS, so everyone would act on Sentry with the token/,
    ],
    'empty ALIAS_TOKENS': [
      () => ({ ...complete(), ALIAS_TOKENS: '' }),
      /ALIAS_TOKENS is set, but empty; put alias tokens in it, or remove it and set ALLOW_ANY_CLIENT to true/,
    ],
    'empty ALIAS_TOKENS although anyone is allowed': [
      () => ({ ...complete(), ALIAS_TOKENS: '', ALLOW_ANY_CLIENT: 'true' }),
      /ALIAS_TOKENS is set, but empty/,
    ],
    ...Object.fromEntries(
      ['yes', '1', 'True', ''].map((value) => [
        `ALLOW_ANY_CLIENT ${JSON.stringify(value)}`,
        [() => ({ ...complete(), ALLOW_ANY_CLIENT: value }), /ALLOW_ANY_CLIENT is neither true nor false/] as const,
      ]),
    ),
    ...Object.fromEntries(
      ['', 'Reject', 'true'].map((value) => [
        `UNMATCHED ${JSON.stringify(value)}`,
        [() => ({ ...complete(), UNMATCHED: value }), /UNMATCHED is not one of bypass, reject/] as const,
      ]),
    ),
    'UNMATCHED reject where anyone is allowed': [
      () => ({ ...complete(), ALIAS_TOKENS: undefined, ALLOW_ANY_CLIENT: 'true', UNMATCHED: 'reject' }),
      /UNMATCHED is reject, but neither CLIENTS nor ALIAS_TOKENS is set/,
    ],
    'ALIAS_TOKEN in place of ALIAS_TOKENS': [
      () => ({ ...complete(), ALIAS_TOKENS: undefined, ALIAS_TOKEN: ALIAS, ALLOW_ANY_CLIENT: 'true' }),
      /ALIAS_TOKEN is not a setting; did you mean ALIAS_TOKENS\?/,
    ],
    'CLIENT in place of CLIENTS': [
      () => ({ ...complete(), CLIENT: SECRET }),
      /CLIENT is not a setting; did you mean CLIENTS\?/,
    ],
    ...Object.fromEntries(
      ['CLIENTS', 'ALIAS_TOKENS', 'SENTRY_TOKEN', 'UPSTREAM_HEADERS'].map((setting) => [
        `${setting}_FILE`,
        [
          () => ({ ...complete(), [`${setting}_FILE`]: SECRET }),
          new RegExp(`${setting}_FILE is not read here; put its content into ${setting}\\b`),
        ] as const,
      ]),
    ),
    'a REPLAY_LIMIT that is not a size': [
      () => ({ ...complete(), REPLAY_LIMIT: 'much' }),
      /REPLAY_LIMIT is not a size/,
    ],
    'a WRITE_TIMEOUT that is not a time': [
      () => ({ ...complete(), WRITE_TIMEOUT: '-1' }),
      /WRITE_TIMEOUT is not a time/,
    ],
    'a STREAM_CHUNKED that is not a switch': [
      () => ({ ...complete(), STREAM_CHUNKED: 'on' }),
      /STREAM_CHUNKED is neither/,
    ],
  };
  for (const [title, [bindings, says]] of Object.entries(cases)) {
    it(`answers 503 to every request, names the binding and not its value, and asks Sentry nothing: ${title}`, () =>
      withBindings(bindings(), {}, async (target) => {
        const connections = upstream.play(answer(response('200 OK')));
        for (const credentials of [AS_ALIAS, 'X-Other: client']) {
          const text = await send(target, get(credentials));
          assert.equal(text.status, 503);
          assert.equal(fieldValue(text, 'Content-Type'), 'text/plain; charset=utf-8');
          assert.match(text.content.toString(), says);
          const json = await send(
            target,
            request('POST /x HTTP/1.1', [credentials, AS_JSON, 'Content-Length: 2'], 'hi'),
          );
          assert.equal(json.status, 503);
          assert.deepEqual(Object.keys(JSON.parse(json.content.toString())), ['detail']);
          assert.match(JSON.parse(json.content.toString()).detail, says);
          assert.ok(!(text.bytes.includes(SECRET) || json.bytes.includes(SECRET)));
        }
        assert.ok(!target.output().includes(SECRET));
        assert.equal(connections.length, 0);
      }));
  }
});

describe('a Worker that is configured', () => {
  it('warns of a variable that is nearly a setting, and names no value', () =>
    withBindings(
      { ...complete(), SENTRY_AUTH_TOKEN: SECRET, SENTRY_URL: upstream.uri, LIMIT_STORE: SECRET },
      {},
      async (target) => {
        upstream.play(answer(response('200 OK')));
        assert.equal((await send(target, get(AS_ALIAS))).status, 200);
        assert.match(target.output(), /SENTRY_AUTH_TOKEN is not a setting; did you mean SENTRY_TOKEN\?/);
        assert.match(target.output(), /SENTRY_URL is not a setting; did you mean SENTRY_URI\?/);
        assert.match(target.output(), /LIMIT_STORE is not read here/);
        assert.ok(!target.output().includes(SECRET));
      },
    ));

  for (const value of ['true', true]) {
    it(`serves anyone with ALLOW_ANY_CLIENT = ${JSON.stringify(value)}`, () =>
      withBindings({ ...complete(), ALIAS_TOKENS: undefined, ALLOW_ANY_CLIENT: value }, {}, async (target) => {
        const connections = upstream.play(answer(response('200 OK')));
        assert.equal((await send(target, get())).status, 200);
        assert.equal(fieldValue(connections[0]!.request!, 'Authorization'), INJECTED);
        assert.equal((await send(target, get('Origin: https://elsewhere.example'))).status, 403);
      }));
  }

  it('lets ALLOW_ANY_CLIENT not open what alias tokens close', () =>
    withBindings({ ...complete(), ALLOW_ANY_CLIENT: 'true' }, {}, async (target) => {
      const connections = upstream.play(answer(response('200 OK')));
      assert.equal((await send(target, get())).status, 200);
      assert.deepEqual(fieldValues(connections[0]!.request!, 'Authorization'), []);
    }));

  it("keeps what Cloudflare tells of the client, and the client's Access credentials, from Sentry", () =>
    withBindings(complete(), {}, async (target) => {
      const fields = [
        'CF-Connecting-IP: 203.0.113.7',
        'cf-ray: 1',
        'CF-IPCountry: DE',
        'CF-Access-Client-Secret: s',
        'Cf_Visitor: {}',
        'X-Real-IP: 203.0.113.7',
        'True-Client-IP: 203.0.113.7',
        'X-Cf-Own: kept',
      ];
      for (const credentials of [AS_ALIAS, 'X-Other: client']) {
        const connections = upstream.play(answer(response('200 OK')));
        await send(target, get(credentials, ...fields));
        // workerd itself adds CF-Worker behind the Worker's back.
        const names = fieldNames(connections[0]!.request!).filter((name) => name !== 'cf-worker');
        assert.deepEqual(
          names.filter((name) => /^cf[-_]|ip$/.test(name)),
          [],
        );
        assert.ok(names.includes('x-cf-own'));
      }
    }));
});

describe('a Worker and odd messages', () => {
  for (const [title, bytes, script, status, reaches] of [
    ['takes GET with Content-Length: 0', get(AS_ALIAS, 'Content-Length: 0'), response('200 OK'), 200, 1],
    ['answers 502 to a status above 599', get(AS_ALIAS), 'HTTP/1.1 700 X\r\nContent-Length: 0\r\n\r\n', 502, 1],
    ['refuses plain dot segments', request('GET /a/../b HTTP/1.1', [AS_ALIAS]), response('200 OK'), 400, 0],
    [
      'refuses GET with a body',
      request('GET /x HTTP/1.1', [AS_ALIAS, 'Content-Length: 2'], 'hi'),
      response('200 OK'),
      400,
      0,
    ],
  ] as const) {
    it(title, () =>
      withBindings(complete(), {}, async (target) => {
        const connections = upstream.play(answer(script));
        assert.equal((await send(target, bytes)).status, status);
        assert.equal(connections.length, reaches);
      }),
    );
  }
});
