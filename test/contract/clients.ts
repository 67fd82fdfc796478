// Named clients: what they may do, what is narrowed, checked, looked up and taken out, and that nothing else reaches Sentry.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { asClient, clientDigest, clientSecrets, clientsFile, clientToken } from '../support/clients-file.ts';
import { type Field, fieldValue, fieldValues } from '../support/message.ts';
import { RawClient, type Reply, send } from '../support/raw-client.ts';
import { answer, OK, response, type Script } from '../support/upstream.ts';
import type { Contract } from './contract.ts';
import { AS_ALIAS, AS_SELF, type Exchange, INJECTED, request, type Scene, useScene } from './scene.ts';

/** The clients: entries of a clients file, without name and token. */
const CLIENTS = {
  reader: { scopes: ['org:read', 'project:read', 'event:read'], orgs: ['acme'] },
  ids: { scopes: ['readonly', 'project:releases'], projects: ['acme/11', 'acme/12'] },
  web: { scopes: ['readonly', 'project:releases', 'event:write'], projects: ['acme/web'] },
  root: { allow: ['* /**'], orgs: ['*'] },
  expired: { allow: ['* /**'], orgs: ['*'], expires: '2020-01-01' },
  rated: { scopes: ['event:read'], orgs: ['acme'], rate: '2/h' },
  lone: { scopes: ['org:read', 'event:read', 'project:read'], orgs: ['acme'], concurrency: 1 },
  shaky: { scopes: ['event:read'], orgs: ['acme'], concurrency: 1 },
  watched: { scopes: ['event:read', 'project:releases'], projects: ['acme/11'], mode: 'observe' },
  'watched-expired': { scopes: ['event:read'], orgs: ['acme'], mode: 'observe', expires: '2020-01-01' },
} as const;

type Name = keyof typeof CLIENTS;

const FILE = clientsFile(CLIENTS);
const SECRETS = clientSecrets(Object.keys(CLIENTS));

const ISSUES = '/api/0/organizations/acme/issues/';
const get = (name: Name, target: string, ...fields: string[]): string =>
  request(`GET ${target} HTTP/1.1`, [asClient(name), ...fields]);
const post = (name: Name, target: string, content: string, ...fields: string[]): string =>
  request(`POST ${target} HTTP/1.1`, [asClient(name), ...fields, `Content-Length: ${content.length}`], content);

const LONG_AGO = 'Sun, 06 Nov 1994 08:49:37 GMT';
const JSON_TYPE = 'Content-Type: application/json';
/** The upstream closes the connection: a runtime that keeps its own must not send a change on it, which it can't repeat. */
const LAST = 'Connection: close';
const json = (value: unknown, ...fields: string[]): Buffer =>
  response('200 OK', [JSON_TYPE, LAST, ...fields], JSON.stringify(value));

/** Sentry's response to `/api/0/`, which every client may ask for. */
const ROOT = json({ version: '0' });

/** Sentry with an answer for the beginnings of some targets, and 200 for all others. */
const sentry =
  (answers: Readonly<Record<string, Buffer | Script>>): Script =>
  async (connection) => {
    await connection.head();
    const target = connection.request?.target ?? '';
    const [, play] = Object.entries(answers).find(([start]) => target.startsWith(start)) ?? [];
    await (typeof play === 'function' ? play : answer(play ?? OK))(connection);
  };

/** A body as it is on the wire, in chunks of seven bytes. */
const inChunks = (content: string): string =>
  `${(content.match(/.{1,7}/gs) ?? []).map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')}0\r\n\r\n`;

const WEB = '/api/0/projects/acme/web/';
const WEB_PROJECT = { id: '11', slug: 'web' };
const API_PROJECT = { id: '12', slug: 'api' };

/** Asserts that the proxy refused by itself, that the client is told why, and that the upstream got nothing. */
function refused({ reply, connections }: Exchange, status: number, says: RegExp): void {
  assert.equal(reply.status, status, reply.content.toString());
  assert.match(reply.content.toString(), says);
  assert.match(fieldValue(reply, 'Proxy-Status') ?? '', /^sentry-api-proxy; error=/);
  assert.equal(Buffer.concat(connections.map(({ bytes }) => bytes)).toString('latin1'), '', 'upstream');
}

/** The targets that reached the upstream. */
const targetsOf = ({ connections }: { connections: Exchange['connections'] }): string[] =>
  // A runtime may open connections ahead of its requests.
  connections.flatMap(({ request }) => (request === undefined ? [] : [`${request.method} ${request.target}`]));

export function clients(contract: Contract): void {
  const scene = useScene(contract.target, { flags: { clients: FILE }, secrets: SECRETS });
  identity(contract, scene);
  rights(contract, scene);
  requests(contract, scene);
  queries(contract, scene);
  bodies(contract, scene);
  responses(contract, scene);
  lookups(contract, scene);
  observing(contract, scene);
  limits(contract);
  rejecting(contract);
}

