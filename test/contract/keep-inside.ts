// URLs of Sentry that clients follow are rewritten to the proxy, and nothing else of a response changes.
import assert from 'node:assert/strict';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { fieldNames, fieldValue, fieldValues } from '../support/message.ts';
import { answer, response, type Script } from '../support/upstream.ts';
import type { Contract } from './contract.ts';
import { AS_ALIAS, AS_SELF, request, type Scene, useScene } from './scene.ts';

/** Where the requests of a scene go, as its clients see it. */
const OWN = 'http://proxy.example';
/** Sentry's public address. */
const PUBLIC = 'https://sentry.example';
const MEBIBYTE = 1024 * 1024;

const ORGANIZATIONS = '/api/0/organizations/';
const ORGANIZATION = '/api/0/organizations/acme/';
const CHUNK_UPLOAD = '/api/0/organizations/acme/chunk-upload/';
const ISSUES = '/api/0/projects/acme/web/issues/';

const ask = (path: string, ...fields: string[]) => request(`GET ${path} HTTP/1.1`, [AS_ALIAS, ...fields]);

const json = (content: string | Buffer, ...fields: string[]): Script =>
  answer(response('200 OK', ['Content-Type: application/json', ...fields], content));

/** JSON as a client gets it when Sentry answers so. */
async function got(scene: Scene, path: string, sent: string): Promise<string> {
  const { reply } = await scene.exchange(ask(path), json(sent));
  assert.equal(reply.status, 200);
  assert.equal(fieldValue(reply, 'Content-Length') ?? String(reply.content.length), String(reply.content.length));
  return reply.content.toString('latin1');
}

export function keepInside({ target, test }: Contract): void {
  links({ target, test });
  organizations({ target, test });
  uploads({ target, test });
  locations({ target, test });
  bodies({ target, test });
  conditions({ target, test });
  otherAddresses({ target, test });
}

