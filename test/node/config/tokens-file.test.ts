// Several Sentry tokens in one program: which one is sent, and what a changed file does.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { clientsFile, clientToken } from '../../support/clients-file.ts';
import { eventually, get, makeFolder, runProxy, samplesOf, startProxy, startWatched } from '../../support/operator.ts';
import type { ListeningProxy } from '../../support/proxy-process.ts';
import { answer, OK, response, Upstream } from '../../support/upstream.ts';

const RELEASES = '/api/0/organizations/acme/releases/';
const ISSUES = '/api/0/organizations/acme/issues/';
const CI = { name: 'acme-ci', token: 'sntrys_CI', orgs: ['acme'], scopes: ['org:ci', 'project:releases'] };

let upstream: Upstream;
before(async () => {
  upstream = await Upstream.start();
});
after(() => upstream.stop());

const write = (path: string, tokens: readonly object[]) => writeFileSync(path, JSON.stringify({ tokens }));

interface Scene {
  readonly folder: string;
  readonly file: string;
  readonly proxy: ListeningProxy;
}

/** A proxy with a tokens file; its default token is DEFAULT. */
async function started(t: TestContext, tokens: (folder: string) => object[], ...args: string[]): Promise<Scene> {
  const folder = makeFolder(t);
  const file = join(folder, 'tokens.json');
  write(file, tokens(folder));
  const proxy = await startProxy(['--sentry-uri', upstream.uri, '--token', 'DEFAULT', '--tokens-file', file, ...args]);
  t.after(() => proxy.stop());
  return { folder, file, proxy };
}

let marks = 1000;
/** The status of a request, and the token with which it reached Sentry. */
async function sent(proxy: ListeningProxy, request: string, bearer = 'anyone') {
  const [method = '', path = ''] = request.split(' ');
  const marked = `${path}?mark=${marks++}`;
  const connections = upstream.play(answer(OK), marked);
  const { status, text } = await get(proxy, marked, { method, headers: { Authorization: `Bearer ${bearer}` } });
  const field = connections[0]?.request?.fields.find(([name]) => name.toLowerCase() === 'authorization');
  return { status, text, token: field?.[1].replace('Bearer ', '') };
}

const tokenOf = async (proxy: ListeningProxy, request: string, bearer?: string) =>
  (await sent(proxy, request, bearer)).token;

/** The tokens that the log names for the first so many requests. */
async function tokensLogged(proxy: ListeningProxy, count: number): Promise<unknown[]> {
  const requests = () => proxy.logLines().filter(({ event }) => event === 'request');
  await eventually(() => requests().length >= count, 'all requests are logged');
  return requests().map(({ token }) => token);
}

/** Asserts that a request is answered with 503 and does not reach Sentry. */
async function assertNoToken(proxy: ListeningProxy, request: string, bearer?: string): Promise<void> {
  const { status, text, token } = await sent(proxy, request, bearer);
  assert.deepEqual([status, token], [503, undefined]);
  assert.match(text, /no Sentry token/);
}