function identity({ test }: Contract, scene: Scene): void {
  for (const name of ['reader', 'ids', 'web', 'root'] as const) {
    test(`injects the token for the client ${name}`, async () => {
      const { reply, request } = await scene.exchange(get(name, '/api/0/'), answer(ROOT));
      assert.equal(reply.status, 200);
      assert.equal(fieldValue(request, 'Authorization'), INJECTED);
    });
  }

  for (const name of ['expired', 'watched-expired'] as const) {
    test(`refuses the client ${name} with 401, and never bypasses it`, async () => {
      const exchange = await scene.exchange(get(name, '/api/0/'));
      refused(exchange, 401, new RegExp(`client ${name} has expired`));
      assert.equal(fieldValue(exchange.reply, 'WWW-Authenticate'), 'Bearer error="invalid_token"');
    });
  }

  test('bypasses a sender that is not a client, with its own credentials byte for byte', async () => {
    const line = 'Authorization: bEARER  token of somebody=/+';
    const target = '/api/0/organizations/other/members/?a=%2f;b&project=%zz';
    const exchange = await scene.exchange(request(`GET ${target} HTTP/1.1`, [line, 'Cookie: session=1']));
    assert.equal(exchange.reply.status, 200);
    assert.equal(exchange.request.target, target);
    assert.equal(fieldValue(exchange.request, 'Authorization'), line.slice('Authorization: '.length));
    assert.equal(fieldValue(exchange.request, 'Cookie'), 'session=1');
  });

  test('bypasses a token that is nearly that of a client', async () => {
    for (const token of [
      clientToken('root').slice(0, -1),
      `${clientToken('root')}.`,
      clientDigest('root'),
      clientDigest('root').slice(7),
    ]) {
      const { request: sent } = await scene.exchange(
        request('GET /api/0/ HTTP/1.1', [`Authorization: Bearer ${token}`]),
      );
      assert.equal(fieldValue(sent, 'Authorization'), `Bearer ${token}`);
    }
  });

  test('leaves an alias next to clients all its rights', async () => {
    for (const target of ['/api/0/users/', '/api/0/organizations/other/members/?project=-1', '/any//thing']) {
      const exchange = await scene.exchange(request(`GET ${target} HTTP/1.1`, [AS_ALIAS]));
      assert.equal(exchange.request.target, target);
      assert.equal(fieldValue(exchange.request, 'Authorization'), INJECTED);
    }
  });
}

function rights({ test }: Contract, scene: Scene): void {
  const denied: readonly (readonly [name: Name, line: string, says: RegExp])[] = [
    ['reader', 'GET /api/0/organizations/acme/members/', /client reader .*member:read/],
    ['reader', 'GET /api/0/organizations/other/issues/', /client reader may not reach this organization/],
    ['reader', 'DELETE /api/0/projects/acme/web/', /client reader .*project:admin/],
    ['reader', 'GET /api/0/projects/acme/web/keys/', /client reader needs an allow rule: .*GET .*\/keys\/.*secrets/],
    ['reader', 'GET /api/0/users/', /client reader needs an allow rule/],
    ['reader', 'GET /', /client reader needs an allow rule/],
    ['reader', 'OPTIONS /api/0/organizations/acme/issues/', /client reader needs an allow rule/],
    ['ids', 'GET /api/0/organizations/acme/members/', /client ids is limited to projects/],
    ['ids', 'GET /api/0/projects/acme/13/', /client ids may not reach this project/],
  ];
  for (const [name, line, says] of denied) {
    test(`refuses ${line} of the client ${name} with 403`, async () => {
      refused(await scene.exchange(request(`${line} HTTP/1.1`, [asClient(name)])), 403, says);
    });
  }

  test("refuses in Sentry's own shape if the client asks for JSON", async () => {
    const exchange = await scene.exchange(get('reader', '/api/0/users/', 'Accept: application/json'));
    refused(exchange, 403, /client reader/);
    assert.deepEqual(Object.keys(JSON.parse(exchange.reply.content.toString())), ['detail']);
    assert.equal(fieldValue(exchange.reply, 'Content-Type'), 'application/json');
  });

  test('never does more for a method in another case than for the method', async () => {
    for (const name of ['reader', 'root'] as const) {
      const exchange = await scene.exchange(request('delete /api/0/projects/acme/web/ HTTP/1.1', [asClient(name)]));
      const sent = targetsOf(exchange);
      // A runtime may refuse such a method by itself, or write it in capitals, and then it is the method that counts.
      const isForwarded = name === 'root' && sent.length > 0;
      if (isForwarded) assert.deepEqual(sent, ['DELETE /api/0/projects/acme/web/']);
      else exchange.refused(403);
    }
  });

  // However a runtime reads these, they lead to what the client may not reach.
  const strange = [
    '/api/0/organizations/acme//members/',
    '//api/0/organizations/acme/members/',
    '/api/0/organizations/acme/../other/issues/',
    '/api/0/organizations/acme/%2e%2e/other/issues/',
    '/api/0/organizations/acme/..%2fother/issues/',
    '/api/0/organizations/acme%2f..%2fother/issues/',
    '/api/0/organizations/acme\\..\\other\\issues/',
    '/api/0/organizations/acme%5c..%5cother/issues/',
    '/api/0/organizations/acme/%252e%252e/other/issues/',
    '/api/0/projects/acme/web/%6beys/',
    '/api/0/projects/acme/web/keys%00/',
    '/api/0/projects/acme/web/keys/%0a',
    '/api/0/organizations/acme/%6dembers/',
    '/%61pi/0/users/',
    '/api/0/organizations/acme/members/%',
    '/api/0/organizations/acme/members;/',
    '/api/0/organizations/%61c%6de/members/',
    '/api/0/./users/',
  ];
  for (const target of strange) {
    test(`refuses the strange target ${target}`, async () => {
      const { reply, connections } = await scene.exchange(get('reader', target));
      assert.ok(reply.status === 403 || reply.status === 400, `status ${reply.status}`);
      assert.deepEqual(connections, []);
    });
  }
}