function links({ target, test }: Contract): void {
  const scene = useScene(target);
  const link = (origin: string, path = ISSUES) =>
    `<${origin}${path}?query=a%20b&cursor=0:0:1>; rel="previous"; results="false"; cursor="0:0:1", ` +
    `<${origin}${path}?query=a%20b&cursor=0:100:0>; rel="next"; results="true"; cursor="0:100:0"`;

  for (const method of ['GET', 'HEAD']) {
    test(`leads the pages of a list to the proxy in answer to ${method}`, async () => {
      const script = json(method === 'HEAD' ? '' : '[]', `Link: ${link(PUBLIC)}`, 'X-Hits: 180');
      const asked = request(`${method} ${ISSUES}?query=a%20b HTTP/1.1`, [AS_ALIAS]);
      const { reply } = await scene.exchange(asked, script);
      assert.equal(fieldValue(reply, 'Link'), link(OWN));
      assert.equal(fieldValue(reply, 'X-Hits'), '180');
    });
  }

  test('names the host and port that the client asked for', async () => {
    const { reply } = await scene.exchange(
      ask(ISSUES, 'Host: Other.example:8443'),
      json('[]', `Link: ${link(PUBLIC)}`),
    );
    const own = fieldValue(reply, 'Link')!;
    assert.equal(own.toLowerCase(), link('http://other.example:8443').toLowerCase());
  });

  test('believes no X-Forwarded field and no Forwarded', async () => {
    const fields = ['X-Forwarded-Host: evil.example', 'X-Forwarded-Proto: https', 'X-Forwarded-Port: 1'];
    const forwarded = 'Forwarded: host=evil.example;proto=https';
    const { reply } = await scene.exchange(ask(ISSUES, ...fields, forwarded), json('[]', `Link: ${link(PUBLIC)}`));
    assert.equal(fieldValue(reply, 'Link'), link(OWN));
  });

  test('never leads to the authority of a target, but to the Host that is checked', async () => {
    const asked = request(`GET http://evil.example${ISSUES} HTTP/1.1`, [AS_ALIAS]);
    const { reply } = await scene.exchange(asked, json('[]', `Link: ${link(PUBLIC)}`));
    if (reply.status !== 400) assert.equal(fieldValue(reply, 'Link'), link(OWN));
  });

  test('leads the pages of a path with a slash too many to the proxy', async () => {
    const { reply } = await scene.exchange(ask(`/${ISSUES}`), json('[]', `Link: ${link(PUBLIC)}`));
    assert.equal(fieldValue(reply, 'Link'), link(OWN));
  });

  for (const [title, query] of Object.entries({
    'a link within a link': `<https://evil.example${ISSUES}>`,
    'the end of a link and another': `a>; rel="x", <https://evil.example${ISSUES}?a>; b=<`,
  })) {
    test(`learns no address from a query that is written like ${title}`, async () => {
      const shown = `<${PUBLIC}${ISSUES}?query=${query}&cursor=0:100:0>; rel="next"`;
      await scene.exchange(ask(ISSUES), json('[]', `Link: ${shown}`));
      const moved = `Location: https://evil.example${ORGANIZATION}`;
      const { reply } = await scene.exchange(ask(ISSUES), answer(response('302 Found', [moved])));
      assert.equal(fieldValue(reply, 'Location'), `https://evil.example${ORGANIZATION}`);
    });
  }

  test('leads to the proxy behind a public address that has a path', async () => {
    const { reply } = await scene.exchange(ask(ISSUES), json('[]', `Link: ${link(`${PUBLIC}/tools/sentry`)}`));
    assert.equal(fieldValue(reply, 'Link'), link(OWN));
  });

  test("knows the request's path when Sentry has decoded it", async () => {
    const sent = '/api/0/organizations/acme/releases/app%401.0/commits/';
    const shown = '/api/0/organizations/acme/releases/app@1.0/commits/';
    const { reply } = await scene.exchange(ask(sent), json('[]', `Link: ${link(PUBLIC, shown)}`));
    assert.equal(fieldValue(reply, 'Link'), link(OWN, shown));
  });

  for (const [title, value] of Object.entries({
    'of another path': link(PUBLIC, '/api/0/projects/acme/api/issues/'),
    'that is relative': link(''),
    'that is malformed': `<${PUBLIC}/api/0/monitors/x/checkins/1/; rel="latest">`,
    'with the path in its query': `<https://elsewhere.example/?next=${ISSUES}>; rel="next"`,
  })) {
    test(`leaves a Link ${title}`, async () => {
      const { reply } = await scene.exchange(ask(ISSUES), json('[]', `Link: ${value}`));
      assert.equal(fieldValue(reply, 'Link'), value);
    });
  }

  test('leaves the Link of a path outside the API', async () => {
    const { reply } = await scene.exchange(ask('/releases/'), json('[]', `Link: ${link(PUBLIC, '/releases/')}`));
    assert.equal(fieldValue(reply, 'Link'), link(PUBLIC, '/releases/'));
  });

  test('leaves the response to a bypassed request', async () => {
    const asked = request(`GET ${ORGANIZATION} HTTP/1.1`, [AS_SELF, 'If-None-Match: "a"', 'Range: bytes=0-1']);
    const content = `{"links":{"regionUrl":"${PUBLIC}"}}`;
    const fields = [`Link: ${link(PUBLIC, ORGANIZATION)}`, `Location: ${PUBLIC}${ORGANIZATION}`, 'ETag: "b"'];
    const exchange = await scene.exchange(asked, json(content, ...fields));
    assert.equal(fieldValue(exchange.reply, 'Link'), link(PUBLIC, ORGANIZATION));
    assert.equal(fieldValue(exchange.reply, 'Location'), PUBLIC + ORGANIZATION);
    assert.equal(fieldValue(exchange.reply, 'ETag'), '"b"');
    assert.equal(exchange.reply.content.toString(), content);
    assert.equal(fieldValue(exchange.request, 'If-None-Match'), '"a"');
    assert.equal(fieldValue(exchange.request, 'Range'), 'bytes=0-1');
  });
}

