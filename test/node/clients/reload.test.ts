// The clients file over a proxy's life: changes, mistakes, expiry, and its size.
import assert from 'node:assert/strict';
import { renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { clientDigest, clientSecrets, clientsFile, clientToken } from '../../support/clients-file.ts';
import { fieldValue } from '../../support/message.ts';
import { eventually, get, makeFolder } from '../../support/operator.ts';
import { type ListeningProxy, type LogLine, startProxy } from '../../support/proxy-process.ts';
import { answer, OK, Upstream } from '../../support/upstream.ts';

const SECRET = 'sentry-token-of-the-reload-tests';
const ISSUES = '/api/0/organizations/acme/issues/';
const MEMBERS = '/api/0/organizations/acme/members/';
const READER = { scopes: ['event:read'], orgs: ['acme'] };
const ROOT = { allow: ['* /**'], orgs: ['*'] };

let upstream: Upstream;
before(async () => {
  upstream = await Upstream.start();
});
after(() => upstream.stop());

interface Scene {
  proxy: ListeningProxy;
  /** Replaces the file as an editor does. */
  write(text: string): void;
  file: string;
}

async function start(t: TestContext, text: string, ...args: string[]): Promise<Scene> {
  const file = join(makeFolder(t), 'clients.json');
  writeFileSync(file, text);
  const proxy = await startProxy([
    ...['--sentry-uri', upstream.uri, '--token', SECRET, '--clients-file', file, ...args],
  ]);
  t.after(() => proxy.stop());
  const write = (content: string) => {
    writeFileSync(`${file}.new`, content);
    renameSync(`${file}.new`, file);
  };
  return { proxy, write, file };
}

let asked = 0;
/** What becomes of a request: the status of a refusal, or with whose credentials it reached Sentry. */
async function outcome(proxy: ListeningProxy, bearer: string | undefined, path = ISSUES): Promise<string> {
  const target = `${path}?n=${asked++}.`;
  const connections = upstream.play(answer(OK), target);
  const headers = bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` };
  const { status } = await get(proxy, target, { headers });
  const request = connections[0]?.request;
  if (request === undefined) return String(status);
  return fieldValue(request, 'Authorization') === `Bearer ${SECRET}` ? 'injected' : 'bypassed';
}

/** Waits until requests with this token have this outcome. */
const until = (proxy: ListeningProxy, expected: string, bearer: string, path?: string): Promise<void> =>
  eventually(async () => (await outcome(proxy, bearer, path)) === expected, `${path ?? ISSUES} is ${expected}`);

const isReloadError = ({ event, level }: LogLine): boolean => event === 'reload' && level === 'error';

describe('a clients file that changes', { concurrency: 3 }, () => {
  it('is applied without a restart: rights, tokens, new clients and removed ones', async (t) => {
    const { proxy, write } = await start(t, clientsFile({ a: READER, b: READER }));
    assert.equal(await outcome(proxy, clientToken('a'), MEMBERS), '403');
    write(clientsFile({ a: { scopes: ['member:read'], orgs: ['acme'] }, c: READER }));
    await until(proxy, 'injected', clientToken('a'), MEMBERS);
    assert.equal(await outcome(proxy, clientToken('a')), '403');
    assert.equal(await outcome(proxy, clientToken('b')), 'bypassed');
    assert.equal(await outcome(proxy, clientToken('c')), 'injected');
    write(clientsFile({ a: { ...READER, token: [clientDigest('new'), clientDigest('a')] } }));
    await until(proxy, 'injected', clientToken('new'));
    assert.equal(await outcome(proxy, clientToken('a')), 'injected');
    write(clientsFile({ a: { ...READER, token: clientDigest('new') } }));
    await until(proxy, 'bypassed', clientToken('a'));
    assert.equal(await outcome(proxy, clientToken('new')), 'injected');
  });

  it('is noticed when it is rewritten in place, with its size and its time as they were', async (t) => {
    const { proxy, file } = await start(t, clientsFile({ aa: READER }));
    const { atime, mtime } = statSync(file);
    // By now the file is old enough to be trusted.
    await sleep(2500);
    assert.equal(await outcome(proxy, clientToken('aa')), 'injected');
    writeFileSync(file, clientsFile({ bb: READER }));
    utimesSync(file, atime, mtime);
    await until(proxy, 'injected', clientToken('bb'));
    assert.equal(await outcome(proxy, clientToken('aa')), 'bypassed');
  });

  it('closes the proxy to senders that are not clients, and opens it again', async (t) => {
    const { proxy, write } = await start(t, clientsFile({ a: READER }));
    assert.equal(await outcome(proxy, 'somebody'), 'bypassed');
    write(clientsFile({ a: READER }, 'reject'));
    await until(proxy, '401', 'somebody');
    assert.equal(await outcome(proxy, undefined), '401');
    write(clientsFile({ a: READER }));
    await until(proxy, 'bypassed', 'somebody');
  });

  it('keeps a rate that was used up from beginning again', async (t) => {
    const rated = { ...READER, rate: '2/h' };
    const { proxy, write } = await start(t, clientsFile({ a: rated }));
    for (let i = 0; i < 2; i++) assert.equal(await outcome(proxy, clientToken('a')), 'injected');
    write(clientsFile({ a: rated, b: READER }));
    await until(proxy, 'injected', clientToken('b'));
    assert.equal(await outcome(proxy, clientToken('a')), '429');
  });
});

describe('the log of named clients', { concurrency: 2 }, () => {
  const fingerprintOf = (name: string): string => clientDigest(name).slice('sha256:'.length, 'sha256:'.length + 8);
  const requests = (proxy: ListeningProxy) => proxy.logLines().filter(({ event }) => event === 'request');

  it('shows which token of a client was sent, as its digest in the file begins', async (t) => {
    const text = clientsFile({ a: { ...READER, token: [clientDigest('new'), clientToken('a')] } });
    const { proxy } = await start(t, text, '--alias-token', 'an-alias-of-16-b');
    for (const token of [clientToken('a'), clientToken('new'), 'an-alias-of-16-b', 'somebody']) {
      await outcome(proxy, token);
    }
    await eventually(() => requests(proxy).length === 4, 'all of them are logged');
    assert.deepEqual(
      requests(proxy).map(({ client, client_token }) => [client, client_token]),
      [
        ['a', fingerprintOf('a')],
        ['a', fingerprintOf('new')],
        ['alias-1', undefined],
        [undefined, undefined],
      ],
    );
  });

  for (const unmatched of ['bypass', 'reject'] as const) {
    it(`keeps the name of a client whose token was revoked, as it may be: ${unmatched}`, async (t) => {
      const { proxy, write } = await start(t, clientsFile({ a: READER, b: READER }, unmatched));
      assert.equal(await outcome(proxy, clientToken('b')), 'injected');
      write(clientsFile({ a: READER }, unmatched));
      const expected = unmatched === 'bypass' ? 'bypassed' : '401';
      await until(proxy, expected, clientToken('b'));
      write(clientsFile({ a: { ...READER, rate: '9/s' } }, unmatched));
      await proxy.logged(({ event, changed }) => event === 'reload' && changed === 'a');
      const before = requests(proxy).length;
      assert.equal(await outcome(proxy, clientToken('b')), expected);
      await eventually(() => requests(proxy).length > before, 'it is logged');
      const { client, client_token, revoked, route } = requests(proxy).at(-1)!;
      assert.deepEqual([client, client_token, revoked], ['b', fingerprintOf('b'), true]);
      assert.equal(route, unmatched === 'bypass' ? 'bypass' : 'none');
      write(clientsFile({ a: READER, b: READER }, unmatched));
      await until(proxy, 'injected', clientToken('b'));
      await eventually(() => requests(proxy).at(-1)!.revoked === undefined, 'it is a client again');
    });
  }
});

describe('a clients file that is wrong', { concurrency: 3 }, () => {
  it('changes nothing but that removed clients stop, and says where it is wrong without a value', async (t) => {
    const { proxy, write } = await start(t, clientsFile({ a: READER, b: READER }));
    write(clientsFile({ a: { scopes: ['event:raed'], orgs: ['acme'] } }));
    await until(proxy, 'bypassed', clientToken('b'));
    assert.equal(await outcome(proxy, clientToken('a')), 'injected');
    const { error } = await proxy.logged(isReloadError);
    assert.match(String(error), /clients\[0\]\.scopes\[0\]/);
    assert.doesNotMatch(String(error), /raed/);
    write(clientsFile({ a: READER, b: READER }));
    await until(proxy, 'injected', clientToken('b'));
  });

  it('says which clients were added, changed and removed', async (t) => {
    const { proxy, write } = await start(t, clientsFile({ a: READER, b: READER, c: READER }));
    write(clientsFile({ a: READER, b: { ...READER, rate: '9/s' }, d: READER }));
    const { added, changed, removed } = await proxy.logged(
      ({ event, added }) => event === 'reload' && added !== undefined,
    );
    assert.deepEqual([added, changed, removed], ['d', 'b', 'c']);
  });

  it('is reported once and in the words of the start, with no line that looks like a success', async (t) => {
    const aliases = join(makeFolder(t), 'aliases');
    writeFileSync(aliases, 'an-alias-of-16-b\n');
    const token = join(makeFolder(t), 'token');
    writeFileSync(token, SECRET);
    const file = join(makeFolder(t), 'clients.json');
    writeFileSync(file, clientsFile({ a: READER }));
    const files = ['--token-file', token, '--alias-token-file', aliases, '--clients-file', file];
    const proxy = await startProxy(['--sentry-uri', upstream.uri, ...files]);
    t.after(() => proxy.stop());
    const reloads = () => proxy.logLines().filter(({ event }) => event === 'reload');
    writeFileSync(file, '{\n"clients": oops\n}');
    const { error } = await proxy.logged(isReloadError);
    assert.equal(error, `--clients-file (CLIENTS_FILE) names ${file}, where line 2 is not JSON`);
    await sleep(500);
    assert.equal(reloads().length, 1);
    // Another file's change is a separate success.
    writeFileSync(token, `${SECRET}-2`);
    await eventually(() => reloads().length > 1, 'the token is reloaded');
    assert.deepEqual(
      reloads().map(({ level }) => level),
      ['error', 'info'],
    );
    // A client that stops is a change, although the file is bad.
    writeFileSync(file, '{"clients":[]}');
    await eventually(() => reloads().length > 3, 'the client stops');
    const { level, clients } = reloads().at(-1)!;
    assert.deepEqual([level, clients], ['info', 0]);
  });

  it('ends a client that it lets expire: with 401, not with its own credentials', async (t) => {
    const { proxy, write } = await start(t, clientsFile({ a: READER, b: READER }));
    write(clientsFile({ a: { ...READER, expires: '2020-01-01' }, b: { ...READER, mode: 'off' } }));
    await until(proxy, '401', clientToken('a'));
    assert.equal(await outcome(proxy, clientToken('b')), 'injected');
  });

  for (const [title, text] of Object.entries({
    'is empty': '',
    'has only blanks': ' \n',
    'has an empty list': '{"clients":[]}',
  })) {
    it(`stops every client if it ${title}, and never opens the proxy`, async (t) => {
      const { proxy, write } = await start(t, clientsFile({ a: READER, b: ROOT }));
      write(text);
      await until(proxy, 'bypassed', clientToken('a'));
      assert.equal(await outcome(proxy, clientToken('b')), 'bypassed');
      assert.equal(await outcome(proxy, undefined), 'bypassed');
      write(clientsFile({ a: READER }));
      await until(proxy, 'injected', clientToken('a'));
    });
  }

  it('goes on refusing senders that are not clients if it is emptied', async (t) => {
    const { proxy, write } = await start(t, clientsFile({ a: READER }, 'reject'));
    write('');
    await until(proxy, '401', clientToken('a'));
    assert.equal(await outcome(proxy, undefined), '401');
  });

  for (const [title, text] of Object.entries({
    'is cut off': clientsFile({ a: READER }).slice(0, -5),
    'is not an object': '[]',
    'has no clients': '{}',
  })) {
    it(`leaves the last good one in use if it ${title}`, async (t) => {
      const { proxy, write } = await start(t, clientsFile({ a: READER }));
      write(text);
      await proxy.logged(isReloadError);
      assert.equal(await outcome(proxy, clientToken('a')), 'injected');
    });
  }

  it('leaves the last good one in use if it is deleted, and is read again once it is back', async (t) => {
    const { proxy, write, file } = await start(t, clientsFile({ a: READER }));
    rmSync(file);
    assert.match(String((await proxy.logged(isReloadError)).error), /CLIENTS_FILE.*could not be read \(ENOENT\)/);
    assert.equal(await outcome(proxy, clientToken('a')), 'injected');
    write(clientsFile({ b: READER }));
    await until(proxy, 'bypassed', clientToken('a'));
    assert.equal(await outcome(proxy, clientToken('b')), 'injected');
  });

  it('keeps its tokens and digests out of the log', async (t) => {
    const { proxy, write } = await start(t, clientsFile({ a: READER, b: READER }));
    write(
      clientsFile({ a: READER, b: { ...READER, token: clientToken('a') }, c: { ...READER, [clientToken('c')]: 1 } }),
    );
    await proxy.logged(isReloadError);
    for (const secret of clientSecrets(['a', 'b', 'c'])) assert.ok(!proxy.output.includes(secret));
  });
});

describe('a client that expires', () => {
  it('is refused from that moment on, while the proxy runs', async (t) => {
    const expires = new Date(Date.now() + 4000).toISOString();
    const { proxy } = await start(
      t,
      clientsFile({ a: { ...READER, expires }, b: { ...ROOT, mode: 'observe', expires } }),
    );
    assert.equal(await outcome(proxy, clientToken('a')), 'injected');
    assert.equal(await outcome(proxy, clientToken('b')), 'injected');
    await sleep(Date.parse(expires) - Date.now() + 20);
    assert.equal(await outcome(proxy, clientToken('a')), '401');
    assert.equal(await outcome(proxy, clientToken('b')), '401');
  });

  it('is named in the log a fortnight before, and after', async (t) => {
    const soon = new Date(Date.now() + 3 * 86_400_000).toISOString();
    const late = new Date(Date.now() + 30 * 86_400_000).toISOString();
    const { proxy } = await start(
      t,
      clientsFile({
        a: { ...READER, expires: soon },
        b: { ...READER, expires: late },
        c: { ...READER, expires: '2020-01-01' },
      }),
    );
    const line = await proxy.logged(({ event }) => event === 'clients_expire');
    assert.equal(line.level, 'warn');
    assert.equal(line.count, 2);
    assert.deepEqual([line.expired, line.soon], ['c (2020-01-01)', `a (${soon})`]);
  });
});

describe('ten thousand clients', () => {
  it('start soon, are found, and are replaced while requests are served', async (t) => {
    const many = (more: object = {}) =>
      clientsFile({ ...Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`c-${i}`, READER])), ...more });
    const begun = performance.now();
    const { proxy, write } = await start(t, many());
    const listening = performance.now() - begun;
    assert.ok(listening < 10_000, `${listening} ms to listen`);
    t.diagnostic(`listens after ${Math.round(listening)} ms`);
    for (const name of ['c-0', 'c-5001', 'c-9999']) {
      assert.equal(await outcome(proxy, clientToken(name)), 'injected');
      assert.equal(await outcome(proxy, clientToken(name), MEMBERS), '403');
    }
    assert.equal(await outcome(proxy, clientToken('c-10000')), 'bypassed');
    write(many({ last: READER }));
    await until(proxy, 'injected', clientToken('last'));
  });
});