describe('a program with a tokens file', { concurrency: 3 }, () => {
  it('sends the least powerful token that suffices, names it in the log and shows it nowhere', async (t) => {
    const { proxy } = await started(t, () => [CI], '--allow-any-client');
    assert.equal(await tokenOf(proxy, `POST ${RELEASES}`), 'sntrys_CI');
    assert.equal(await tokenOf(proxy, `GET ${ISSUES}`), 'DEFAULT');
    assert.equal(await tokenOf(proxy, 'GET /api/0/organizations/other/releases/'), 'DEFAULT');
    assert.deepEqual(await tokensLogged(proxy, 3), ['acme-ci', 'default', 'default']);
    assert.doesNotMatch(proxy.output, /sntrys_CI|DEFAULT/);
  });

  it('chooses for alias tokens as well, and bypasses the unmatched with their own credentials', async (t) => {
    const { proxy } = await started(t, () => [CI], '--alias-token', 'alias-of-a-team-1');
    assert.equal(await tokenOf(proxy, `POST ${RELEASES}`, 'alias-of-a-team-1'), 'sntrys_CI');
    assert.equal(await tokenOf(proxy, `POST ${RELEASES}`, 'their-own'), 'their-own');
    assert.deepEqual(await tokensLogged(proxy, 2), ['acme-ci', undefined]);
  });

  it('sends the requests of a client with the token that it is pinned to, and with no other', async (t) => {
    const clients = clientsFile({
      pinned: { scopes: ['event:read', 'org:ci'], orgs: ['acme'], sentryToken: 'acme-ci' },
      default: { scopes: ['org:ci'], orgs: ['acme'], sentryToken: 'default' },
      watched: { scopes: [], allow: ['GET /api/0/'], orgs: ['acme'], sentryToken: 'acme-ci', mode: 'observe' },
    });
    const { proxy, file } = await started(t, () => [CI], '--clients', clients);
    assert.equal(await tokenOf(proxy, `GET ${ISSUES}`, clientToken('pinned')), 'sntrys_CI');
    assert.equal(await tokenOf(proxy, `GET ${ISSUES}`, clientToken('watched')), 'sntrys_CI');
    assert.equal(await tokenOf(proxy, `POST ${RELEASES}`, clientToken('default')), 'DEFAULT');
    write(file, []);
    await eventually(
      async () => (await sent(proxy, `GET ${ISSUES}`, clientToken('pinned'))).status === 503,
      'no token',
    );
    await assertNoToken(proxy, `GET ${ISSUES}`, clientToken('watched'));
  });

  it('does not use a token any more that is gone from a new file, good or bad', async (t) => {
    const other = { ...CI, name: 'other', token: 'OTHER', orgs: ['*'], scopes: ['member:read'] };
    const { proxy, file } = await started(t, () => [CI, other], '--allow-any-client');
    write(file, [{ ...CI, scopes: ['no:scope'] }]);
    await proxy.logged(({ event, level }) => event === 'reload' && level === 'error');
    assert.equal(await tokenOf(proxy, 'GET /api/0/organizations/acme/members/'), 'DEFAULT');
    assert.equal(await tokenOf(proxy, `POST ${RELEASES}`), 'sntrys_CI');
    writeFileSync(file, '');
    await eventually(async () => (await tokenOf(proxy, `POST ${RELEASES}`)) === 'DEFAULT', 'the file is emptied');
  });

  const losses: Record<string, (file: string) => void> = {
    'is gone': (file) => rmSync(file),
    'is empty': (file) => writeFileSync(file, ''),
    'holds only line ends': (file) => writeFileSync(file, '\r\n\n'),
    'is a link to /dev/null': (file) => {
      rmSync(file);
      symlinkSync('/dev/null', file);
    },
    'is a pipe without a writer': (file) => {
      rmSync(file);
      execFileSync('mkfifo', [file]);
    },
    'has two lines': (file) => writeFileSync(file, 'one\ntwo\n'),
  };
  for (const [what, lose] of Object.entries(losses)) {
    it(`answers 503 where the file of a token ${what}, and serves everything else`, async (t) => {
      const { token: _, ...rest } = CI;
      const { proxy, folder } = await started(
        t,
        (folder) => {
          writeFileSync(join(folder, 'ci'), 'FROM-FILE\n');
          return [{ ...rest, tokenFile: join(folder, 'ci') }];
        },
        '--allow-any-client',
      );
      assert.equal(await tokenOf(proxy, `POST ${RELEASES}`), 'FROM-FILE');
      lose(join(folder, 'ci'));
      await eventually(async () => (await sent(proxy, `POST ${RELEASES}`)).status === 503, 'no token');
      await assertNoToken(proxy, `POST ${RELEASES}`);
      assert.equal(await tokenOf(proxy, `GET ${ISSUES}`), 'DEFAULT');
      const line = await proxy.logged(({ event, state }) => event === 'token' && state === 'missing');
      assert.equal(line.token, 'acme-ci');
      rmSync(join(folder, 'ci'), { force: true });
      writeFileSync(join(folder, 'ci'), 'ROTATED');
      await eventually(async () => (await tokenOf(proxy, `POST ${RELEASES}`)) === 'ROTATED', 'the new token');
    });
  }

  it("never sends a client's token to Sentry that turns up in the file later", async (t) => {
    const folder = makeFolder(t);
    const clients = join(folder, 'clients.json');
    writeFileSync(clients, clientsFile({ web: { scopes: ['org:ci'], orgs: ['acme'] } }));
    const { token: _, ...rest } = CI;
    const { proxy, folder: tokens } = await started(
      t,
      (folder) => {
        writeFileSync(join(folder, 'ci'), 'FROM-FILE');
        return [{ ...rest, tokenFile: join(folder, 'ci') }];
      },
      '--clients-file',
      clients,
    );
    assert.equal(await tokenOf(proxy, `POST ${RELEASES}`, clientToken('web')), 'FROM-FILE');
    writeFileSync(join(tokens, 'ci'), clientToken('web'));
    await eventually(
      async () => (await sent(proxy, `POST ${RELEASES}`, clientToken('web'))).status === 503,
      "the client's token is refused",
    );
    writeFileSync(join(tokens, 'ci'), 'ROTATED');
    await eventually(
      async () => (await tokenOf(proxy, `POST ${RELEASES}`, clientToken('web'))) === 'ROTATED',
      'the new token',
    );
  });

  it('asks Sentry once with a token that is refused, and with no other', async (t) => {
    const { proxy } = await started(t, () => [CI], '--allow-any-client');
    const path = `${RELEASES}?refused=1`;
    const challenge = 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n';
    const connections = upstream.play(answer(challenge), path);
    assert.equal((await get(proxy, path, { method: 'POST' })).status, 401);
    assert.equal(connections.length, 1);
  });
});