function organizations({ target, test }: Contract): void {
  const scene = useScene(target);
  const before = `{"id":"1","links":{"organizationUrl":"${PUBLIC}/organizations/acme/","regionUrl":"${PUBLIC}"},"x":1}`;
  const after = `{"id":"1","links":{"organizationUrl":"${PUBLIC}/organizations/acme/"},"x":1}`;

  for (const [path, sent, expected] of [
    [ORGANIZATION, before, after],
    [ORGANIZATIONS, `[${before}, ${before}]`, `[${after}, ${after}]`],
    ['/api/0/projects/', `[{"organization":${before}}]`, `[{"organization":${after}}]`],
    ['/api/0/projects/acme/web/', `{"organization":${before},"slug":"web"}`, `{"organization":${after},"slug":"web"}`],
  ] as const) {
    test(`takes regionUrl out of ${path}`, async () => {
      assert.equal(await got(scene, path, sent), expected);
      assert.equal(await got(scene, `${path}?detailed=0`, sent), expected);
    });
  }

  for (const method of ['PUT', 'POST']) {
    test(`takes regionUrl out of the answer to ${method}`, async () => {
      const asked = request(`${method} ${ORGANIZATION} HTTP/1.1`, [AS_ALIAS, 'Content-Length: 2'], '{}');
      const { reply } = await scene.exchange(asked, json(before));
      assert.equal(reply.content.toString(), after);
    });
  }

  test('takes regionUrl out without alias tokens as well', async () => {
    const open = useScene(target, { aliases: [] });
    const { reply } = await open.exchange(request(`GET ${ORGANIZATION} HTTP/1.1`), json(before));
    assert.equal(reply.content.toString(), after);
  });

  for (const [sent, expected] of [
    ['{"links":{"regionUrl":"r"}}', '{"links":{}}'],
    ['{"links":{ "regionUrl" : "r" , "a" : 1 }}', '{"links":{ "a" : 1 }}'],
    ['{"links":{ "a" : 1 , "regionUrl" : "r" }}', '{"links":{ "a" : 1 }}'],
    ['{"links":{"regionUrl":1,"regionUrl":{"regionUrl":2},"a":1,"regionUrl":[3]}}', '{"links":{"a":1}}'],
    ['{"links":{"region\\u0055rl":"r","a":"\\u00e9\\/"}}', '{"links":{"a":"\\u00e9\\/"}}'],
    ['{"links":{"a":"\\\\","regionUrl":"\\"}","b":2}}', '{"links":{"a":"\\\\","b":2}}'],
    [
      '{"links":{"regionUrl":"r"},"id":12345678901234567890,"id":1.0e+2}',
      '{"links":{},"id":12345678901234567890,"id":1.0e+2}',
    ],
    ['{"z":1,"links":{"regionUrl":"r"},"1":2, "a":[1 ,2]}\n', '{"z":1,"links":{},"1":2, "a":[1 ,2]}\n'],
    ['{"links":{"regionUrl":null},"links":{"regionUrl":"r"}}', '{"links":{},"links":{}}'],
  ] as const) {
    test(`changes nothing else of ${JSON.stringify(sent)}`, async () => {
      assert.equal(await got(scene, ORGANIZATION, sent), expected);
    });
  }

  for (const sent of [
    '{"regionUrl":"r","a":{"links":{"regionUrl":"r"}}}',
    '{"links":["regionUrl","r"]}',
    '{"links":"{\\"regionUrl\\":\\"r\\"}"}',
    '[{"links":{"regionUrl":"r"}}]',
    '"regionUrl"',
    'null',
  ]) {
    test(`leaves regionUrl elsewhere: ${sent}`, async () => {
      assert.equal(await got(scene, ORGANIZATION, sent), sent);
    });
  }

  test('leaves what events and issues quote', async () => {
    const quoted = `"title":"GET ${PUBLIC}${ORGANIZATION} {\\"regionUrl\\": \\"${PUBLIC}\\"}"`;
    const sent = `[{${quoted},"links":{"regionUrl":"${PUBLIC}"},"permalink":"${PUBLIC}/organizations/acme/issues/1/"}]`;
    for (const path of [ISSUES, '/api/0/organizations/acme/issues/', '/api/0/organizations/acme/events/']) {
      assert.equal(await got(scene, path, sent), sent);
    }
  });

  test('answers that there are no regions', async () => {
    const sent = `{"regions": [{"name":"us","url":"${PUBLIC}"}], "x":"y"}`;
    assert.equal(await got(scene, '/api/0/users/me/regions/', sent), '{"regions": [], "x":"y"}');
  });
}

function uploads({ target, test }: Contract): void {
  const scene = useScene(target);
  const description = (url: string) => `{"url":${url},"chunkSize":8388608,"maxFileSize":9007199254740993}`;

  for (const [sent, expected] of [
    [`"${PUBLIC}${CHUNK_UPLOAD}"`, `"${OWN}${CHUNK_UPLOAD}"`],
    [`"http://web:9000/sentry${CHUNK_UPLOAD}"`, `"${OWN}${CHUNK_UPLOAD}"`],
    [`"https:\\/\\/sentry.example${CHUNK_UPLOAD}"`, `"${OWN}${CHUNK_UPLOAD}"`],
  ] as const) {
    test(`leads uploads to the proxy from ${sent}`, async () => {
      assert.equal(await got(scene, CHUNK_UPLOAD, description(sent)), description(expected));
    });
  }

  test('leads uploads to the proxy where the client names the organization by its number', async () => {
    const sent = description(`"${PUBLIC}${CHUNK_UPLOAD}"`);
    assert.equal(
      await got(scene, '/api/0/organizations/1/chunk-upload/', sent),
      description(`"${OWN}${CHUNK_UPLOAD}"`),
    );
  });

  for (const url of ['"/organizations/acme/chunk-upload/"', '"https://uploads.example/acme/"', 'null', '["a"]']) {
    test(`leaves an upload address of ${url}`, async () => {
      assert.equal(await got(scene, CHUNK_UPLOAD, description(url)), description(url));
    });
  }
}