function requests({ test }: Contract, scene: Scene): void {
  test('refuses a body with GET', async () => {
    for (const framing of ['Content-Length: 1', 'Transfer-Encoding: chunked']) {
      const content = framing.startsWith('C') ? 'x' : '1\r\nx\r\n0\r\n\r\n';
      const { reply, connections } = await scene.exchange(get('root', '/api/0/', framing) + content);
      assert.ok(reply.status === 403 || reply.status === 400 || reply.status === 0, `status ${reply.status}`);
      assert.deepEqual(connections, []);
    }
  });

  test('refuses a body with HEAD', async () => {
    const { reply, connections } = await scene.exchange(
      request('HEAD /api/0/ HTTP/1.1', [asClient('root'), 'Content-Length: 1'], 'x'),
    );
    assert.ok(reply.status === 403 || reply.status === 400 || reply.status === 0, `status ${reply.status}`);
    assert.deepEqual(connections, []);
  });

  for (const type of [
    'application/json; charset=utf-16',
    'application/x-www-form-urlencoded; charset=latin1',
    'text/plain; Charset="iso-8859-1"',
    "application/json; charset*=utf-8''utf-16",
    'application/json; charset=utf-8; charset=utf-7',
  ]) {
    test(`refuses the Content-Type ${type}`, async () => {
      refused(await scene.exchange(post('root', '/api/0/x/', '{}', `Content-Type: ${type}`)), 403, /charset/);
    });
  }

  test('passes a Content-Type of utf-8', async () => {
    const { request: sent } = await scene.exchange(
      post('root', '/api/0/x/', '{}', 'Content-Type: text/x; charset=UTF-8'),
    );
    assert.equal(fieldValue(sent, 'Content-Type'), 'text/x; charset=UTF-8');
  });

  test('drops Content-Type where there is no body', async () => {
    const fields = ['Content-Type: application/x-www-form-urlencoded; charset=utf-7', 'Content_Type: a; charset=utf-7'];
    const { reply, request: sent } = await scene.exchange(get('reader', ISSUES, ...fields));
    assert.equal(reply.status, 200);
    assert.deepEqual(
      sent.fields.filter(([name]) => /^content/i.test(name)),
      [],
    );
  });

  test('drops what would change the method', async () => {
    const names = ['X-HTTP-Method-Override', 'x_http_method_override', 'X-Method-Override', 'X-HTTP-Method'];
    const { request: sent } = await scene.exchange(get('reader', ISSUES, ...names.map((name) => `${name}: DELETE`)));
    assert.equal(sent.method, 'GET');
    assert.deepEqual(
      sent.fields.filter(([name]) => /method/i.test(name)),
      [],
    );
  });
}

function queries({ test }: Contract, scene: Scene): void {
  const narrowed: Record<string, string> = {
    '': '?project=11&project=12',
    '?project=12': '?project=12',
    '?project=12&project=13': '?project=12',
    '?query=is:unresolved+a%26b&project=11&a=%21&statsPeriod=14d':
      '?query=is%3Aunresolved%20a%26b&a=!&statsPeriod=14d&project=11',
    '?cursor=0:100:0': '?cursor=0%3A100%3A0&project=11&project=12',
    '?project=-1': '?project=11&project=12',
    '?project=%24all': '?project=11&project=12',
  };
  for (const [query, sent] of Object.entries(narrowed)) {
    test(`narrows the query ${query || 'that is not there'} to the client's projects`, async () => {
      const exchange = await scene.exchange(get('ids', ISSUES + query));
      assert.equal(exchange.reply.status, 200);
      assert.equal(exchange.request.target, ISSUES + sent);
    });
  }

  for (const query of ['?project=13', '?projectId=12', '?a=1;project=13', '?shortIdLookup=1']) {
    test(`refuses the query ${query}`, async () => {
      refused(await scene.exchange(get('ids', ISSUES + query)), 403, /client ids/);
    });
  }

  test('passes the query of a client without projects byte for byte', async () => {
    const target = `${ISSUES}?project=-1&query=a+b%20c&&x=%27`;
    assert.equal((await scene.exchange(get('reader', target))).request.target, target);
  });
}