describe('a bad tokens file', { concurrency: 3 }, () => {
  const start = (args: string[]) => runProxy(['--sentry-uri', 'http://127.0.0.1:9', '--token', 'DEFAULT', ...args]);

  it('keeps the program from starting: every problem at once, exit code 2, no value shown', async (t) => {
    const folder = makeFolder(t);
    const file = join(folder, 'tokens.json');
    write(file, [
      { ...CI, token: 'DEFAULT' },
      { ...CI, name: 'second', token: 'alias-of-a-team-1' },
      { ...CI, name: 'third', token: clientToken('web') },
      { name: 'fourth', tokenFile: join(folder, 'missing'), orgs: ['acme'], scopes: ['org:ci'] },
      { name: 'fifth', token: 'SECRET-5', orgs: ['acme'] },
    ]);
    const clients = clientsFile({ web: { scopes: ['org:ci'], orgs: ['acme'], sentryToken: 'sixth' } });
    const ended = await start(['--tokens-file', file, '--alias-token', 'alias-of-a-team-1', '--clients', clients]);
    assert.equal(ended.code, 2);
    for (const says of [
      /acme-ci, which is also the default token/,
      /second, which is also an alias token/,
      /third, which is also a client's token/,
      /fourth, which names a file that could not be read \(ENOENT\)/,
      /tokens\[4\]\.scopes, which is missing/,
      /clients\[0\]\.sentryToken.*is not a name in the tokens file/,
    ]) {
      assert.match(ended.stderr, says);
    }
    assert.doesNotMatch(ended.stderr, /SECRET-5|DEFAULT|alias-of-a-team-1/);
  });

  it('is refused next to TOKENS', async () => {
    const ended = await start(['--tokens-file', '/x', '--tokens', '{"tokens":[]}']);
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, /both set; leave one out/);
  });

  it('is refused in a client that is pinned to a token where there is no tokens file', async () => {
    const clients = clientsFile({ web: { scopes: ['org:ci'], orgs: ['acme'], sentryToken: 'acme-ci' } });
    const ended = await start(['--clients', clients]);
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, /is not a name in the tokens file/);
  });
});