function locations({ target, test }: Contract): void {
  const scene = useScene(target);
  const path = '/api/0/projects/acme/new-name/';

  async function locationOf(scene: Scene, location: string): Promise<string | undefined> {
    const { reply } = await scene.exchange(ask(ISSUES), answer(response('302 Found', [`Location: ${location}`])));
    assert.equal(reply.status, 302);
    return fieldValue(reply, 'Location');
  }

  test("rewrites a redirect to Sentry's base URI with any scheme", async () => {
    const [, upstream] = await scene.start();
    for (const scheme of ['http', 'https']) {
      assert.equal(await locationOf(scene, `${scheme}://${upstream.authority}${path}?a=b#c`), `${OWN}${path}?a=b#c`);
    }
  });

  test('leads a redirect to an address that a Link has shown to the proxy', async () => {
    assert.equal(await locationOf(scene, `https://shown.example${path}`), `https://shown.example${path}`);
    await scene.exchange(ask(ISSUES), json('[]', `Link: <https://shown.example${ISSUES}?cursor=0:1:0>; rel="next"`));
    assert.equal(await locationOf(scene, `https://shown.example${path}`), OWN + path);
    assert.equal(await locationOf(scene, 'https://shown.example/auth/login/'), 'https://shown.example/auth/login/');
  });

  for (const location of [path, 'https://elsewhere.example/api/0/projects/', '//sentry.example/api/0/']) {
    test(`leaves the Location "${location}"`, async () => {
      assert.equal(await locationOf(scene, location), location);
    });
  }

  test("leads an installUrl of Sentry's base URI to the proxy and leaves others", async () => {
    const [, upstream] = await scene.start();
    const details = '/api/0/organizations/acme/preprodartifacts/12/install-details/';
    const secret = '/api/0/projects/acme/web/files/installablepreprodartifact/abc/?response_format=plist';
    const elsewhere = `{"installUrl":"https://elsewhere.example${secret}"}`;
    assert.equal(
      await got(scene, details, `{"installUrl":"${upstream.uri}${secret}"}`),
      `{"installUrl":"${OWN}${secret}"}`,
    );
    assert.equal(await got(scene, details, elsewhere), elsewhere);
  });

  test('takes the path of the base URI off', async () => {
    const mounted = useScene(target, { path: '/sentry' });
    const [, upstream] = await mounted.start();
    assert.equal(await locationOf(mounted, `${upstream.uri}/sentry${path}`), OWN + path);
    assert.equal(await locationOf(mounted, `${upstream.uri}${path}`), upstream.uri + path);
    const link = `<${PUBLIC}/sentry${ISSUES}?cursor=1>; rel="next"`;
    const { reply } = await mounted.exchange(ask(ISSUES), json('[]', `Link: ${link}`));
    assert.equal(fieldValue(reply, 'Link'), `<${OWN}${ISSUES}?cursor=1>; rel="next"`);
  });
}