function bodies({ test }: Contract, scene: Scene): void {
  const RELEASES = '/api/0/organizations/acme/releases/';
  const good = '{ "version" : "1.0",\n\t"projects":["12", 11],"owner":12345678901234567890 , "ref":"\\u00e9" }';

  const named = `${RELEASES}1.0/`;
  /** Sentry without the release, or with it. */
  const withRelease = (release: Buffer) => sentry({ [named]: release, [RELEASES]: json({}) });
  const none = response('404 Not Found', [JSON_TYPE, LAST], '{}');

  test('checks the projects in a body and the release that it names, and sends exactly the bytes that it checked', async () => {
    const exchange = await scene.exchange(post('ids', RELEASES, good, JSON_TYPE), withRelease(none));
    assert.equal(exchange.reply.status, 200);
    assert.deepEqual(targetsOf(exchange), [`GET ${named}`, `POST ${RELEASES}`]);
    const sent = exchange.connections.at(-1)!.request!;
    assert.equal(sent.content.toString('latin1'), good);
    assert.equal(fieldValue(sent, 'Content-Length'), String(good.length));
  });

  test('sends a checked body with the type that it was checked by, although Connection names that', async () => {
    const exchange = await scene.exchange(
      post('ids', RELEASES, good, JSON_TYPE, 'Connection: content-type'),
      withRelease(none),
    );
    assert.equal(exchange.reply.status, 200);
    assert.equal(fieldValue(exchange.connections.at(-1)!.request!, 'Content-Type'), 'application/json');
  });

  test('sends a checked body that came in chunks with its length', async () => {
    const fields = [asClient('ids'), JSON_TYPE, 'Transfer-Encoding: chunked'];
    const exchange = await scene.exchange(
      request(`POST ${RELEASES} HTTP/1.1`, fields, inChunks(good)),
      withRelease(json({ projects: [WEB_PROJECT] })),
    );
    assert.equal(exchange.reply.status, 200);
    const sent = exchange.connections.at(-1)!.request!;
    assert.equal(sent.content.toString('latin1'), good);
    assert.deepEqual(fieldValues(sent, 'Content-Length'), [String(good.length)]);
  });

  test("refuses a body that names a release with another's project", async () => {
    const script = withRelease(json({ projects: [WEB_PROJECT, { id: '13', slug: 'secret' }] }));
    const exchange = await scene.exchange(post('ids', RELEASES, good, JSON_TYPE), script);
    assert.equal(exchange.reply.status, 403);
    assert.deepEqual(targetsOf(exchange), [`GET ${named}`]);
  });

  const bad: Record<string, string> = {
    "another's project": '{"version":"1","projects":["11","13"]}',
    'no projects': '{"version":"1"}',
    'an empty list of projects': '{"projects":[]}',
    'projects twice': '{"projects":["13"],"projects":["11"]}',
    'projects twice, once in escapes': '{"\\u0070rojects":["13"],"projects":["11"]}',
    'a byte order mark': '\xef\xbb\xbf{"projects":["11"]}',
    'bytes that are not UTF-8': '{"projects":["11"],"a":"\xff"}',
    'something other than JSON': 'projects=11',
    'more than 1 MiB': `{"projects":["11"],"a":"${'x'.repeat(1024 * 1024)}"}`,
  };
  for (const [title, content] of Object.entries(bad)) {
    test(`refuses a body with ${title}`, async () => {
      refused(await scene.exchange(post('ids', RELEASES, content, JSON_TYPE)), 403, /client ids/);
    });
  }

  test('refuses a checked body of another type, or encoded', async () => {
    refused(await scene.exchange(post('ids', RELEASES, good, 'Content-Type: text/plain')), 403, /application\/json/);
    const encoded = [JSON_TYPE, 'Content-Encoding: identity'];
    refused(await scene.exchange(post('ids', RELEASES, good, ...encoded)), 403, /uncompressed/);
  });

  test('does not ask for the body of a request that is refused anyway', async () => {
    const fields = [asClient('reader'), 'Content-Length: 5', 'Expect: 100-continue'];
    const exchange = await scene.exchange(request('POST /api/0/organizations/acme/releases/ HTTP/1.1', fields));
    // Some runtimes say 100 before they hand a request on.
    refused(exchange, 403, /client reader .*project:releases/);
  });
}

