// Clients that are known by tokens of issuers, over the life of the program: its files, its log, its metrics.
import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { clientDigest, clientToken } from '../../support/clients-file.ts';
import { AUDIENCE, makeKey, TestIssuer } from '../../support/issuer.ts';
import { fieldValue } from '../../support/message.ts';
import { eventually, get, makeFolder, runProxy, samplesOf, startProxy, startWatched } from '../../support/operator.ts';
import type { ListeningProxy } from '../../support/proxy-process.ts';
import { TestAuthority } from '../../support/tls-upstream.ts';
import { answer, OK, Upstream } from '../../support/upstream.ts';

const SECRET = 'sentry-token-of-the-identity-tests';
const TARGET = '/api/0/organizations/acme/';
const RIGHTS = { scopes: ['org:read'], orgs: ['acme'] };

let upstream: Upstream;
before(async () => {
  upstream = await Upstream.start();
});
after(() => upstream.stop());

const fileWith = (issuer: object, ...clients: object[]): string =>
  JSON.stringify({ issuers: { it: { audience: AUDIENCE, ...issuer } }, clients });

const client = (name: string, claims: object, more: object = {}): object => ({
  name,
  identity: { issuer: 'it', claims },
  ...RIGHTS,
  ...more,
});

function replace(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

const argsFor = (file: string): string[] => ['--sentry-uri', upstream.uri, '--token', SECRET, '--clients-file', file];

async function start(t: TestContext, text: string): Promise<{ proxy: ListeningProxy; file: string }> {
  const file = join(makeFolder(t), 'clients.json');
  writeFileSync(file, text);
  const proxy = await startProxy(argsFor(file));
  t.after(() => proxy.stop());
  return { proxy, file };
}

let asked = 0;
/** The status of a refusal, or with whose credentials the request reached Sentry. */
async function outcome(proxy: ListeningProxy, bearer: string): Promise<string> {
  const target = `${TARGET}?n=${asked++}.`;
  const connections = upstream.play(answer(OK), target);
  const { status } = await get(proxy, target, { headers: { Authorization: `Bearer ${bearer}` } });
  const request = connections[0]?.request;
  if (request === undefined) return String(status);
  return fieldValue(request, 'Authorization') === `Bearer ${SECRET}` ? 'injected' : 'bypassed';
}

const until = (proxy: ListeningProxy, expected: string, bearer: string): Promise<void> =>
  eventually(async () => (await outcome(proxy, bearer)) === expected, `the request is ${expected}`);

describe('a client that a token of an issuer identifies', { concurrency: 2 }, () => {
  it('stops with the clients file that lacks it, and with a wrong one that lacks it', async (t) => {
    const issuer = await TestIssuer.start();
    const url = issuer.url;
    const [one, two] = [client('one', { repo: '1' }), client('two', { repo: '2' })];
    const { proxy, file } = await start(t, fileWith({ url }, one, two));
    const [first, second] = [await issuer.token({ repo: '1' }), await issuer.token({ repo: '2' })];
    assert.equal(await outcome(proxy, first), 'injected');
    assert.equal(await outcome(proxy, second), 'injected');

    replace(file, fileWith({ url }, one));
    await until(proxy, '401', second);
    assert.equal(await outcome(proxy, first), 'injected');
    replace(file, fileWith({ url }, one, two));
    await until(proxy, 'injected', second);

    replace(file, fileWith({ url }, one, { name: 'wrong' }));
    await until(proxy, '401', second);
    assert.equal(await outcome(proxy, first), 'injected');

    replace(file, fileWith({ url }, client('one', { repo: '1' }, { expires: '2020-01-01' }), { name: 'wrong' }));
    await proxy.logged(({ event, level }) => event === 'reload' && level === 'error');
    await until(proxy, '401', first);
    assert.equal(issuer.fetches, 1, 'an issuer that did not change keeps its keys');
  });

  it('is known by its token of the file as well, and the log says by which', async (t) => {
    const issuer = await TestIssuer.start();
    const { proxy } = await start(
      t,
      fileWith({ url: issuer.url }, client('ci', { repo: '1' }, { token: clientDigest('ci') })),
    );
    const token = await issuer.token({ repo: '1', sub: 'repo:acme/web\nforged line' });
    assert.equal(await outcome(proxy, clientToken('ci')), 'injected');
    assert.equal(await outcome(proxy, token), 'injected');
    const lines = () => proxy.logLines().filter(({ event }) => event === 'request');
    await eventually(() => lines().length === 2, 'two lines');
    assert.deepEqual(
      lines().map((line) => [line.client, line.credential, line.issuer, line.subject]),
      [
        ['ci', 'token', undefined, undefined],
        ['ci', 'jwt', 'it', 'repo:acme/web\nforged line'],
      ],
    );
  });

  it('is refused with a reason that the log alone has', async (t) => {
    const issuer = await TestIssuer.start();
    const { proxy } = await start(
      t,
      fileWith({ url: issuer.url }, client('a', { repo: '1' }), client('b', { x: '1' })),
    );
    const reasons: [string, string][] = [
      [await issuer.token({ repo: '2', sub: 'secret-subject' }), 'no_client'],
      [await issuer.token({ repo: '1', x: '1' }), 'ambiguous'],
      [await issuer.token({ repo: '1', aud: 'x' }), 'audience'],
      [await issuer.token({ repo: '1' }, { key: await makeKey('first') }), 'signature'],
      [await issuer.token({ repo: '1' }, { key: await makeKey('x') }), 'key'],
    ];
    for (const [token, reason] of reasons) {
      assert.equal(await outcome(proxy, token), '401');
      const line = await proxy.logged(({ event, refusal }) => event === 'request' && refusal === reason);
      assert.deepEqual([line.error, line.issuer, line.client], ['identity_refused', 'it', undefined]);
      if (reason === 'ambiguous') assert.equal(line.cause, 'the claims are those of a and b');
    }
    for (const [token] of reasons) {
      for (const part of token.split('.').slice(1)) assert.ok(!proxy.output.includes(part));
    }
    assert.doesNotMatch(proxy.output, /secret-subject/);
  });

  it('is counted, and its issuer is on the status page', async (t) => {
    const issuer = await TestIssuer.start();
    const file = join(makeFolder(t), 'clients.json');
    writeFileSync(file, fileWith({ url: issuer.url }, client('ci', { repo: '1' })));
    const { proxy, admin } = await startWatched(t, argsFor(file));
    await outcome(proxy, await issuer.token({ repo: '1' }));
    await outcome(proxy, await issuer.token({ repo: '2' }));
    const metrics = async (name: string) => samplesOf((await get(admin, '/metrics')).text, name);
    const counted = 'sentry_api_proxy_identities_total';
    await eventually(async () => (await metrics(counted)).get('issuer="it",result="no_client"') === 1, 'a refusal');
    assert.equal((await metrics(counted)).get('issuer="it",result="identified"'), 1);
    assert.equal((await metrics('sentry_api_proxy_issuer_keys')).get('issuer="it"'), 1);
    assert.ok((await metrics('sentry_api_proxy_issuer_keys_age_seconds')).get('issuer="it"')! < 60);
    const fetches = await metrics('sentry_api_proxy_issuer_key_fetches_total');
    assert.equal(fetches.get('issuer="it",result="changed"'), 1);
    const status = JSON.parse((await get(admin, '/status.json')).text);
    assert.deepEqual(
      status.issuers.map(({ issuer: name, keys, state }: Record<string, unknown>) => [name, keys, state]),
      [['it', 1, 'ok']],
    );
  });
});

describe('the keys of an issuer', { concurrency: 2 }, () => {
  it('are fetched in the background, and the proxy is ready without them', async (t) => {
    const file = join(makeFolder(t), 'clients.json');
    const url = 'http://127.0.0.1:9';
    writeFileSync(file, fileWith({ url }, client('ci', { repo: '1' })));
    const { proxy, admin } = await startWatched(t, argsFor(file));
    assert.equal((await get(admin, '/readyz')).status, 200);
    const line = await proxy.logged(({ event }) => event === 'keys');
    assert.deepEqual([line.issuer, line.result, line.level], ['it', 'failed', 'warn']);
    assert.match(String(line.error), /could not be fetched: .*ECONNREFUSED/);
  });

  it('are trusted by the ca of the issuer alone, and fetched with its bearer', async (t) => {
    const authority = await TestAuthority.make();
    const { cert, key } = await authority.issue();
    const issuer = await TestIssuer.start(undefined, { cert, key });
    const bearerFile = join(makeFolder(t), 'token');
    writeFileSync(bearerFile, 'bearer-of-the-pod\n');
    const token = await issuer.token({ repo: '1' });
    const { proxy } = await start(
      t,
      fileWith({ url: issuer.url, ca: authority.cert, bearerFile }, client('ci', { repo: '1' })),
    );
    assert.equal(await outcome(proxy, token), 'injected');
    assert.deepEqual(
      [...new Set(issuer.requests.map(({ authorization }) => authorization))],
      ['Bearer bearer-of-the-pod'],
    );
    assert.doesNotMatch(proxy.output, /bearer-of-the-pod/);
    const untrusting = await start(t, fileWith({ url: issuer.url }, client('ci', { repo: '1' })));
    assert.equal(await outcome(untrusting.proxy, token), '503');
  });

  it('are read again from keysFile', async (t) => {
    const [first, second] = [await makeKey('first'), await makeKey('second')];
    const issuer = await TestIssuer.start([first]);
    const keysFile = join(makeFolder(t), 'keys.json');
    writeFileSync(keysFile, JSON.stringify({ keys: [first.jwk] }));
    const { proxy } = await start(t, fileWith({ url: issuer.url, keysFile }, client('ci', { repo: '1' })));
    const [old, next] = [await issuer.token({ repo: '1' }), await issuer.token({ repo: '1' }, { key: second })];
    assert.equal(await outcome(proxy, old), 'injected');
    assert.equal(await outcome(proxy, next), '401');
    replace(keysFile, JSON.stringify({ keys: [second.jwk] }));
    await until(proxy, 'injected', next);
    assert.equal(await outcome(proxy, old), '401');
    assert.deepEqual(issuer.requests, []);
  });
});

describe('files that an issuer names', () => {
  it('have to be there, and of use, when the program starts', async (t) => {
    const folder = makeFolder(t);
    const file = join(folder, 'clients.json');
    const wrong = join(folder, 'wrong');
    writeFileSync(wrong, 'nothing');
    const missing = join(folder, 'missing');
    const url = 'https://idp.example.com';
    for (const [issuer, expected] of [
      [{ keysFile: missing }, /issuers\.it\.keysFile names a file that could not be read \(ENOENT\)/],
      [{ keysFile: wrong }, /issuers\.it\.keysFile names a file that is not JSON/],
      [{ ca: missing }, /issuers\.it\.ca names a file that could not be read \(ENOENT\)/],
      [{ ca: wrong }, /issuers\.it\.ca names a file that is not PEM/],
      [{ bearerFile: missing }, /issuers\.it\.bearerFile names a file that could not be read/],
    ] as const) {
      writeFileSync(file, fileWith({ url, ...issuer }, client('ci', { repo: '1' })));
      const { code, stderr } = await runProxy(argsFor(file));
      assert.equal(code, 2);
      assert.match(stderr, expected);
    }
  });
});
