// What the proxy answers by itself.
import assert from 'node:assert/strict';
import { fieldValue, fieldValues } from '../support/message.ts';
import type { Reply } from '../support/raw-client.ts';
import { answer } from '../support/upstream.ts';
import type { Contract } from './contract.ts';
import { ALIAS, AS_ALIAS, get, request, type Scene, SECRET, useScene } from './scene.ts';

/** Accept lines and whether they prefer JSON. */
const PREFERENCES: readonly (readonly [accept: readonly string[], prefersJson: boolean])[] = [
  [[], false],
  [['*/*'], false],
  [['application/*'], false],
  [['text/*, application/*;q=0.9'], false],
  [['application/json'], true],
  [['APPLICATION/JSON'], true],
  [['application/json; charset=utf-8'], true],
  [['application/json, */*;q=0.1'], true],
  [['application/json;q=0.1, */*'], true],
  [['application/json;q=0.001'], true],
  [['application/json;q=0'], false],
  [['application/json;q=0.0, */*'], false],
  [['application/json;Q=0'], false],
  [['application/json ; q=0'], false],
  [['application/json;q=0, application/problem+json'], true],
  [['application/problem+json'], true],
  [['application/vnd.sentry.v2+json;q=0.5'], true],
  [['image/svg+json'], false],
  [['text/json'], false],
  [['application/jsonx'], false],
  [['application/json+xml'], false],
  [['text/plain'], false],
  [['text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8'], false],
  [['text/html, application/json'], true],
  [['text/html, application/json;q=0.9'], false],
  [['text/plain;q=0.9, application/json;q=0.8'], false],
  [['text/plain;q=0.8, application/json;q=0.9'], true],
  [['text/html;q=0.2, text/plain;q=0.9, application/json;q=0.5'], false],
  [['text/css, application/json;q=0.5'], true],
  [['text/*, application/json;q=0.5'], true],
  [['text/html', 'application/json'], true],
  [['text/html', 'application/json;q=0.5'], false],
  [[',, application/json ,'], true],
  [[''], false],
];

/** Accept lines with which the refusal of a named client is text; without one of these it is JSON. */
const TEXT_PREFERRED: readonly string[] = [
  'text/plain',
  'text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8',
  'text/plain, application/json;q=0.5',
];
const TEXT_NOT_PREFERRED: readonly string[] = [
  '*/*',
  'application/*',
  'application/json',
  'text/html, application/json',
  '',
];

const CLIENT_TOKEN = 'client-token-0123456789-0123456789-abcdef';
const AS_CLIENT = `Authorization: Bearer ${CLIENT_TOKEN}`;
const CLIENTS = JSON.stringify({
  clients: [
    { name: 'reader', token: CLIENT_TOKEN, scopes: ['event:read'], projects: ['acme/web'] },
    { name: 'busy', token: `busy-${CLIENT_TOKEN}`, scopes: ['event:read'], orgs: ['acme'], rate: '1/h' },
    { name: 'gone', token: `gone-${CLIENT_TOKEN}`, scopes: ['event:read'], orgs: ['acme'], expires: '2020-01-01' },
  ],
  unmatched: 'reject',
});