function responses({ test }: Contract, scene: Scene): void {
  const project = {
    id: '11',
    slug: 'web',
    securityToken: 'geheim',
    options: { a: [{ securityTokenHeader: 'geheim' }] },
  };
  const scrubbed = { id: '11', slug: 'web', options: { a: [{}] } };

  const readsScrubbed = (reply: Reply): void => {
    assert.equal(reply.status, 200);
    assert.deepEqual(JSON.parse(reply.content.toString()), scrubbed);
    assert.ok(!reply.bytes.includes('geheim'));
  };

  test("takes a project's secrets out of its details", async () => {
    const fields = ['ETag: "a"', 'X-Hits: 5', 'X-Other: b', 'Content-MD5: x'];
    const { reply } = await scene.exchange(get('reader', WEB), answer(json(project, ...fields)));
    readsScrubbed(reply);
    for (const name of ['ETag', 'X-Hits', 'Content-MD5']) assert.deepEqual(fieldValues(reply, name), [], name);
    assert.equal(fieldValue(reply, 'X-Other'), 'b');
  });

  test('asks for the whole document where something is taken out of it', async () => {
    const names = ['Range', 'If-Range', 'If-None-Match', 'If-Modified-Since'];
    const fields = ['Range: bytes=0-5', 'If-Range: "a"', 'If-None-Match: "a"', `If-Modified-Since: ${LONG_AGO}`];
    const { reply, request: sent } = await scene.exchange(
      get('ids', '/api/0/organizations/acme/projects/', ...fields),
      answer(json([{ id: '11' }, { id: '13' }])),
    );
    assert.deepEqual(JSON.parse(reply.content.toString()), [{ id: '11' }]);
    for (const name of names) assert.deepEqual(fieldValues(sent, name), [], name);
  });

  test('leaves of an organization the projects of the client alone, no teams, and no URL that leads outside', async () => {
    const organization = {
      ...{ id: '1', slug: 'acme', features: ['a'] },
      links: { organizationUrl: 'https://acme.example', regionUrl: 'https://sentry.example' },
      projects: [{ ...WEB_PROJECT, teams: [{ slug: 'crew' }] }, API_PROJECT],
      teams: [{ slug: 'crew' }],
    };
    const kept = {
      ...{ id: '1', slug: 'acme', features: ['a'] },
      links: { organizationUrl: 'https://acme.example' },
      projects: [WEB_PROJECT],
    };
    for (const query of ['', '?detailed=1']) {
      const target = `/api/0/organizations/acme/${query}`;
      const { reply } = await scene.exchange(get('web', target), answer(json(organization)));
      assert.equal(reply.status, 200);
      assert.deepEqual(JSON.parse(reply.content.toString()), kept);
      assert.deepEqual(fieldValues(reply, 'Content-Length'), [String(reply.content.length)]);
    }
    const { reply: all } = await scene.exchange(
      get('reader', '/api/0/organizations/acme/'),
      answer(json(organization)),
    );
    assert.deepEqual(JSON.parse(all.content.toString()).projects, organization.projects);
  });

  test('shows nothing of an organization that it cannot read', async () => {
    for (const strange of [json([API_PROJECT]), response('200 OK', [LAST], '<p>api</p>')]) {
      const { reply } = await scene.exchange(get('web', '/api/0/organizations/acme/'), answer(strange));
      assert.equal(reply.status, 502);
      assert.ok(!reply.bytes.includes('api<') && !reply.bytes.includes('"slug"'));
    }
  });

  test('takes them out of an answer that Sentry compressed', async () => {
    const packed = gzipSync(JSON.stringify(project));
    const { reply } = await scene.exchange(
      get('reader', WEB, 'Accept-Encoding: gzip'),
      answer(response('200 OK', [JSON_TYPE, 'Content-Encoding: gzip'], packed.toString('latin1'))),
    );
    readsScrubbed(reply);
    assert.deepEqual(fieldValues(reply, 'Content-Encoding'), []);
  });

  test('takes them out of an answer in chunks', async () => {
    const content = inChunks(JSON.stringify(project));
    const { reply } = await scene.exchange(
      get('reader', WEB),
      answer(`HTTP/1.1 200 OK\r\n${JSON_TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n${content}`),
    );
    readsScrubbed(reply);
  });

  test('says nothing in answer to HEAD of the bytes that the client would not get', async () => {
    const fields = [JSON_TYPE, 'ETag: "a"', 'Content-Length: 12345'];
    const { reply } = await scene.exchange(
      request(`HEAD ${WEB} HTTP/1.1`, [asClient('reader')]),
      answer(`HTTP/1.1 200 OK\r\n${fields.join('\r\n')}\r\n\r\n`),
    );
    assert.equal(reply.status, 200);
    assert.deepEqual(fieldValues(reply, 'ETag'), []);
    assert.ok(!fieldValues(reply, 'Content-Length').includes('12345'));
  });

  const unreadable: Record<string, Buffer> = {
    'an answer that is not JSON': response('200 OK', [JSON_TYPE], '{"securityToken":"geheim"'),
    'an answer that is not UTF-8': response('200 OK', [JSON_TYPE], '{"securityToken":"geheim\xff"}'),
    'an answer above 8 MiB': json({ securityToken: 'geheim', a: 'x'.repeat(8 * 1024 * 1024) }),
  };
  for (const [title, bytes] of Object.entries(unreadable)) {
    test(`withholds ${title}, since nothing can be taken out of it`, async () => {
      const { reply } = await scene.exchange(get('reader', WEB), answer(bytes));
      assert.equal(reply.status, 502);
      assert.ok(!reply.bytes.includes('geheim'));
      assert.match(reply.content.toString(), /could not read it/);
    });
  }

  test('passes an answer that says no, with its own text', async () => {
    const script = answer(response('404 Not Found', [JSON_TYPE], '{"detail":"no such project"}'));
    const { reply } = await scene.exchange(get('reader', WEB), script);
    assert.equal(reply.status, 404);
    assert.equal(reply.content.toString(), '{"detail":"no such project"}');
  });

  test('filters the list of organizations, and keeps it inside', async () => {
    const links = { regionUrl: 'https://us.sentry.example' };
    const list = [
      { id: '1', slug: 'acme', links },
      { id: '2', slug: 'other', links },
      { id: '3', slug: 'acme2', links },
    ];
    const { reply } = await scene.exchange(get('reader', '/api/0/organizations/'), answer(json(list, 'X-Hits: 3')));
    assert.equal(reply.status, 200);
    assert.deepEqual(JSON.parse(reply.content.toString()), [{ id: '1', slug: 'acme', links: {} }]);
    assert.deepEqual(fieldValues(reply, 'X-Hits'), []);
  });

  /** Sentry's Link on a page of a list. */
  const link = (results: boolean, cursor: string): string =>
    `Link: <http://sentry.example/api/0/organizations/?&cursor=0:0:1>; rel="previous"; results="false"; cursor="0:0:1", ` +
    `<http://sentry.example/api/0/organizations/?&cursor=${cursor}>; rel="next"; results="${results}"; cursor="${cursor}"`;
  const SECRETIVE = ['X-Hits: 1', 'X-Max-Hits: 1000', 'Digest: sha-256=a', 'Content-Digest: sha-256=:a:', 'X-Total: 1'];
  const LISTS: Record<string, [client: Name, target: string, mine: string]> = {
    'a list of organizations': ['reader', '/api/0/organizations/', 'acme'],
    'a list of projects': ['web', '/api/0/organizations/acme/projects/', 'web'],
  };

  for (const [title, [client, target, mine]] of Object.entries(LISTS)) {
    for (const method of ['GET', 'HEAD']) {
      test(`does not show by any field of ${title} whether something else exists: ${method}`, async () => {
        const ask = request(`${method} ${target}?per_page=1 HTTP/1.1`, [asClient(client)]);
        const seen: unknown[] = [];
        for (const exists of [true, false]) {
          const list = exists ? [{ id: '9', slug: 'secret' }] : [];
          const fields = [...SECRETIVE, 'Repr-Digest: sha-256=:a:', 'ETag: "a"', `Last-Modified: ${LONG_AGO}`];
          const page = json(list, link(exists, exists ? '1735689600000:0:0' : '0:100:0'), ...(exists ? fields : []));
          const isGet = method === 'GET';
          const { reply } = await scene.exchange(ask, answer(isGet ? page : page.subarray(0, page.indexOf('['))));
          assert.equal(reply.status, 200);
          const isOfEach = ([name]: Field) => /^(?:date|x-request-id)$/i.test(name);
          seen.push([reply.fields.filter((field) => !isOfEach(field)).sort(), reply.content.toString()]);
        }
        const [there, none] = seen;
        assert.deepEqual(there, none);
      });
    }

    test(`reads ${title} to its end, and returns it whole`, async () => {
      const pages: Record<string, Buffer> = {
        '': json([{ id: '1', slug: 'a' }], link(true, '0:100:0')),
        '0:100:0': json([{ id: '2', slug: mine, big: 1 }], link(true, '0:200:0')),
        '0:200:0': json(
          [
            { id: '3', slug: 'b' },
            { id: '4', slug: mine },
          ],
          link(false, '0:300:0'),
        ),
      };
      const exchange = await scene.exchange(
        get(client, `${target}?per_page=1&a=b&%63ursor=0:7:0`),
        async (connection) => {
          await connection.whole();
          const asked = connection.request!.target;
          await answer(pages[new URLSearchParams(asked.split('?')[1]).get('cursor') ?? '']!)(connection);
        },
      );
      assert.deepEqual(targetsOf(exchange), [
        `GET ${target}?a=b`,
        `GET ${target}?a=b&cursor=0%3A100%3A0`,
        `GET ${target}?a=b&cursor=0%3A200%3A0`,
      ]);
      assert.deepEqual(JSON.parse(exchange.reply.content.toString()), [
        { id: '2', slug: mine, big: 1 },
        { id: '4', slug: mine },
      ]);
      assert.deepEqual(fieldValues(exchange.reply, 'Link'), []);
    });

    test(`ends ${title} where Sentry repeats itself, and withholds it where a page fails`, async () => {
      const again = await scene.exchange(get(client, target), answer(json([], link(true, '0:100:0'))));
      assert.equal(again.reply.content.toString(), '[]');
      assert.equal(again.connections.length, 2);
      const { reply } = await scene.exchange(get(client, target), async (connection) => {
        await connection.whole();
        const isFirst = !connection.request!.target.includes('cursor');
        await answer(isFirst ? json([{ slug: mine }], link(true, '0:100:0')) : response('500 Oops', [], ''))(
          connection,
        );
      });
      assert.equal(reply.status, 502);
      assert.ok(!reply.bytes.includes('"slug"'));
    });
  }

  test('passes what nothing has to be taken out of byte for byte', async () => {
    const text = '{"id" : 11, "big":12345678901234567890}\n';
    const { reply } = await scene.exchange(get('reader', WEB), answer(response('200 OK', [JSON_TYPE], text)));
    assert.equal(reply.content.toString(), text);
  });
}

