// The proxy as a library: its options, and what it takes and gives beside what the contract says of every adapter.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import {
  type ClientsFileJson,
  createProxy,
  type ProxyOptions,
  type RequestRecord,
  type TokenSource,
  type Transport,
  type UpstreamResponse,
} from '../../src/index.ts';
import { fieldValue } from '../support/message.ts';
import { eventually } from '../support/operator.ts';
import { answer, response, Upstream } from '../support/upstream.ts';

const TOKEN = 'token-of-the-library-tests';
const ALIAS = 'alias-of-the-library-tests';
/** A client that may have one request under way. */
const CLIENT = 'client-of-the-library-tests-0123456789';
const ONE_AT_A_TIME: ClientsFileJson = {
  clients: [{ name: 'single', token: CLIENT, scopes: ['org:read'], orgs: ['*'], concurrency: 1 }],
};
const complete = { sentryUri: 'http://sentry.example', token: TOKEN, aliasTokens: [ALIAS] };

describe('createProxy', () => {
  const wrong: Record<string, readonly [options: object | undefined, says: RegExp]> = {
    'no sentryUri': [{ ...complete, sentryUri: undefined }, /sentryUri is not a URL/],
    'a sentryUri with credentials': [
      { ...complete, sentryUri: `http://user:${TOKEN}@x` },
      /sentryUri must not contain credentials/,
    ],
    'no token': [{ ...complete, token: undefined }, /token is empty; set a Sentry auth token$/],
    'the word system': [{ ...complete, token: 'system' }, /token asks for Sentry's own token/],
    'a token with a blank': [{ ...complete, token: `${TOKEN} x` }, /token has a character/],
    'a token that is no text': [{ ...complete, token: 5 }, /: token is neither a string nor an object$/],
    'an object that is no token source': [{ ...complete, token: {} }, /token is neither a string nor a source/],
    'no alias tokens': [{ ...complete, aliasTokens: undefined }, /aliasTokens is not set.*allowAnyClient/],
    'no alias tokens and allowAnyClient false': [
      { ...complete, aliasTokens: undefined, allowAnyClient: false },
      /aliasTokens is not set/,
    ],
    'allowAnyClient as a text': [
      { ...complete, aliasTokens: undefined, allowAnyClient: 'true' },
      /allowAnyClient is not a boolean/,
    ],
    'another word for what becomes of unmatched requests': [
      { ...complete, unmatched: 'refuse' },
      /: unmatched is not one of bypass, reject$/,
    ],
    'an empty word for what becomes of unmatched requests': [
      { ...complete, unmatched: '' },
      /: unmatched is not one of/,
    ],
    'unmatched requests that are refused where anyone is served': [
      { ...complete, aliasTokens: undefined, allowAnyClient: true, unmatched: 'reject' },
      /: unmatched is reject, but neither clients nor aliasTokens is set/,
    ],
    'an empty list of alias tokens': [{ ...complete, aliasTokens: [], allowAnyClient: true }, /aliasTokens is empty/],
    'an empty alias token': [{ ...complete, aliasTokens: [ALIAS, ''] }, /: aliasTokens number 2 is empty$/],
    'an alias token with a blank': [{ ...complete, aliasTokens: [ALIAS, 'a b'] }, /aliasTokens number 2 has a char/],
    'an alias token of a variable that is not set': [
      { ...complete, aliasTokens: [ALIAS, undefined] },
      /: aliasTokens has something other than a string at number 2; is a variable unset\?$/,
    ],
    'alias tokens that are no list': [{ ...complete, aliasTokens: ALIAS }, /: aliasTokens is not an array$/],
    'clients of another type, without saying that the proxy is open': [
      { ...complete, aliasTokens: undefined, clients: 5 },
      /: clients is neither an object nor a string$/,
    ],
    "an alias token that is a client's as well": [
      { ...complete, aliasTokens: [ALIAS, CLIENT], clients: ONE_AT_A_TIME },
      /: clients has clients\[0\]\.token, which is also one of aliasTokens$/,
    ],
    'a host that is no text': [{ ...complete, allowedHosts: [null] }, /allowedHosts has something other than a string/],
    'a host with a port': [{ ...complete, allowedHosts: ['a:80'] }, /allowedHosts number 1/],
    'a size that is none': [{ ...complete, replayLimit: 'much' }, /replayLimit is not a size/],
    'a negative size': [{ ...complete, replayLimit: -1 }, /replayLimit is not a size/],
    'a time that is none': [{ ...complete, writeTimeout: 'soon' }, /writeTimeout is not a time/],
    'a text for a time without a unit': [
      { ...complete, writeTimeout: '25' },
      /: writeTimeout is a string without a unit; write one like '25s', or a number of milliseconds$/,
    ],
    'a text for a time with a fraction and without a unit': [
      { ...complete, writeTimeout: '2.5' },
      /: writeTimeout is a string without a unit/,
    ],
    'a source that says of renewals neither yes nor no': [
      { ...complete, token: { isRenewable: 'no', get: () => TOKEN, renew: async () => undefined } },
      /: token has an isRenewable that is neither true nor false$/,
    ],
    'an option of createListener': [
      { ...complete, pgxConn: `postgres://u:${TOKEN}@h/d` },
      /: pgxConn is not an option of createProxy; createListener of sentry-api-proxy\/node-http has it$/,
    ],
    'a file of clients': [
      { ...complete, clientsFile: 'clients.json' },
      /: clientsFile is not an option: the library reads no files; set clients to the content of the file$/,
    ],
    'a file of alias tokens': [
      { ...complete, aliasTokenFile: 'aliases' },
      /: aliasTokenFile is not an option: the library reads no files; set aliasTokens to the content of the file$/,
    ],
    'a time above a day': [{ ...complete, writeTimeout: '25h' }, /writeTimeout is not a time from 1ms to 24h, or 0/],
    'upstream headers that are a list': [
      { ...complete, upstreamHeaders: [TOKEN] },
      /upstreamHeaders is neither an object nor a string/,
    ],
    'an upstream header that the proxy sets': [
      { ...complete, upstreamHeaders: { Host: TOKEN } },
      /upstreamHeaders has a name in entry 1 that is the proxy's/,
    ],
    'an upstream header without a value': [
      { ...complete, upstreamHeaders: 'X-Key:' },
      /upstreamHeaders has no value in line 1/,
    ],
    'a base path without a slash': [{ ...complete, basePath: 'sentry' }, /basePath is not a path/],
    'an option that is none': [
      { ...complete, sentryURL: 'x' },
      /sentryURL is not an option; did you mean sentryUri\?$/,
    ],
    'no options': [undefined, /aliasTokens is not set.*sentryUri is not.*token is empty/],
    'an option named as a property of every object': [
      { ...complete, constructor: 'x' },
      /constructor is not an option/,
    ],
  };
  for (const [title, [options, says]] of Object.entries(wrong)) {
    it(`refuses ${title} and quotes no value`, () => {
      assert.throws(
        () => createProxy(options as ProxyOptions),
        ({ name, message }: Error) => {
          assert.equal(name, 'OptionsError');
          assert.match(message, says);
          assert.ok(!message.includes(TOKEN) && !message.includes(ALIAS));
          return true;
        },
      );
    });
  }

  it('names everything that is wrong at once', () => {
    assert.throws(
      () => createProxy({ sentryUri: '', token: '', writeTimeout: 'x', other: 1 } as ProxyOptions),
      /other is not.*aliasTokens is not set.*sentryUri is not.*token is empty.*writeTimeout is not/,
    );
  });
});

describe('the type of clients', () => {
  const client = { name: 'robot', token: CLIENT };
  const made = (clients: ClientsFileJson) => () => createProxy({ ...complete, clients });

  it('takes what a clients file may have', () => {
    const scopes = ['org:ci', 'readonly', '*'] as const;
    const limits = { rate: '300/min', concurrency: 8, expires: '2099-12-31', mode: 'observe' } as const;
    assert.doesNotThrow(
      made({
        clients: [
          { ...client, ...limits, scopes, projects: ['acme/web'], allow: ['GET /api/0/'], deny: ['GET /api/0/'] },
        ],
        unmatched: 'reject',
      }),
    );
  });

  it('takes no other scope', () => {
    // @ts-expect-error
    assert.throws(made({ clients: [{ ...client, scopes: ['event:reed'], orgs: ['*'] }] }), /did you mean event:read\?/);
  });

  it('takes no other key', () => {
    const rights = { scopes: ['org:read'], orgs: ['*'] } as const;
    // @ts-expect-error
    assert.throws(made({ clients: [{ ...client, ...rights, rates: '1/s' }] }), /did you mean rate\?/);
    // @ts-expect-error
    assert.throws(made({ clients: [{ ...client, ...rights }], unmatchd: 'reject' }), /did you mean unmatched\?/);
  });

  it('takes either organizations or projects', () => {
    const rights = { scopes: ['org:read'] } as const;
    // @ts-expect-error
    assert.throws(made({ clients: [{ ...client, ...rights, orgs: ['*'], projects: ['acme/web'] }] }), /has both/);
    // @ts-expect-error
    assert.throws(made({ clients: [{ ...client, ...rights }] }), /lacks orgs or projects/);
  });
});

describe('a proxy made by createProxy', () => {
  let upstream: Upstream;
  before(async () => {
    upstream = await Upstream.start();
  });
  after(() => upstream.stop());

  const proxyWith = (options: Partial<ProxyOptions> = {}) =>
    createProxy({ sentryUri: upstream.uri, token: TOKEN, aliasTokens: [ALIAS], ...options });
  /** The status, with the content read to its end, as a client does. */
  const statusOf = async (answered: Promise<Response>): Promise<number> => {
    await (await answered).arrayBuffer();
    return (await answered).status;
  };
  /** Whether a request is kept waiting, until it is given up. */
  const isKeptWaiting = async (ask: (signal: AbortSignal) => Promise<Response>): Promise<boolean> => {
    const leaving = new AbortController();
    const status = statusOf(ask(leaving.signal)).catch(() => 0);
    const first = await Promise.race([status, sleep(100, 'nothing')]);
    leaving.abort();
    await status;
    return first === 'nothing';
  };
  const asClient = { Authorization: `Bearer ${CLIENT}` };
  const asAlias = { Authorization: `Bearer ${ALIAS}` };

  it('injects the token into a request that was made by hand', async () => {
    const connections = upstream.play(answer(response('200 OK', ['X-A: b'], 'hello')));
    const answered = await proxyWith().fetch(new Request('http://proxy.example/api/0/?a=b', { headers: asAlias }));
    assert.equal(answered.status, 200);
    assert.equal(await answered.text(), 'hello');
    assert.equal(answered.headers.get('X-A'), 'b');
    assert.equal(connections[0]!.request!.target, '/api/0/?a=b');
    assert.equal(fieldValue(connections[0]!.request!, 'Authorization'), `Bearer ${TOKEN}`);
  });

  it('refuses every request if a digest in the clients is that of an alias token, and says whose', async () => {
    const [single] = ONE_AT_A_TIME.clients;
    const clients = { clients: [{ ...single!, token: `sha256:${hash('sha256', ALIAS, 'hex')}` }] };
    const answered = await proxyWith({ clients }).fetch(new Request('http://proxy.example/x', { headers: asAlias }));
    assert.equal(answered.status, 503);
    assert.match(await answered.text(), /\(clients\[0\]\.token has a token that is also an alias token\)/);
  });

  it("takes the URL's authority for the host of a request that was made by hand", async () => {
    upstream.play(answer(response('200 OK')));
    const proxy = proxyWith({ allowedHosts: ['proxy.example'] });
    assert.equal(await statusOf(proxy.fetch(new Request('http://proxy.example:8080/x'))), 200);
    assert.equal(await statusOf(proxy.fetch(new Request('http://elsewhere.example/x'))), 403);
  });

  it('answers at once when the body of the request was read before', async () => {
    const connections = upstream.play(answer(response('200 OK')));
    const request = new Request('http://proxy.example/x', { method: 'POST', body: '{}', headers: asAlias });
    await request.text();
    const answered = await proxyWith().fetch(request);
    assert.equal(answered.status, 500);
    assert.match(await answered.text(), /has already read the body/);
    const locked = new Request('http://proxy.example/x', { method: 'POST', body: '{}', headers: asAlias });
    locked.body!.getReader();
    assert.equal(await statusOf(proxyWith().fetch(locked)), 500);
    assert.equal(connections.length, 0);
  });

  for (const [path, target] of [
    ['/sentry/api/0/?a=%2F', '/api/0/?a=%2F'],
    ['/sentry/', '/'],
    ['/sentry', '/'],
    ['/sentry?a', '/?a'],
  ] as const) {
    it(`takes the base path off: ${path}`, async () => {
      const connections = upstream.play(answer(response('200 OK')));
      const request = new Request(`http://proxy.example${path}`, { headers: asAlias });
      assert.equal(await statusOf(proxyWith({ basePath: '/sentry/' }).fetch(request)), 200);
      assert.equal(connections[0]!.request!.target, target);
    });
  }

  for (const path of ['/', '/sentryx', '/x/sentry/', '/Sentry/']) {
    it(`answers 404 outside the base path: ${path}`, async () => {
      const connections = upstream.play(answer(response('200 OK')));
      const request = new Request(`http://proxy.example${path}`, { headers: asAlias });
      assert.equal(await statusOf(proxyWith({ basePath: '/sentry' }).fetch(request)), 404);
      assert.equal(connections.length, 0);
    });
  }

  it('calls onRequest once, when the response has ended', async () => {
    upstream.play(answer(response('404 Not Found', [], 'none')));
    const records: RequestRecord[] = [];
    const proxy = proxyWith({ onRequest: (record) => records.push(record) });
    const answered = await proxy.fetch(new Request('http://proxy.example/api/?token=x', { headers: asAlias }));
    assert.equal(records.length, 0);
    await answered.text();
    assert.equal(records.length, 1);
    const { duration, id, ...rest } = records[0]!;
    assert.deepEqual(rest, {
      method: 'GET',
      path: '/api/',
      route: 'inject',
      client: 'alias-1',
      status: 404,
      attempts: 1,
    });
    assert.ok(duration >= 0);
    assert.equal(id, answered.headers.get('X-Request-Id'));
  });

  it('calls onRequest for what it answers itself, and survives what the callback throws', async (t) => {
    const complaint = t.mock.method(console, 'error', () => {});
    const records: RequestRecord[] = [];
    const proxy = proxyWith({
      onRequest(record) {
        records.push(record);
        throw new Error('of the callback');
      },
    });
    const answered = await proxy.fetch(
      new Request('http://proxy.example/x', { method: 'PROPFIND', headers: { Expect: 'x' } }),
    );
    assert.equal(answered.status, 417);
    assert.deepEqual(
      records.map(({ status, error, attempts }) => [status, error, attempts]),
      [[417, 'expectation_failed', 0]],
    );
    assert.equal(complaint.mock.callCount(), 1);
  });

  it('survives an onRequest whose promise is rejected', async (t) => {
    const complaint = t.mock.method(console, 'error', () => {});
    const proxy = proxyWith({ onRequest: () => Promise.reject(new Error('of the callback')) });
    assert.equal(await statusOf(proxy.fetch(new Request('http://proxy.example/x', { headers: { Expect: 'x' } }))), 417);
    await eventually(() => complaint.mock.callCount() === 1, 'it is reported');
  });

  it('tells onRequest the cause of an internal error, which the response does not have', async () => {
    const records: RequestRecord[] = [];
    const proxy = proxyWith({
      transport: () => {
        throw new TypeError('of the transport');
      },
      onRequest: (record) => records.push(record),
    });
    const answered = await proxy.fetch(new Request('http://proxy.example/x', { headers: asAlias }));
    assert.equal(answered.status, 500);
    assert.doesNotMatch(await answered.text(), /of the transport|log/);
    assert.deepEqual(
      records.map(({ error, cause }) => [error, cause]),
      [['internal_error', 'TypeError: of the transport']],
    );
  });

  const ends: Record<string, readonly [writeTimeout: string, error: string]> = {
    'its time is up': ['300ms', 'upstream_timeout'],
    'its request is aborted': ['25s', 'client_gone'],
  };
  for (const [title, [writeTimeout, error]] of Object.entries(ends)) {
    it(`frees the place of a response that is never read when ${title}, and calls onRequest once`, async (t) => {
      // After an abort Node's `fetch` opens a spare connection, which must not meet the script of another test.
      const own = await Upstream.start();
      t.after(() => own.stop());
      own.play(answer(response('200 OK', [], 'x'.repeat(200_000))));
      const records: (string | undefined)[] = [];
      const onRequest: ProxyOptions['onRequest'] = (record) => records.push(record.error);
      const proxy = proxyWith({ sentryUri: own.uri, clients: ONE_AT_A_TIME, writeTimeout, onRequest });
      const leaving = new AbortController();
      const request = (signal?: AbortSignal) =>
        new Request('http://proxy.example/api/0/organizations/', { headers: asClient, ...(signal && { signal }) });
      const unread = await proxy.fetch(request(leaving.signal));
      assert.equal(unread.status, 200);
      assert.equal(await isKeptWaiting((signal) => proxy.fetch(request(signal))), true);
      if (error === 'client_gone') leaving.abort();
      await eventually(() => records.length === 2, 'the unread response is recorded');
      assert.deepEqual(records, ['client_gone', error]);
      await assert.rejects(unread.text());
      assert.equal(await statusOf(proxy.fetch(request())), 200);
      assert.deepEqual(records, ['client_gone', error, undefined]);
    });
  }

  it('cancels a body of which the transport has everything when the request is aborted', async () => {
    const calls: string[] = [];
    const body = {
      getReader: () => ({
        read: async () => ({ done: false, value: new Uint8Array(1024) }),
        releaseLock: () => calls.push('releaseLock'),
      }),
      cancel: async () => void calls.push('cancel'),
    };
    const transport: Transport = async () => ({ status: 200, statusText: 'OK', headers: new Headers(), body });
    const leaving = new AbortController();
    const records: (string | undefined)[] = [];
    const proxy = proxyWith({ transport, onRequest: ({ error }) => records.push(error) });
    await proxy.fetch(new Request('http://proxy.example/x', { headers: asAlias, signal: leaving.signal }));
    leaving.abort();
    await eventually(() => calls.includes('cancel'), 'the body is cancelled');
    assert.deepEqual(calls, ['releaseLock', 'cancel']);
    assert.deepEqual(records, ['client_gone']);
  });

  it('answers in time although its transport never answers and heeds no signal, and gives up what comes later', async () => {
    const calls: string[] = [];
    const late = Promise.withResolvers<UpstreamResponse>();
    const body = { getReader: () => assert.fail('nobody reads it'), cancel: async () => void calls.push('cancel') };
    const proxy = proxyWith({ clients: ONE_AT_A_TIME, writeTimeout: '300ms', transport: () => late.promise });
    const request = () => new Request('http://proxy.example/api/0/organizations/', { headers: asClient });
    const first = proxy.fetch(request());
    assert.equal(await isKeptWaiting((signal) => proxy.fetch(new Request(request(), { signal }))), true);
    assert.equal(await statusOf(first), 504);
    assert.equal(await statusOf(proxy.fetch(request())), 504);
    late.resolve({ status: 200, statusText: 'OK', headers: new Headers(), body });
    await eventually(() => calls.length === 2, 'both late responses are given up');
  });

  it('sends by the transport that it is given', async () => {
    const urls: string[] = [];
    const transport: Transport = async (url) => {
      urls.push(url);
      return { status: 200, statusText: 'OK', headers: new Headers(), body: null };
    };
    const proxy = createProxy({
      sentryUri: 'http://sentry.example/base',
      token: TOKEN,
      allowAnyClient: true,
      transport,
    });
    assert.equal(await statusOf(proxy.fetch(new Request('http://proxy.example/x'))), 200);
    assert.deepEqual(urls, ['http://sentry.example/base/x']);
  });

  it('renews the token of a source and sends the request again', async () => {
    const tokens: (string | undefined)[] = [];
    upstream.play(async (connection) => {
      await connection.whole();
      tokens.push(fieldValue(connection.request!, 'Authorization'));
      connection.send(response(tokens.length === 1 ? '401 Unauthorized' : '200 OK', [], 'ok'));
      connection.finish();
    });
    let closed = 0;
    const token = {
      get: () => 'old',
      renew: async () => 'new',
      close() {
        closed++;
      },
    };
    const proxy = proxyWith({ token });
    const request = new Request('http://proxy.example/x', { method: 'POST', body: 'hello', headers: asAlias });
    assert.equal(await statusOf(proxy.fetch(request)), 200);
    assert.deepEqual(tokens, ['Bearer old', 'Bearer new']);
    await proxy.close();
    assert.equal(closed, 1);
  });

  const sources: Record<string, Pick<TokenSource, 'isRenewable' | 'renew'>> = {
    'says that it cannot renew': {
      isRenewable: false,
      renew: async () => assert.fail('it is asked'),
    },
    rejects: { renew: () => Promise.reject(new Error('of the source')) },
    throws: {
      renew: () => {
        throw new Error('of the source');
      },
    },
    'has no other token': { renew: async () => undefined },
    'has the same token again': { renew: async (refused) => refused },
  };
  for (const [title, source] of Object.entries(sources)) {
    it(`passes a 401 on, sent once, if the source of the token ${title}`, async () => {
      const connections = upstream.play(answer(response('401 Unauthorized', [], 'refused')));
      const proxy = proxyWith({ token: { get: () => 'old', ...source } });
      const answered = await proxy.fetch(new Request('http://proxy.example/x', { headers: asAlias }));
      assert.deepEqual([answered.status, await answered.text(), connections.length], [401, 'refused', 1]);
    });
  }

  it('passes on a response that the transport decoded without the fields of the encoded one', async () => {
    const encoded = gzipSync('hello');
    upstream.play(async (connection) => {
      await connection.whole();
      const fields = ['Content-Encoding: gzip', 'ETag: "x"', `Content-Length: ${encoded.length}`];
      connection.send(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${fields.join('\r\n')}\r\n\r\n`), encoded]));
      connection.finish();
    });
    const answered = await proxyWith().fetch(new Request('http://proxy.example/x', { headers: asAlias }));
    assert.equal(await answered.text(), 'hello');
    for (const name of ['content-encoding', 'content-length', 'etag']) assert.equal(answered.headers.get(name), null);
  });
});
