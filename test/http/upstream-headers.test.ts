// Headers of the operator's for a gateway before Sentry: how they are read, what is refused, and when they are sent.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readUpstreamHeaders, readUpstreamHeadersObject } from '../../src/http/upstream-headers.ts';
import { fieldValue, fieldValues } from '../support/message.ts';
import { eventually, get, makeFolder, runProxy, startProxy } from '../support/operator.ts';
import { answer, response, Upstream } from '../support/upstream.ts';

const SECRET = 'secret-of-the-gateway';

function read(text: string) {
  const problems: string[] = [];
  return { headers: readUpstreamHeaders(text, (problem) => problems.push(problem)), problems };
}

describe('upstream headers', () => {
  it('are one a line, with comments, blank lines and line ends of Windows', () => {
    const { headers, problems } = read('# for the gateway\r\n\r\nX-Key: a; b: c\r\n \tX_Other :\n');
    assert.deepEqual(problems, ['has no header name and colon in line 4']);
    assert.deepEqual(headers[0], ['X-Key', 'a; b: c']);
    assert.deepEqual(read('\n#x\n'), { headers: [], problems: [] });
  });

  const refusals: Record<string, readonly [text: string, says: RegExp]> = {
    'a line without a colon': [SECRET, /no header name and colon in line 1$/],
    'a line without a name': [`: ${SECRET}`, /no header name and colon in line 1$/],
    'a name with a blank': [`X Key: ${SECRET}`, /no header name and colon in line 1$/],
    'a name beyond ASCII': [`X-K\u00e9y: ${SECRET}`, /no header name and colon in line 1$/],
    'an empty value': ['X-Key: \t', /no value in line 1$/],
    'a control character': [`X-Key: ${SECRET}\u0001`, /a character in line 1/],
    'a CR within a line': [`X-Key: a\rHost: ${SECRET}`, /a character in line 1/],
    'a character beyond latin1': [`X-Key: ${SECRET}\u010d\u010a`, /a character in line 1/],
    'a character beyond ASCII': [`X-Key: ${SECRET}\u00e9`, /a character in line 1/],
    'a name that is there twice': [`X-Key: ${SECRET}\nX_KEY: b`, /the name of line 1 again in line 2$/],
    ...Object.fromEntries(
      [
        'Authorization',
        'Host',
        'Connection',
        'Keep-Alive',
        'Proxy-Connection',
        'Proxy-Authorization',
        'Proxy-Authenticate',
        'TE',
        'Trailer',
        'Transfer-Encoding',
        'Transfer_Encoding',
        'Upgrade',
        'HTTP2-Settings',
        'Content-Length',
        'content_length',
        'Content-Encoding',
        'Expect',
        'Via',
        'X-Request-Id',
        'Accept-Encoding',
      ].map((name) => [`the name ${name}`, [`${name}: ${SECRET}`, /a name in line 1 that is the proxy's/] as const]),
    ),
  };
  for (const [title, [text, says]] of Object.entries(refusals)) {
    it(`refuse ${title}, and quote nothing`, () => {
      const { problems } = read(text);
      assert.equal(problems.length, 1);
      assert.match(problems[0]!, says);
      assert.ok(!problems[0]!.includes(SECRET));
    });
  }

  it('refuse everything that is wrong at once', () => {
    assert.equal(read(`${SECRET}\nHost: x\nX-Empty:\nX-Right: y`).problems.length, 3);
  });

  it('are an object as well, in which no name or value makes a second line', () => {
    const problems: string[] = [];
    const complain = (problem: string) => void problems.push(problem);
    assert.deepEqual(readUpstreamHeadersObject({ 'X-A': ' 1 ', 'X-B': '2' }, complain), [
      ['X-A', '1'],
      ['X-B', '2'],
    ]);
    assert.deepEqual(problems, []);
    readUpstreamHeadersObject({ 'X-A': 'x\nHost: y', 'X-B: c\nX-D': 'e', 'X-E': 5 }, complain);
    assert.deepEqual(problems.sort(), [
      'has a character in entry 1 that is not visible ASCII',
      'has a value in entry 3 that is not a string',
      'has no header name and colon in entry 2',
    ]);
  });
});

describe('the program with upstream headers', { concurrency: 2 }, () => {
  let upstream: Upstream;
  before(async () => {
    upstream = await Upstream.start();
  });
  after(() => upstream.stop());

  it('takes them from repeated flags and a file together, and semicolons as they are', async (t) => {
    const file = join(makeFolder(t), 'headers');
    writeFileSync(file, `# the gateway's\nX-Of-File: ${SECRET}\n`);
    const flags = ['--upstream-header=X-A: a;b', '--upstream-header', 'X-C: c', '--upstream-header-file', file];
    const proxy = await startProxy(['--sentry-uri', upstream.uri, '--token=x', '--allow-any-client', ...flags]);
    t.after(() => proxy.stop());
    const connections = upstream.play(answer(response('200 OK')), '/together/');
    await get(proxy, '/together/');
    const { request } = connections[0]!;
    const values = ['X-A', 'X-C', 'X-Of-File'].map((name) => fieldValue(request!, name));
    assert.deepEqual(values, ['a;b', 'c', SECRET]);
  });

  it('takes a changed file over, and keeps the last good one', async (t) => {
    const file = join(makeFolder(t), 'headers');
    writeFileSync(file, 'X-Key: first\n');
    const proxy = await startProxy(['--sentry-uri', upstream.uri, '--token=x', '--upstream-header-file', file]);
    t.after(() => proxy.stop());
    const connections = upstream.play(answer(response('200 OK')), '/changed/');
    const sent = async () => {
      await get(proxy, '/changed/');
      return fieldValues(connections.at(-1)!.request!, 'X-Key').join();
    };
    assert.equal(await sent(), 'first');
    writeFileSync(file, 'X-Key: second\n');
    await eventually(async () => (await sent()) === 'second', 'the new header is sent');
    for (const [bad, says] of [
      [`${SECRET}\n`, /content has no header name and colon in line 1/],
      ['# none yet\n', /content has no header in it/],
    ] as const) {
      writeFileSync(file, bad);
      await proxy.logged(({ event, error }) => event === 'reload' && says.test(String(error)));
      assert.equal(await sent(), 'second');
    }
    assert.ok(!proxy.output.includes(SECRET));
  });

  it('sends them when it asks Sentry itself whether the token is still taken', async (t) => {
    const flags = ['--admin-listen=127.0.0.1:0', `--upstream-header=X-Key: ${SECRET}`];
    const proxy = await startProxy(['--sentry-uri', upstream.uri, '--token=x', '--allow-any-client', ...flags]);
    t.after(() => proxy.stop());
    upstream.play(answer(response('401 Unauthorized', ['WWW-Authenticate: Bearer'])), '/refused/');
    const asked = upstream.play(answer(response('401 Unauthorized', ['WWW-Authenticate: Bearer'])), '/api/0/');
    for (let i = 0; i < 5; i++) await get(proxy, '/refused/');
    await eventually(async () => asked.length > 0 && asked[0]!.request !== undefined, 'the proxy asks');
    assert.equal(fieldValue(asked[0]!.request!, 'X-Key'), SECRET);
    assert.equal(fieldValue(asked[0]!.request!, 'Authorization'), 'Bearer x');
  });

  it('sends them in check --probe, and shows their names without the values', async (t) => {
    const sentry = await Upstream.start();
    t.after(() => sentry.stop());
    const asked = sentry.play(answer(response('200 OK', [], '{"version":"0"}')));
    const flags = [`--upstream-header=X-Key: ${SECRET}`, '--upstream-header=X-Id: hidden-as-well'];
    const { code, stdout } = await runProxy(['check', '--probe', '--sentry-uri', sentry.uri, '--token=x', ...flags]);
    assert.equal(code, 0, stdout);
    assert.equal(fieldValue(asked[0]!.request!, 'X-Key'), SECRET);
    assert.match(stdout, /^adds to each request: +X-Key, X-Id \(the values are not shown\)$/m);
    assert.ok(!stdout.includes(SECRET) && !stdout.includes('hidden-as-well'));
  });

  it('does not start with wrong ones, and names all of them', async (t) => {
    const file = join(makeFolder(t), 'headers');
    writeFileSync(file, `X-Key: ${SECRET}\n`);
    const flags = [`--upstream-header=Host: ${SECRET}`, '--upstream-header=X_Key: x', '--upstream-header-file', file];
    const { code, stderr } = await runProxy(['--token=x', ...flags]);
    assert.equal(code, 2);
    assert.match(stderr, /--upstream-header .*a name in line 1 that is the proxy's/);
    assert.match(stderr, /--upstream-header-file .*has a header that is also in UPSTREAM_HEADERS/);
    assert.ok(!stderr.includes(SECRET));
  });
});