function lookups({ target, test }: Contract, scene: Scene): void {
  const issue = (id: string) => `/api/0/organizations/acme/issues/${id}/`;
  const lookup = (id: string) => `${issue(id)}?collapse=release&collapse=stats&collapse=tags`;

  test('looks up the id of a project by its slug once, and narrows the query by it', async () => {
    const script = sentry({ [WEB]: json(WEB_PROJECT) });
    const first = await scene.exchange(get('web', `${ISSUES}?a=1`), script);
    assert.equal(first.reply.status, 200);
    assert.deepEqual(targetsOf(first), [`GET ${WEB}`, `GET ${ISSUES}?a=1&project=11`]);
    const [own] = first.connections;
    assert.equal(fieldValue(own!.request!, 'Authorization'), INJECTED);
    const second = await scene.exchange(get('web', ISSUES), script);
    assert.deepEqual(targetsOf(second), [`GET ${ISSUES}?project=11`]);
  });

  test("looks up an issue's project, and passes the request if it is the client's", async () => {
    const script = sentry({ [lookup('4711')]: json({ project: WEB_PROJECT }) });
    const exchange = await scene.exchange(get('web', `${issue('4711')}events/?full=1`), script);
    assert.equal(exchange.reply.status, 200);
    assert.deepEqual(targetsOf(exchange), [`GET ${lookup('4711')}`, `GET ${issue('4711')}events/?full=1`]);
  });

  test('looks up an issue for a change, whose body arrives whole', async () => {
    const script = sentry({ [lookup('4721')]: json({ project: WEB_PROJECT }), [issue('4721')]: json({}) });
    const content = '{"status":"resolved"}';
    const put = post('web', issue('4721'), content, JSON_TYPE).replace('POST', 'PUT');
    const exchange = await scene.exchange(put, script);
    assert.equal(exchange.reply.status, 200);
    assert.equal(exchange.connections[1]!.request!.content.toString(), content);
  });

  test("looks up an issue whose path names no organization in the client's own", async () => {
    const script = sentry({ [lookup('4731')]: json({ project: WEB_PROJECT }), '/api/0/issues/4731/': json({}) });
    const exchange = await scene.exchange(get('web', '/api/0/issues/4731/'), script);
    assert.equal(exchange.reply.status, 200);
    assert.deepEqual(targetsOf(exchange), [`GET ${lookup('4731')}`, 'GET /api/0/issues/4731/']);
  });

  test("narrows the query to a project of the client's that it names by its slug", async () => {
    const own = ['/api/0/projects/acme/11/', '/api/0/projects/acme/12/'] as const;
    const script = sentry({ [own[0]]: json(WEB_PROJECT), [own[1]]: json(API_PROJECT) });
    const exchange = await scene.exchange(get('ids', `${ISSUES}?projectSlug=api`), script);
    assert.equal(exchange.reply.status, 200);
    assert.equal(targetsOf(exchange).at(-1), `GET ${ISSUES}?project=12`);
  });

  test('refuses an issue of another project, and one that is not there, in the same words', async () => {
    const script = sentry({
      [lookup('4712')]: json({ project: API_PROJECT }),
      [lookup('4713')]: response('404 Not Found', [JSON_TYPE], '{"detail":"no"}'),
    });
    const texts = [];
    for (const id of ['4712', '4713']) {
      const exchange = await scene.exchange(get('web', issue(id)), script);
      assert.equal(exchange.reply.status, 403);
      assert.deepEqual(targetsOf(exchange), [`GET ${lookup(id)}`]);
      texts.push(exchange.reply.content.toString());
    }
    assert.equal(texts[0], texts[1]);
    assert.match(texts[0]!, /client web may not reach this issue, or there is none/);
  });

  test("refuses a release of which one project is not the client's", async () => {
    const release = '/api/0/organizations/acme/releases/1.0/';
    const theirs = await scene.exchange(
      get('web', release),
      sentry({ [release]: json({ projects: [WEB_PROJECT, API_PROJECT] }) }),
    );
    assert.equal(theirs.reply.status, 403);
    assert.equal(theirs.connections.length, 1);
    const own = await scene.exchange(get('web', release), sentry({ [release]: json({ projects: [WEB_PROJECT] }) }));
    assert.equal(own.reply.status, 200);
    assert.equal(own.connections.length, 2);
  });

  const failing: Record<string, Buffer | Script> = {
    'is refused by Sentry': response('401 Unauthorized', [JSON_TYPE], '{"detail":"no"}'),
    'is forbidden': response('403 Forbidden', [JSON_TYPE], '{}'),
    'fails in Sentry': response('500 Internal Server Error', [JSON_TYPE], '{}'),
    'finds no JSON': response('200 OK', [JSON_TYPE], '<html>'),
    'finds no project': json({ project: {} }),
    'finds too much': json({ project: WEB_PROJECT, a: 'x'.repeat(1024 * 1024) }),
    'ends with a reset': (connection) => connection.reset(),
    'breaks off': async (connection) => {
      await connection.whole();
      connection.send(`HTTP/1.1 200 OK\r\n${JSON_TYPE}\r\nContent-Length: 1000\r\n\r\n{"project":`);
      await connection.reset();
    },
  };
  for (const [index, [title, play]] of Object.entries(failing).entries()) {
    test(`answers 503 if a lookup ${title}, and sends nothing else`, async () => {
      const id = String(5000 + index);
      const exchange = await scene.exchange(get('web', issue(id)), sentry({ [lookup(id)]: play }));
      assert.equal(exchange.reply.status, 503, exchange.reply.content.toString());
      assert.ok(Number(fieldValue(exchange.reply, 'Retry-After')) >= 1);
      // A runtime may try again what ended with a reset.
      assert.deepEqual([...new Set(targetsOf(exchange))], [`GET ${lookup(id)}`]);
    });
  }

  test('asks again after a lookup that failed', async () => {
    const failed = sentry({ [lookup('5100')]: response('500 Oops', [], '') });
    assert.equal((await scene.exchange(get('web', issue('5100')), failed)).reply.status, 503);
    const good = sentry({ [lookup('5100')]: json({ project: WEB_PROJECT }), [issue('5100')]: json({}) });
    assert.equal((await scene.exchange(get('web', issue('5100')), good)).reply.status, 200);
  });

  for (const [title, play] of Object.entries<Script>({
    'is not answered': () => {},
    'is answered in part': async (connection) => {
      await connection.whole();
      connection.send(`HTTP/1.1 200 OK\r\n${JSON_TYPE}\r\nContent-Length: 1000\r\n\r\n{"project":`);
    },
  })) {
    test(`answers 503 if a lookup ${title} in time`, async () => {
      const id = title.includes('part') ? '5201' : '5200';
      const [proxy, upstream] = await scene.start();
      const connections = upstream.play(sentry({ [lookup(id)]: play }));
      const client = await RawClient.connect(proxy);
      await client.write(get('web', issue(id)));
      const reply = await client.reply(15_000);
      assert.equal(reply.status, 503);
      assert.deepEqual(targetsOf({ connections }), [`GET ${lookup(id)}`]);
    });
  }

  test('looks up again if the client that waits for a lookup leaves', async () => {
    const [proxy, upstream] = await scene.start();
    upstream.play(() => {});
    const gone = await RawClient.connect(proxy);
    await gone.write(get('web', issue('5300')));
    await sleep(300);
    gone.reset();
    await sleep(100);
    upstream.play(sentry({ [lookup('5300')]: json({ project: WEB_PROJECT }), [issue('5300')]: json({}) }));
    await eventually(async () => {
      const client = await RawClient.connect(proxy);
      await client.write(get('web', issue('5300')));
      return (await client.reply(8000)).status === 200;
    }, 'the issue can be read');
  });
  void target;
}