export function errors({ target, test }: Contract): void {
  const scene = useScene(target);
  const open = useScene(target, { aliases: [] });
  // Nothing listens on the discard port of a test machine.
  const refusing = useScene(target, { uri: 'http://127.0.0.1:9' });
  const unknown = useScene(target, { uri: 'http://sentry.invalid:9000' });
  const named = useScene(target, { aliases: [], flags: { clients: CLIENTS } });

  for (const [accept, prefersJson] of PREFERENCES) {
    const title = accept.length === 0 ? 'no Accept' : accept.map((line) => `Accept: ${line}`).join(' | ');
    test(`answers in ${prefersJson ? 'JSON' : 'text'} to ${title}`, async () => {
      const { reply } = await refusing.exchange(get(AS_ALIAS, ...accept.map((line) => `Accept: ${line}`)));
      assert.equal(reply.status, 502);
      isOwn(reply, prefersJson);
    });
  }

  const denied = (...fields: string[]) =>
    request('GET /api/0/organizations/other/issues/ HTTP/1.1', [AS_CLIENT, ...fields]);
  for (const [accepts, inJson] of [
    [TEXT_PREFERRED, false],
    [TEXT_NOT_PREFERRED, true],
  ] as const) {
    for (const accept of accepts) {
      test(`refuses a named client in ${inJson ? 'JSON' : 'text'} with Accept: ${accept}`, async () => {
        const { reply, connections } = await named.exchange(denied(`Accept: ${accept}`));
        assert.deepEqual([reply.status, connections.length], [403, 0]);
        isOwn(reply, inJson);
        assert.match(reply.content.toString(), /client reader may not reach this organization/);
      });
    }
  }

  test('refuses clients that it does not serve, and requests that it cannot decide, in JSON without Accept', async () => {
    const issues = (token: string) =>
      request('GET /api/0/organizations/acme/issues/ HTTP/1.1', [`Authorization: Bearer ${token}`]);
    await named.exchange(issues(`busy-${CLIENT_TOKEN}`));
    for (const [bytes, status] of [
      [denied(), 403],
      [issues(`gone-${CLIENT_TOKEN}`), 401],
      [issues(ALIAS), 401],
      [issues(`busy-${CLIENT_TOKEN}`), 429],
    ] as const) {
      const { reply, connections } = await named.exchange(bytes);
      assert.deepEqual([reply.status, connections.length], [status, 0]);
      isOwn(reply, true);
    }
    // The scene's upstream answers the lookup of the project with something other than JSON.
    const { reply } = await named.exchange(issues(CLIENT_TOKEN));
    assert.equal(reply.status, 503);
    isOwn(reply, true);
  });

  const json = 'Accept: application/json';
  const causes: Record<string, readonly [status: number, Scene, bytes: (fields: string[]) => string]> = {
    'a target of another authority': [
      400,
      scene,
      (fields) => request('GET http://elsewhere.example/ HTTP/1.1', [AS_ALIAS, ...fields]),
    ],
    'two Hosts': [400, scene, (fields) => get(AS_ALIAS, 'Host: a', 'Host: b', ...fields)],
    'two Authorization lines': [400, scene, (fields) => get(AS_ALIAS, AS_ALIAS, ...fields)],
    'a page of another origin': [403, open, (fields) => get('Sec-Fetch-Site: cross-site', ...fields)],
    TRACE: [405, scene, (fields) => request('TRACE /x HTTP/1.1', [AS_ALIAS, ...fields])],
    'an upstream that refuses connections': [502, refusing, (fields) => get(AS_ALIAS, ...fields)],
    'an upstream without an address': [502, unknown, (fields) => get(AS_ALIAS, ...fields)],
  };
  for (const [title, [status, where, bytes]] of Object.entries(causes)) {
    test(`answers ${title} with ${status} in the client's format`, async () => {
      const inText = (await where.exchange(bytes([]))).reply;
      assert.equal(inText.status, status);
      isOwn(inText, false);
      const inJson = (await where.exchange(bytes([json]))).reply;
      assert.equal(inJson.status, status);
      isOwn(inJson, true);
    });
  }

  for (const [title, status, bytes] of [
    ['nonsense', 400, 'nonsense\r\n\r\n'],
    ['a header section above the limit', 431, get(AS_ALIAS, `X: ${'y'.repeat(20_000)}`)],
    ['framing that is not acceptable', 400, get(AS_ALIAS, 'Content-Length: x')],
  ] as const) {
    test(`answers ${title} with ${status} in full`, async () => {
      const { reply } = await scene.exchange(bytes);
      assert.equal(reply.status, status);
      isOwn(reply, undefined);
    });
  }

  test('answers HEAD with the fields of the error and no body', async () => {
    const { reply } = await refusing.exchange(request('HEAD /x HTTP/1.1', [AS_ALIAS, json]));
    assert.equal(reply.status, 502);
    assert.equal(fieldValue(reply, 'Content-Type'), 'application/json');
    assert.equal(reply.content.length, 0);
  });

  test('answers an upload that it cannot pass on', async () => {
    const head = request('POST /x HTTP/1.1', [AS_ALIAS, 'Content-Length: 4000000']);
    const { reply } = await refusing.exchange([head, Buffer.alloc(4_000_000)]);
    // A client that sends more than the proxy reads may lose the answer to the reset that follows (RFC 9112 9.6).
    assert.ok(reply.status === 502 || reply.ending === 'reset', `status ${reply.status}`);
  });

  test('says nothing of itself in what Sentry answered', async () => {
    for (const status of [
      '200 OK',
      '400 Bad Request',
      '404 Not Found',
      '500 Internal Server Error',
      '502 Bad Gateway',
    ]) {
      const script = answer(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nok`);
      const { reply } = await scene.exchange(get(AS_ALIAS, json), script);
      assert.equal(reply.status, Number(status.slice(0, 3)));
      assert.equal(reply.content.toString(), 'ok');
      assert.deepEqual(fieldValues(reply, 'Proxy-Status'), []);
    }
  });
}

/** Asserts that a response is a complete one that the proxy made itself; `inJson` undefined: in either format. */
export function isOwn(reply: Reply, inJson: boolean | undefined): void {
  assert.ok(reply.complete, 'it is not complete');
  assert.equal(reply.framing, 'length');
  if (!reply.mayStayOpen) {
    assert.equal(reply.ending, 'fin');
    assert.equal(fieldValue(reply, 'Connection')?.toLowerCase(), 'close');
  }
  // RFC 9209: a list of proxies, each with parameters.
  assert.match(
    fieldValue(reply, 'Proxy-Status') ?? '',
    /^[A-Za-z*][\w.:/*-]*(; ?[a-z*][\w.*-]*(=("[^"]*"|[\w.:/*-]+))?)*$/,
  );

  const body = reply.content.toString();
  const type = fieldValue(reply, 'Content-Type') ?? '';
  if (inJson !== undefined) assert.equal(type === 'application/json', inJson, `Content-Type: ${type}`);
  let text = body;
  if (type === 'application/json') {
    const parsed = JSON.parse(body);
    assert.deepEqual(Object.keys(parsed), ['detail']);
    text = parsed.detail;
  } else {
    assert.match(type, /^text\/plain(; ?charset=utf-8)?$/i);
  }
  assert.ok(typeof text === 'string' && text.trim() !== '', 'it says nothing');
  assert.doesNotMatch(text, /\n\s+at |node:|\.[mc]?[jt]s\b|undefined|\[object/, 'it is for a developer');
  assert.ok(!text.includes(SECRET));
}
