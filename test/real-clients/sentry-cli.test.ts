// The real sentry-cli as a client of the proxy, which alone holds the token that Sentry accepts.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, suite, test } from 'node:test';
import { type Postgres, startPostgres } from '../../demo/postgres.ts';
import { rotateSystemToken, type Sentry, startSentry } from '../../demo/sentry.ts';
import { startChild } from '../support/child-process.ts';
import { type ListeningProxy, startProxy } from '../support/proxy-process.ts';

const SENTRY_CLI = createRequire(import.meta.url).resolve('@sentry/cli/bin/sentry-cli');
const ALIAS = 'alias-of-the-build-server';
/** Of the form that sentry-cli wants. */
const CLIENT_TOKEN = '0123456789abcdef'.repeat(4);
const CLIENTS = JSON.stringify({
  clients: [{ name: 'ci-checkout', token: CLIENT_TOKEN, scopes: ['org:ci'], projects: ['acme/checkout'] }],
});

suite('sentry-cli through the proxy', () => {
  let postgres: Postgres;
  let sentry: Sentry;
  let proxy: ListeningProxy;
  let proxyUrl: string;
  let folder: string;
  let token: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sentry-cli-'));
    postgres = await startPostgres();
    token = await rotateSystemToken(postgres);
    sentry = await startSentry({ database: postgres });
    const flags = `--sentry-uri ${sentry.url} --token system --pgx-conn ${postgres.connectionString} --alias-token ${ALIAS}`;
    proxy = await startProxy([...flags.split(' '), `--clients=${CLIENTS}`]);
    await proxy.logged(({ state }) => state === 'held', 20_000);
    proxyUrl = `http://${proxy.host}:${proxy.port}`;
    // Sentry's answers name this address, and sentry-cli would fail if the proxy let it go there.
    sentry.urlPrefix = 'http://sentry.invalid';
  });
  after(async () => {
    await proxy?.stop();
    await sentry?.stop();
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs it without its own configuration. */
  async function sentryCli(args: string[], authToken = ALIAS) {
    const from = sentry.requests.length;
    const child = startChild(process.execPath, [SENTRY_CLI, ...args], {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        SENTRY_URL: proxyUrl,
        SENTRY_AUTH_TOKEN: authToken,
        SENTRY_LOAD_DOTENV: '0',
        SENTRY_HTTP_MAX_RETRIES: '0',
      },
      timeout: 60_000,
    });
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { code, stdout, stderr, received: sentry.requests.slice(from) };
  }

  test('info shows what the system token may do', async () => {
    const { code, stdout, stderr, received } = await sentryCli(['info', '--no-defaults']);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /Method: Auth Token\n +Scopes:\n(?: +- .+\n)* +- project:admin\n/);
    assert.deepEqual(
      received.map(({ target, bearer, status }) => [target, bearer, status]),
      [['/api/0/', token, 200]],
    );
  });

  test('projects list shows the projects of an organization', async () => {
    const { code, stdout, stderr } = await sentryCli(['projects', 'list', '--org', 'acme']);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /\| checkout +\| Backend \| Checkout +\|/);
    assert.match(stdout, /\| storefront +\| Clients \| Storefront +\|/);
  });

  test('projects list survives a rotation of the token', async () => {
    const old = token;
    token = await rotateSystemToken(postgres);
    const { code, stdout, stderr, received } = await sentryCli(['projects', 'list', '--org', 'acme']);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /checkout/);
    assert.deepEqual(
      received.map(({ bearer, status }) => [bearer, status]),
      [
        [old, 401],
        [token, 200],
      ],
    );
  });

  test('issues list follows the pages', async () => {
    const { code, stdout, stderr, received } = await sentryCli(
      'issues list --org acme --project checkout --pages 9'.split(' '),
    );
    assert.equal(code, 0, stderr);
    assert.equal(stdout.match(/ CHECKOUT-/g)?.length, 58);
    assert.equal(received.length, 3);
  });

  test('debug-files upload survives a rotation of the token and stores the file', async () => {
    const content = 'MODULE Linux x86_64 C0BCC3F19827FE653058404B2831D9E60 crash\nFUNC 1730 1a 0 main\n';
    await writeFile(join(folder, 'crash.sym'), content);
    token = await rotateSystemToken(postgres);
    const { code, stdout, stderr, received } = await sentryCli(
      'debug-files upload --wait --org acme --project checkout crash.sym'.split(' '),
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /OK c0bcc3f1-9827-fe65-3058-404b2831d9e6 \(crash\.sym; x86_64\)/);
    assert.equal(sentry.chunks.get(hash('sha1', content))?.toString(), content);
    assert.equal(received.filter(({ status }) => status === 401).length, 1);
  });

  test('prints why a named client is refused, in the words of the proxy', async () => {
    const { code, stderr, received } = await sentryCli(['projects', 'list', '--org', 'acme'], CLIENT_TOKEN);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /client ci-checkout needs the scope org:read for GET \/api\/0\/organizations\/\{org\}\/projects\/\) \(http status: 403\)/,
    );
    assert.deepEqual(received, []);
  });

  test('a client with org:ci alone uploads a debug file to its project, and to no other', async () => {
    await writeFile(
      join(folder, 'ci.sym'),
      'MODULE Linux x86_64 D1BCC3F19827FE653058404B2831D9E60 ci\nFUNC 1730 1a 0 main\n',
    );
    const upload = (project: string) =>
      sentryCli(`debug-files upload --wait --org acme --project ${project} ci.sym`.split(' '), CLIENT_TOKEN);
    const mine = await upload('checkout');
    assert.equal(mine.code, 0, mine.stderr);
    assert.match(mine.stdout, /OK d1bcc3f1-/);
    const others = await upload('storefront');
    assert.equal(others.code, 1);
    assert.match(others.stderr, /client ci-checkout may not reach this project/);
    assert.deepEqual(
      others.received.filter(({ target }) => target.includes('storefront')),
      [],
    );
  });

  test('another token than an alias is left to Sentry to judge', async () => {
    const { code, stderr, received } = await sentryCli(['projects', 'list', '--org', 'acme'], 'f'.repeat(64));
    assert.equal(code, 1);
    assert.match(stderr, /Invalid token \(http status: 401\)/);
    assert.deepEqual(
      received.map(({ bearer, status }) => [bearer, status]),
      [['f'.repeat(64), 401]],
    );
  });
});