function observing({ test }: Contract, scene: Scene): void {
  test('passes what an observed client may not do as it is, and narrows nothing', async () => {
    const target = '/api/0/organizations/other/members/?project=-1&a=%27+b';
    const fields = ['X-HTTP-Method-Override: DELETE', 'Content-Type: text/plain; charset=utf-7', 'If-None-Match: "a"'];
    const { reply, request: sent } = await scene.exchange(get('watched', target, ...fields));
    assert.equal(reply.status, 200);
    assert.equal(sent.target, target);
    assert.equal(fieldValue(sent, 'Authorization'), INJECTED);
    for (const line of fields) assert.equal(`${fieldOf(sent.fields, line)}`, line.slice(line.indexOf(': ') + 2));
  });

  test('passes the query of an observed client byte for byte where it would be narrowed', async () => {
    assert.equal((await scene.exchange(get('watched', `${ISSUES}?a=%27&&`))).request.target, `${ISSUES}?a=%27&&`);
  });

  for (const size of [0, 100, 3 * 1024 * 1024]) {
    test(`passes a body of ${size} bytes of an observed client whole where it would be checked`, async () => {
      const content = `{"projects":["99"],"a":"${'x'.repeat(size)}"}`;
      const { reply, request: sent } = await scene.exchange(
        post('watched', '/api/0/organizations/acme/releases/', content, JSON_TYPE),
      );
      assert.equal(reply.status, 200);
      assert.equal(sent.content.length, content.length);
      assert.ok(sent.content.equals(Buffer.from(content)));
    });
  }
}