describe('the tokens of a tokens file', { concurrency: 3 }, () => {
  it('are listed by check, which says with which token a request would be sent, and shows none', async (t) => {
    const file = join(makeFolder(t), 'tokens.json');
    write(file, [CI]);
    const clients = clientsFile({ ci: { scopes: ['org:ci'], orgs: ['acme'] } });
    const settings = [
      '--sentry-uri',
      'http://127.0.0.1:9',
      '--token',
      'DEFAULT',
      '--tokens-file',
      file,
      '--clients',
      clients,
    ];
    const { stdout } = await runProxy(['check', ...settings]);
    assert.match(stdout, /^acme-ci +static +acme +org:ci,project:releases +[0-9a-f]{8}$/m);
    assert.doesNotMatch(stdout, /sntrys_CI|DEFAULT/);
    const asked = await runProxy(['check', '--as', 'ci', 'POST', RELEASES, ...settings]);
    assert.match(asked.stdout, /^with the token acme-ci$/m);
    assert.equal(asked.code, 0);
  });

  it('are each asked for by check --probe, which compares their scopes and fails if one is refused', async (t) => {
    const file = join(makeFolder(t), 'tokens.json');
    write(file, [CI, { ...CI, name: 'refused', token: 'REFUSED' }]);
    const sentry = await Upstream.start();
    t.after(() => sentry.stop());
    sentry.play(async (connection) => {
      await connection.whole();
      const isRefused = connection.bytes.includes('REFUSED');
      const shown = JSON.stringify({ version: '0', auth: { scopes: ['org:ci', 'org:read'] } });
      connection.send(isRefused ? response('401 Unauthorized') : response('200 OK', [], shown));
      connection.finish();
    });
    const settings = ['--sentry-uri', sentry.uri, '--token', 'DEFAULT', '--tokens-file', file, '--allow-any-client'];
    const { code, stdout } = await runProxy(['check', '--probe', ...settings]);
    assert.equal(code, 1);
    assert.match(
      stdout,
      /token acme-ci: +Sentry accepts it\n +the file claims scopes that Sentry does not show: project:releases\n +Sentry shows further scopes: org:read\n/,
    );
    assert.match(stdout, /token refused: +Sentry refused the token \(401\)/);
  });

  it('are shown by the status page and the metrics, with those that Sentry refuses', async (t) => {
    const file = join(makeFolder(t), 'tokens.json');
    write(file, [CI]);
    const settings = ['--sentry-uri', upstream.uri, '--token', 'DEFAULT', '--tokens-file', file, '--allow-any-client'];
    const { proxy, admin } = await startWatched(t, settings);
    const challenge = 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n';
    upstream.play(answer(challenge), `${RELEASES}?refused`);
    for (let i = 0; i < 3; i++) await get(proxy, `${RELEASES}?refused`, { method: 'POST' });
    await proxy.logged(({ event, state, token }) => event === 'token' && state === 'refused' && token === 'acme-ci');
    const { tokens } = JSON.parse((await get(admin, '/status.json')).text);
    assert.equal(tokens[0].state, 'token refused');
    const { text } = await get(admin, '/metrics');
    assert.equal(samplesOf(text, 'sentry_api_proxy_token_valid').get('token="acme-ci"'), 0);
    assert.equal(samplesOf(text, 'sentry_api_proxy_token_valid').get(''), 1);
    assert.equal(samplesOf(text, 'sentry_api_proxy_upstream_requests_total').get('token="acme-ci",status="4xx"'), 3);
    assert.doesNotMatch(text + JSON.stringify(tokens), /sntrys_CI|DEFAULT/);
  });
});
