// Files that turn into something that is not a file while the proxy runs: nothing that was removed comes back.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { clientsFile, clientToken } from '../../support/clients-file.ts';
import { fieldValue } from '../../support/message.ts';
import { eventually, get, makeFolder, runProxy, selfSigned, startProxy } from '../../support/operator.ts';
import type { ListeningProxy, LogLine } from '../../support/proxy-process.ts';
import { answer, OK, Upstream } from '../../support/upstream.ts';

const SECRET = 'sentry-token-of-the-no-file-tests';
const ISSUES = '/api/0/organizations/acme/issues/';
const READER = { scopes: ['event:read'], orgs: ['acme'] };

let upstream: Upstream;
before(async () => {
  upstream = await Upstream.start();
});
after(() => upstream.stop());

async function start(t: TestContext, ...args: string[]): Promise<ListeningProxy> {
  const proxy = await startProxy(['--sentry-uri', upstream.uri, ...args]);
  t.after(() => proxy.stop());
  return proxy;
}

const replace = (file: string, text: string): void => {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
};

let asked = 0;
/** The credentials with which a request reaches Sentry; undefined if it does not. */
async function credentialsSent(proxy: ListeningProxy, bearer: string): Promise<string | undefined> {
  const target = `${ISSUES}?n=${asked++}.`;
  const connections = upstream.play(answer(OK), target);
  await get(proxy, target, { headers: { Authorization: `Bearer ${bearer}` } });
  const request = connections[0]?.request;
  return request && fieldValue(request, 'Authorization')?.replace('Bearer ', '');
}

const reloads = (proxy: ListeningProxy): LogLine[] => proxy.logLines().filter(({ event }) => event === 'reload');

/** What a file may turn into, each made at a path. */
const KINDS: Readonly<Record<string, (path: string, t: TestContext) => void | Promise<void>>> = {
  'a link to /dev/null': (path) => symlinkSync('/dev/null', path),
  'a link to /dev/zero': (path) => symlinkSync('/dev/zero', path),
  'a pipe without a writer': (path) => void execFileSync('mkfifo', [path]),
  'a pipe with a writer': (path, t) => {
    execFileSync('mkfifo', [path]);
    const writer = openSync(path, 'r+');
    t.after(() => closeSync(writer));
  },
  'a folder': (path) => void mkdirSync(path),
  'a socket': async (path, t) => {
    const server = createServer().listen(path);
    t.after(() => server.close());
    await new Promise((resolve) => server.once('listening', resolve));
  },
};

/** Puts something else in the place of a file. */
async function turn(file: string, kind: string, t: TestContext): Promise<void> {
  const other = join(dirname(file), 'o');
  await KINDS[kind]!(other, t);
  if (kind === 'a folder') rmSync(file);
  renameSync(other, file);
}