function limits({ target, test }: Contract): void {
  const scene = useScene(target, { secrets: SECRETS, flags: { clients: FILE, writeTimeout: 3 } });

  test('answers 429 over the rate, with the seconds after which it is worth trying again', async () => {
    for (let i = 0; i < 2; i++) assert.equal((await scene.exchange(get('rated', ISSUES))).reply.status, 200);
    const exchange = await scene.exchange(get('rated', ISSUES));
    refused(exchange, 429, /client rated has exceeded its rate/);
    const retryAfter = fieldValue(exchange.reply, 'Retry-After') ?? '';
    assert.match(retryAfter, /^[1-9][0-9]*$/);
    assert.ok(Number(retryAfter) <= 1800, retryAfter);
  });

  test('lets requests over the concurrency wait in line, and refuses with 429 where the line is full', async () => {
    const [proxy, upstream] = await scene.start();
    const arrived = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    let mostAtATime = 0;
    let atATime = 0;
    const script: Script = async (connection) => {
      mostAtATime = Math.max(mostAtATime, ++atATime);
      arrived.resolve();
      await go.promise;
      atATime--;
      await answer(json({}))(connection);
    };
    const target = `${ISSUES}?slow`;
    upstream.play(script, target);
    const first = send(proxy, get('lone', target));
    await arrived.promise;
    const waiting = Array.from({ length: 17 }, () => send(proxy, get('lone', target)));
    const refused = await Promise.race(waiting);
    assert.equal(refused.status, 429);
    assert.match(refused.content.toString(), /client lone has reached its concurrency limit/);
    assert.equal(fieldValue(refused, 'Retry-After'), '1');
    go.resolve();
    assert.equal((await first).status, 200);
    const statuses = (await Promise.all(waiting)).map(({ status }) => status).sort();
    assert.deepEqual(statuses, [...Array.from({ length: 16 }, () => 200), 429]);
    assert.equal(mostAtATime, 1);
    await isFree(scene, 'lone');
  });

  test('frees the place of a request that was refused, failed, or had its response edited', async () => {
    for (const [bytes, status, script] of [
      [get('lone', '/api/0/users/'), 403, answer(OK)],
      [get('lone', ISSUES), 502, (connection) => connection.reset()],
      [request(`HEAD ${WEB} HTTP/1.1`, [asClient('lone')]), 200, answer(json({}))],
      [get('lone', WEB), 200, answer(json({ securityToken: 'x' }))],
      [get('lone', WEB), 502, answer(response('200 OK', [], 'no JSON'))],
      [get('lone', ISSUES), 204, answer('HTTP/1.1 204 No Content\r\n\r\n')],
      [get('lone', ISSUES), 304, answer('HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n')],
      [get('lone', '/api/0/organizations/acme/'), 200, answer(json({ links: { regionUrl: 'https://x.example' } }))],
    ] as const satisfies readonly (readonly [string, number, Script])[]) {
      assert.equal((await scene.exchange(bytes, script)).reply.status, status, bytes);
      await isFree(scene, 'lone');
    }
  });

  for (const when of ['waiting for the answer', 'in the middle of the response'] as const) {
    test(`frees the place of a client that leaves ${when}`, async () => {
      const [proxy, upstream] = await scene.start();
      const connections = upstream.play(async (connection) => {
        if (when === 'waiting for the answer') return;
        await connection.whole();
        connection.send(`HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(1000)}`);
      }, `${ISSUES}?leave-${when.length}`);
      const client = await RawClient.connect(proxy);
      await client.write(get('shaky', `${ISSUES}?leave-${when.length}`));
      await eventually(async () => connections.length === 1, 'the request is running');
      if (when !== 'waiting for the answer') await client.until((received) => received.includes('xxx'));
      client.reset();
      await isFree(scene, 'shaky');
    });
  }

  test('frees the place of a request whose time is up', async () => {
    const [proxy, upstream] = await scene.start();
    upstream.play(() => {}, `${ISSUES}?never`);
    const reply = await send({ ...proxy, patience: 10_000 }, get('shaky', `${ISSUES}?never`));
    assert.equal(reply.status, 504);
    await isFree(scene, 'shaky');
  });

  test('sends a response with its length where places are counted', async () => {
    const { reply } = await scene.exchange(get('lone', ISSUES));
    assert.equal(fieldValue(reply, 'Content-Length'), '2');
    await isFree(scene, 'lone');
  });
}

/** Waits until the client has a place again: for as long as the write timeout and a bit more. */
const isFree = (scene: Scene, name: Name): Promise<void> =>
  eventually(
    async () => (await scene.exchange(get(name, '/api/0/'), answer(ROOT))).reply.status === 200,
    `a place of ${name} is free`,
  );

async function eventually(isSo: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await isSo())) {
    assert.ok(performance.now() < deadline, `not within 10 s: ${what}`);
    await sleep(20);
  }
}

const fieldOf = (fields: readonly Field[], line: string): string | undefined =>
  fields.find(([name]) => name.toLowerCase() === line.slice(0, line.indexOf(':')).toLowerCase())?.[1];

function rejecting({ target, test }: Contract): void {
  const scene = useScene(target, { aliases: [], secrets: SECRETS, flags: { clients: clientsFile(CLIENTS, 'reject') } });

  for (const [title, fields] of Object.entries({
    'no credentials': [],
    'an unknown token': [AS_SELF],
    'another scheme': ['Authorization: Basic eDp5'],
  })) {
    test(`refuses a request with ${title} with 401 if no request is bypassed`, async () => {
      const exchange = await scene.exchange(request('GET /api/0/ HTTP/1.1', fields));
      refused(exchange, 401, /Send `Authorization: Bearer` with the token of one of this proxy's clients/);
      assert.equal(fieldValue(exchange.reply, 'WWW-Authenticate'), 'Bearer');
    });
  }

  test('serves a client if no request is bypassed', async () => {
    assert.equal((await scene.exchange(get('reader', '/api/0/'), answer(ROOT))).reply.status, 200);
  });
}