function bodies({ target, test }: Contract): void {
  const scene = useScene(target);
  const before = `{"links":{"regionUrl":"${PUBLIC}"},"name":"Größe"}`;
  const after = '{"links":{},"name":"Größe"}';
  const utf8 = (text: string) => Buffer.from(text);

  test('counts the length of the edited content in bytes', async () => {
    const { reply } = await scene.exchange(ask(ORGANIZATION), json(utf8(before)));
    assert.equal(reply.content.toString(), after);
    assert.deepEqual(fieldValues(reply, 'Content-Length'), [String(utf8(after).length)]);
  });

  test('edits content that comes in pieces without a length', async () => {
    const head =
      'HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n';
    const bytes = utf8(before);
    const { reply } = await scene.exchange(ask(ORGANIZATION), async (connection) => {
      await connection.whole();
      connection.send(head);
      for (const byte of bytes) connection.send(Buffer.concat([utf8('1\r\n'), Buffer.of(byte), utf8('\r\n')]));
      connection.send('0\r\n\r\n');
      connection.finish();
    });
    assert.equal(reply.content.toString(), after);
  });

  for (const coding of ['gzip', 'x-gzip', 'GZIP']) {
    test(`decodes ${coding} to edit it`, async () => {
      const { reply } = await scene.exchange(
        ask(ORGANIZATION),
        json(gzipSync(before), `Content-Encoding: ${coding}`, 'ETag: "a"', 'Content-Digest: sha-256=:a:'),
      );
      assert.equal(reply.content.toString(), after);
      for (const name of ['Content-Encoding', 'ETag', 'Content-Digest']) assert.deepEqual(fieldValues(reply, name), []);
    });
  }

  test('edits content with the coding identity, which is none', async () => {
    const { reply } = await scene.exchange(ask(ORGANIZATION), json(utf8(before), 'Content-Encoding: identity'));
    assert.equal(reply.content.toString(), after);
    assert.deepEqual(fieldValues(reply, 'Content-Encoding'), []);
  });

  for (const [title, content, ...fields] of [
    ['gzip with nothing to edit', gzipSync('{"links":{}}'), 'Content-Encoding: gzip'],
    ['gzip that is none', utf8(before), 'Content-Encoding: gzip'],
    ['gzip that breaks off', gzipSync(before).subarray(0, 30), 'Content-Encoding: gzip'],
    ['gzip that is too large decoded', gzipSync(`${before}${' '.repeat(9 * MEBIBYTE)}`), 'Content-Encoding: gzip'],
    ['another coding', brotliCompressSync(before), 'Content-Encoding: br'],
    ['two codings', gzipSync(gzipSync(before)), 'Content-Encoding: gzip, gzip'],
    ['JSON that is cut off', utf8(before).subarray(0, -1)],
    ['JSON with something after it', utf8(`${before}{}`)],
    ['JSON with a byte order mark', utf8(`\ufeff${before}`)],
    ['JSON that is not UTF-8', Buffer.from(before, 'latin1')],
    ['JSON without anything to edit', utf8('{"links" : {}}')],
  ] as [string, Buffer, ...string[]][]) {
    test(`passes ${title} byte for byte`, async () => {
      const { reply } = await scene.exchange(ask(ORGANIZATION), json(content, ...fields, 'ETag: "a"'));
      assert.equal(reply.status, 200);
      assert.ok(reply.content.equals(content));
      assert.equal(fieldValue(reply, 'ETag'), '"a"');
      assert.equal(fieldValue(reply, 'Content-Encoding'), fields[0]?.slice('Content-Encoding: '.length));
    });
  }

  for (const [title, statusLine, type] of [
    ['another status', '403 Forbidden', 'application/json'],
    ['a part', '206 Partial Content', 'application/json'],
    ['another type', '200 OK', 'text/html'],
    ['a type that only begins so', '200 OK', 'application/json-seq'],
  ] as const) {
    test(`passes ${title} byte for byte`, async () => {
      const { reply } = await scene.exchange(
        ask(ORGANIZATION),
        answer(response(statusLine, [`Content-Type: ${type}`], utf8(before))),
      );
      assert.equal(reply.content.toString(), before);
    });
  }

  const large = utf8(`{"links":{"regionUrl":"${PUBLIC}"},"x":"${'x'.repeat(8 * MEBIBYTE)}"}`);
  for (const framing of ['length', 'chunks'] as const) {
    test(`passes more than 8 MiB framed by ${framing} as they are`, async () => {
      const fields = framing === 'length' ? `Content-Length: ${large.length}` : 'Transfer-Encoding: chunked';
      const { reply } = await scene.exchange(ask(ORGANIZATION), async (connection) => {
        await connection.whole();
        connection.send(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${fields}\r\n\r\n`);
        if (framing === 'chunks') connection.send(`${large.length.toString(16)}\r\n`);
        connection.send(large);
        if (framing === 'chunks') connection.send('\r\n0\r\n\r\n');
        connection.finish();
      });
      assert.equal(reply.status, 200);
      assert.ok(reply.content.equals(large));
    });
  }

  test('edits up to 8 MiB', async () => {
    const rest = `"x":"${'x'.repeat(8 * MEBIBYTE - 100)}"}`;
    const { reply } = await scene.exchange(ask(ORGANIZATION), json(`{"links":{"regionUrl":"r"},${rest}`));
    assert.ok(reply.content.equals(utf8(`{"links":{},${rest}`)));
  });

  test('shows that content broke off before it could be edited', async () => {
    const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${before.length + 9}\r\n\r\n`;
    const { reply } = await scene.exchange(ask(ORGANIZATION), answer(head + before));
    const isWholeSuccess = reply.status === 200 && reply.complete;
    assert.ok(!isWholeSuccess, `${reply.status}, ${reply.content.length} bytes`);
    assert.ok(!reply.bytes.includes('regionUrl'));
  });
}

function conditions({ target, test }: Contract): void {
  const scene = useScene(target);
  const CONDITIONAL = ['If-None-Match: "a"', 'If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT', 'Range: bytes=0-1'];

  test('requests the whole of a response that it edits', async () => {
    const { request } = await scene.exchange(ask(ORGANIZATION, ...CONDITIONAL, 'If-Range: "a"'), json('{}'));
    for (const name of ['If-None-Match', 'If-Modified-Since', 'Range', 'If-Range']) {
      assert.deepEqual(fieldValues(request, name), [], name);
    }
  });

  test('lets a client make conditions on everything else', async () => {
    const exchange = await scene.exchange(
      ask(ISSUES, ...CONDITIONAL),
      answer('HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n'),
    );
    assert.equal(exchange.reply.status, 304);
    assert.equal(fieldValue(exchange.reply, 'ETag'), '"a"');
    for (const line of CONDITIONAL) {
      const [name, value] = line.split(/: (.*)/);
      assert.equal(fieldValue(exchange.request, name!), value);
    }
  });

  test('gives no validator to what it has edited', async () => {
    const script = json('{"links":{"regionUrl":"r"}}', 'ETag: "a"', 'Accept-Ranges: bytes', 'Content-MD5: a', 'X-A: b');
    const { reply } = await scene.exchange(ask(ORGANIZATION), script);
    const own = ['content-security-policy', 'x-content-type-options', 'x-request-id'];
    const others = ['connection', 'keep-alive', 'date', ...own];
    const names = fieldNames(reply).filter((name) => !others.includes(name));
    assert.deepEqual(names, ['content-length', 'content-type', 'x-a']);
  });

  test('says nothing of the content in answer to HEAD that it might have edited', async () => {
    const asked = request(`HEAD ${ORGANIZATION} HTTP/1.1`, [AS_ALIAS]);
    const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 42\r\nETag: "a"\r\n\r\n';
    const { reply } = await scene.exchange(asked, answer(head));
    assert.equal(reply.status, 200);
    assert.deepEqual(fieldValues(reply, 'Content-Length'), []);
    assert.deepEqual(fieldValues(reply, 'ETag'), []);
  });
}

function otherAddresses({ target, test }: Contract): void {
  const mounted = useScene(target, { flags: { publicUrl: 'https://tools.example/sentry-proxy/' } });
  const off = useScene(target, { flags: { keepInside: false } });
  const link = (url: string) => `<${url}${ISSUES}?cursor=0:100:0>; rel="next"; results="true"; cursor="0:100:0"`;

  test('uses the public URL, if there is one, for every host in a request', async () => {
    const own = 'https://tools.example/sentry-proxy';
    const { reply } = await mounted.exchange(ask(ISSUES), json('[]', `Link: ${link(PUBLIC)}`));
    assert.equal(fieldValue(reply, 'Link'), link(own));
    const sent = `{"url":"${PUBLIC}${CHUNK_UPLOAD}"}`;
    assert.equal(await got(mounted, CHUNK_UPLOAD, sent), `{"url":"${own}${CHUNK_UPLOAD}"}`);
  });

  test('leaves everything where it is told to', async () => {
    const content = `{"links":{"regionUrl":"${PUBLIC}"}}`;
    const fields = [`Link: <${PUBLIC}${ORGANIZATION}?cursor=1>; rel="next"`, 'ETag: "a"'];
    const { reply, request } = await off.exchange(ask(ORGANIZATION, 'If-None-Match: "b"'), json(content, ...fields));
    assert.equal(reply.content.toString(), content);
    assert.equal(`Link: ${fieldValue(reply, 'Link')}`, fields[0]);
    assert.equal(fieldValue(reply, 'ETag'), '"a"');
    assert.equal(fieldValue(request, 'If-None-Match'), '"b"');
  });
}