describe('a file that turns into something else', { concurrency: 3 }, () => {
  for (const kind of Object.keys(KINDS)) {
    it(`brings back neither clients nor alias tokens, as ${kind}`, async (t) => {
      const folder = makeFolder(t);
      const [clients, aliases] = [join(folder, 'clients'), join(folder, 'aliases')];
      writeFileSync(clients, clientsFile({ kept: READER, removed: READER }));
      writeFileSync(aliases, 'alias-that-is-kept\nalias-that-is-removed\n');
      const proxy = await start(t, '--token', SECRET, '--clients-file', clients, '--alias-token-file', aliases);
      const removed = [clientToken('removed'), 'alias-that-is-removed'];
      const kept = [clientToken('kept'), 'alias-that-is-kept'];
      for (const bearer of [...removed, ...kept]) assert.equal(await credentialsSent(proxy, bearer), SECRET);

      replace(clients, clientsFile({ kept: READER }));
      replace(aliases, 'alias-that-is-kept\n');
      for (const bearer of removed) {
        await eventually(async () => (await credentialsSent(proxy, bearer)) === bearer, 'it is removed');
      }
      await eventually(() => reloads(proxy).length === 2, 'both changes are logged');

      await turn(clients, kind, t);
      await turn(aliases, kind, t);
      await eventually(() => reloads(proxy).length >= 4, 'both are reported');
      await sleep(1500);
      for (const bearer of removed) assert.equal(await credentialsSent(proxy, bearer), bearer);
      for (const bearer of kept) assert.equal(await credentialsSent(proxy, bearer), SECRET);
      const reported = reloads(proxy).slice(2);
      assert.deepEqual(
        reported.map(({ level }) => level),
        ['error', 'error'],
        'each is a problem, and reported once',
      );
      const name = kind.replace(/^a link to .*/, 'a device').replace(/ with.*/, '');
      for (const { error } of reported)
        assert.match(String(error), new RegExp(`^--.* now names ${name} instead of a file`));

      rmSync(clients, { recursive: true });
      replace(clients, clientsFile({ kept: READER, added: READER }));
      await eventually(async () => (await credentialsSent(proxy, clientToken('added'))) === SECRET, 'a file is read');
    });
  }

  it('changes nothing, for a file of any setting', async (t) => {
    const folder = makeFolder(t);
    const { cert, key } = await selfSigned(folder, 'proxy.example');
    const token = join(folder, 'token');
    const headers = join(folder, 'headers');
    const ca = join(folder, 'ca');
    writeFileSync(token, SECRET);
    writeFileSync(headers, 'X-Gateway: first\n');
    execFileSync('cp', [cert, ca]);
    const files = {
      '--token-file': token,
      '--upstream-header-file': headers,
      '--sentry-ca': ca,
      '--tls-cert': cert,
      '--tls-key': key,
    };
    const proxy = await start(t, ...Object.entries(files).flat());
    replace(token, `${SECRET}-2`);
    replace(headers, 'X-Gateway: second\n');
    const sent = async () => {
      const target = `/${asked++}.`;
      const connections = upstream.play(answer(OK), target);
      await get(proxy, target, { isTls: true });
      const request = connections[0]!.request!;
      return [fieldValue(request, 'Authorization'), fieldValue(request, 'X-Gateway')].join();
    };
    const expected = `Bearer ${SECRET}-2,second`;
    await eventually(async () => (await sent()) === expected, 'both are read');
    for (const [flag, file] of Object.entries(files)) {
      const before = reloads(proxy).length;
      await turn(file, 'a link to /dev/null', t);
      const says = new RegExp(`^${flag} \\(\\w+\\) now names a device instead of a file`);
      const isReported = () => reloads(proxy).some(({ error }, at) => at >= before && says.test(String(error)));
      await eventually(isReported, `${flag} is reported`);
      assert.equal(await sent(), expected, flag);
    }
  });

  it('keeps what it was at the start, if that was a pipe already', async (t) => {
    const folder = makeFolder(t);
    const [pipe, aliases] = [join(folder, 'pipe'), join(folder, 'aliases')];
    execFileSync('mkfifo', [pipe]);
    writeFileSync(aliases, 'an-alias-of-a-file\n');
    const writer = spawn('/bin/sh', ['-c', `printf ${SECRET} > '${pipe}'`], { stdio: 'ignore' });
    t.after(() => writer.kill());
    const proxy = await start(t, '--token-file', pipe, '--alias-token-file', aliases);
    replace(aliases, 'another-alias-of-a-file\n');
    await eventually(async () => (await credentialsSent(proxy, 'another-alias-of-a-file')) === SECRET, 'it is read');
    await eventually(() => reloads(proxy).length > 0, 'it is logged');
    assert.deepEqual(
      reloads(proxy).map(({ level }) => level),
      ['info'],
    );
    // A file in its place is read, and then the pipe brings nothing back.
    const other = join(folder, 'other');
    renameSync(pipe, other);
    replace(pipe, `${SECRET}-2`);
    await eventually(
      async () => (await credentialsSent(proxy, 'another-alias-of-a-file')) === `${SECRET}-2`,
      'the file is read',
    );
    renameSync(other, pipe);
    await proxy.logged(({ error }) => /now names a pipe instead of a file/.test(String(error)));
    assert.equal(await credentialsSent(proxy, 'another-alias-of-a-file'), `${SECRET}-2`);
  });

  it('has an end, even at the start: /dev/zero is too large', async () => {
    const { code, stderr } = await runProxy(['--token=x', '--clients-file', '/dev/zero']);
    assert.equal(code, 2);
    assert.match(stderr, /--clients-file \(CLIENTS_FILE\) names a file of more than 64 MiB/);
  });
});
