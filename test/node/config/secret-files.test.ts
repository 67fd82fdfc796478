// Secrets from files: how they are read, and that a change is taken over without a restart or a lost request.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { collectSettings } from '../../../adapters/node/config/collect.ts';
import { loadConfig } from '../../../adapters/node/config/load.ts';
import { pollFiles } from '../../../adapters/node/config/reload.ts';
import type { Problem } from '../../../src/config/values.ts';
import {
  COMPILE_CACHE,
  eventually,
  get,
  makeFolder,
  mountSecret,
  runProxy,
  selfSigned,
  startProxy,
} from '../../support/operator.ts';
import type { ListeningProxy } from '../../support/proxy-process.ts';
import { answer, OK, Upstream } from '../../support/upstream.ts';

const NOWHERE = 'http://127.0.0.1:9';
const SECRET = 'hunter2';

let upstream: Upstream;
before(async () => {
  upstream = await Upstream.start();
});
after(() => upstream.stop());

async function started(t: TestContext, ...args: string[]): Promise<ListeningProxy> {
  const proxy = await startProxy(['--sentry-uri', upstream.uri, ...args]);
  t.after(() => proxy.stop());
  return proxy;
}

let paths = 0;
/** The credentials with which a request of a client with these ones reaches Sentry. */
async function credentialsSent(proxy: ListeningProxy, bearer = 'anything'): Promise<string | undefined> {
  const path = `/${paths++}/`;
  const connections = upstream.play(answer(OK), path);
  const { status } = await get(proxy, path, { headers: { Authorization: `Bearer ${bearer}` } });
  assert.equal(status, 200);
  const field = connections[0]?.request?.fields.find(([name]) => name.toLowerCase() === 'authorization');
  return field?.[1].replace('Bearer ', '');
}

/** The configuration that these variables make. */
async function load(variables: Record<string, string>) {
  const problems: Problem[] = [];
  const loaded = await loadConfig(await collectSettings({}, variables, problems), problems);
  assert.deepEqual(problems, []);
  return loaded;
}

describe('a secret file', { concurrency: 3 }, () => {
  it('may end with newlines', async (t) => {
    const file = join(makeFolder(t), 'token');
    for (const ending of ['', '\n', '\r\n', '\n\n']) {
      writeFileSync(file, `a-token${ending}`);
      const { config } = await load({ SENTRY_TOKEN_FILE: file });
      assert.deepEqual(config.token, { kind: 'static', token: 'a-token' });
    }
  });

  it('is named by a variable as well', async (t) => {
    const folder = makeFolder(t);
    writeFileSync(join(folder, 'token'), 'a-token\n');
    writeFileSync(join(folder, 'aliases'), 'an-alias\n');
    const env = { SENTRY_TOKEN_FILE: join(folder, 'token'), ALIAS_TOKENS_FILE: join(folder, 'aliases') };
    const proxy = await startProxy(['--sentry-uri', upstream.uri], { env });
    t.after(() => proxy.stop());
    assert.equal(await credentialsSent(proxy, 'an-alias'), 'a-token');
    assert.equal(await credentialsSent(proxy, 'another'), 'another');
  });

  it('may be a pipe, as a shell makes of <(command)', async (t) => {
    const { spawnSync } = await import('node:child_process');
    const { PROGRAM } = await import('../../support/proxy-process.ts');
    const script = 'exec "$0" "$1" check --sentry-uri http://127.0.0.1:9 --token-file <(echo seven77)';
    const shell = {
      cwd: makeFolder(t),
      env: { ...COMPILE_CACHE, PATH: process.env.PATH },
      encoding: 'utf8',
      timeout: 20_000,
    } as const;
    const { stdout } = spawnSync('bash', ['-c', script, process.execPath, PROGRAM], shell);
    assert.match(stdout, /static, 7 characters/);
  });

  it('of alias tokens has one a line, comments and blank lines, next to --alias-token', async (t) => {
    const file = join(makeFolder(t), 'aliases');
    writeFileSync(file, '# of the team; all of it\n\nfirst\r\n  second  \n#third\n\nfourth#4');
    const proxy = await started(t, '--token', 'a-token', '--alias-token-file', file, '--alias-token', 'by-flag');
    for (const alias of ['first', 'second', 'fourth#4', 'by-flag']) {
      assert.equal(await credentialsSent(proxy, alias), 'a-token', alias);
    }
    for (const none of ['#third', 'third', 'all of it']) assert.equal(await credentialsSent(proxy, none), none);
  });

  const refusals: Record<string, (folder: string) => { args: string[]; env?: Record<string, string>; says: RegExp }> = {
    'a token and a token file': (folder) => {
      writeFileSync(join(folder, 'token'), SECRET);
      return { args: ['--token', SECRET, '--token-file', join(folder, 'token')], says: /--token-file.*both set/ };
    },
    'a token by variable and a token file': (folder) => {
      writeFileSync(join(folder, 'token'), SECRET);
      const env = { SENTRY_TOKEN: SECRET };
      return { args: ['--token-file', join(folder, 'token')], env, says: /--token-file.*SENTRY_TOKEN.*both set/ };
    },
    'clients and a clients file': (folder) => {
      const token = `${SECRET}-of-a-client-that-is-long-enough`;
      const clients = JSON.stringify({ clients: [{ name: 'a', token, scopes: ['org:ci'], orgs: ['acme'] }] });
      writeFileSync(join(folder, 'clients'), clients);
      const args = ['--token=x', '--clients', clients, '--clients-file', join(folder, 'clients')];
      return { args, says: /--clients-file \(CLIENTS_FILE\) and --clients \(CLIENTS\) are both set; leave one out/ };
    },
    'an empty clients file': (folder) => {
      writeFileSync(join(folder, 'clients'), '\n');
      const args = ['--token=x', '--clients-file', join(folder, 'clients')];
      return { args, says: /--clients-file \(CLIENTS_FILE\) names \S+\/clients, which is empty$/m };
    },
    'a clients file with a byte order mark': (folder) => {
      writeFileSync(join(folder, 'clients'), '\ufeff{"clients":[]}');
      return {
        args: ['--token=x', '--clients-file', join(folder, 'clients')],
        says: /names \S+\/clients, which begins with a byte order mark$/m,
      };
    },
    'a clients file with a comment': (folder) => {
      writeFileSync(join(folder, 'clients'), `{\n  "clients": [\n    // ${SECRET}\n  ]\n}\n`);
      return {
        args: ['--token=x', '--clients-file', join(folder, 'clients')],
        says: /names \S+\/clients, where line 3 is not JSON$/m,
      };
    },
    'a clients file that is cut off': (folder) => {
      writeFileSync(join(folder, 'clients'), '{\n  "clients": [\n');
      return {
        args: ['--token=x', '--clients-file', join(folder, 'clients')],
        says: /names \S+\/clients, where line 2 is not JSON$/m,
      };
    },
    'a connection string and a file of it': (folder) => {
      writeFileSync(join(folder, 'conn'), 'host=x');
      return { args: ['--pgx-conn', `password=${SECRET}`, '--pgx-conn-file', join(folder, 'conn')], says: /both set/ };
    },
    'a file that is not there': (folder) => ({
      args: ['--token-file', join(folder, 'none')],
      says: /--token-file.*could not be read \(ENOENT\)/,
    }),
    'a folder in place of a file': (folder) => ({
      args: ['--token-file', folder],
      says: /--token-file.*could not be read \(EISDIR\)/,
    }),
    'an empty token file': (folder) => {
      writeFileSync(join(folder, 'token'), '\n');
      return { args: ['--token-file', join(folder, 'token')], says: /--token-file.*content is empty/ };
    },
    'a token file with two lines': (folder) => {
      writeFileSync(join(folder, 'token'), `${SECRET}\n${SECRET}\n`);
      return {
        args: ['--token-file', join(folder, 'token')],
        says: /--token-file.*content has a character that is not visible ASCII, such as a space or a line break/,
      };
    },
    'a token file with a byte order mark': (folder) => {
      writeFileSync(join(folder, 'token'), `\ufeff${SECRET}\n`);
      return {
        args: ['--token-file', join(folder, 'token')],
        says: /--token-file.*content begins with a byte order mark/,
      };
    },
    'a token file in UTF-16': (folder) => {
      writeFileSync(join(folder, 'token'), `\ufeff${SECRET}\n`, 'utf16le');
      return { args: ['--token-file', join(folder, 'token')], says: /--token-file.*content is not UTF-8/ };
    },
    'a connection string file with a byte order mark': (folder) => {
      writeFileSync(join(folder, 'conn'), '\ufeffhost=127.0.0.1');
      return {
        args: ['--pgx-conn-file', join(folder, 'conn')],
        says: /--pgx-conn-file.*begins with a byte order mark/,
      };
    },
    'a connection string file with nonsense': (folder) => {
      writeFileSync(join(folder, 'conn'), `${SECRET} ${SECRET}`);
      return { args: ['--pgx-conn-file', join(folder, 'conn')], says: /--pgx-conn-file/ };
    },
    'an alias file with a ; in a line': (folder) => {
      writeFileSync(join(folder, 'aliases'), `# two; in a comment\n${SECRET}-one\n${SECRET};${SECRET}\n`);
      return {
        args: ['--token=x', '--alias-token-file', join(folder, 'aliases')],
        says: /--alias-token-file.*has a ; in line 3; write one token per line/,
      };
    },
    'an alias file with a token that no header can carry': (folder) => {
      writeFileSync(join(folder, 'aliases'), `${SECRET} ${SECRET}\n`);
      return {
        args: ['--token=x', '--alias-token-file', join(folder, 'aliases')],
        says: /--alias-token-file.*visible ASCII in line 1/,
      };
    },
    // Taken for no alias tokens, it would give the token to everyone.
    'an alias file without a token in it': (folder) => {
      writeFileSync(join(folder, 'aliases'), '# none yet\n');
      return {
        args: ['--token=x', '--alias-token-file', join(folder, 'aliases')],
        says: /--alias-token-file.*without a token.*unset it.*--allow-any-client/,
      };
    },
  };
  for (const [title, make] of Object.entries(refusals)) {
    it(`is a problem that is named: ${title}`, async (t) => {
      const { args, env = {}, says } = make(makeFolder(t));
      const { code, stdout, stderr } = await runProxy(['--sentry-uri', NOWHERE, ...args], { env });
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, says);
      assert.equal(stderr.trim().split('\n').length, 1, stderr);
      assert.ok(!stderr.includes(SECRET));
    });
  }
});

describe('a changed secret file', { concurrency: 5 }, () => {
  const changes: Record<string, (file: string, text: string) => void> = {
    'written in place': (file, text) => writeFileSync(file, text),
    'replaced by a rename': (file, text) => {
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    },
    'removed and created again': (file, text) => {
      rmSync(file);
      setTimeout(() => writeFileSync(file, text), 300);
    },
  };
  for (const [how, change] of Object.entries(changes)) {
    it(`is taken over: ${how}`, async (t) => {
      const file = join(makeFolder(t), 'token');
      writeFileSync(file, 'first\n');
      const proxy = await started(t, '--token-file', file);
      assert.equal(await credentialsSent(proxy), 'first');
      change(file, 'second\n');
      await eventually(async () => (await credentialsSent(proxy)) === 'second', 'the new token is sent');
      // The first 8 digits of the SHA-256 of "second".
      await proxy.logged(({ event, fingerprint }) => event === 'token' && fingerprint === '16367aac');
    });
  }

  it("is taken over without a lost request: Kubernetes' swap, under load", async (t) => {
    const folder = makeFolder(t);
    mountSecret(folder, { token: 'token-0', aliases: 'alias-a\nalias-0' });
    const files = ['--token-file', join(folder, 'token'), '--alias-token-file', join(folder, 'aliases')];
    const proxy = await started(t, ...files);
    upstream.play(answer(OK), '/load');
    let isOver = false;
    const statuses: number[] = [];
    const client = async () => {
      while (!isOver) {
        const headers = { Authorization: 'Bearer alias-a' };
        statuses.push(
          await get(proxy, '/load', { headers }).then(
            ({ status }) => status,
            () => 0,
          ),
        );
        await sleep(2);
      }
    };
    const clients = [client(), client(), client()];
    for (let i = 1; i <= 2; i++) {
      mountSecret(folder, { token: `token-${i}`, aliases: `alias-a\nalias-${i}` });
      await eventually(async () => (await credentialsSent(proxy, `alias-${i}`)) === `token-${i}`, 'both are new');
      assert.equal(await credentialsSent(proxy, `alias-${i - 1}`), `alias-${i - 1}`, 'the old alias is no longer one');
    }
    await eventually(() => statuses.length > 20, 'there is a load');
    isOver = true;
    await Promise.all(clients);
    assert.deepEqual(new Set(statuses), new Set([200]));
  });

  const bad: Record<string, (file: string) => void> = {
    empty: (file) => writeFileSync(file, ''),
    'not a token': (file) => writeFileSync(file, `${SECRET} ${SECRET}`),
    removed: (file) => rmSync(file),
    'a folder now': (file) => {
      rmSync(file);
      mkdirSync(file);
    },
    'a symlink to nothing': (file) => {
      rmSync(file);
      symlinkSync(`${file}-missing`, file);
    },
  };
  for (const [how, spoil] of Object.entries(bad)) {
    it(`keeps the last good value and says so: ${how}`, async (t) => {
      const file = join(makeFolder(t), 'token');
      writeFileSync(file, 'good');
      const proxy = await started(t, '--token-file', file);
      spoil(file);
      const line = await proxy.logged(({ event }) => event === 'reload', 10_000);
      assert.equal(line.level, 'error');
      assert.match(String(line.error), /--token-file \(SENTRY_TOKEN_FILE\)/);
      assert.equal(await credentialsSent(proxy), 'good');
      // Renamed into place: rmSync leaves a symlink to nothing where it is, and a write would go through it.
      if (how !== 'a symlink to nothing') rmSync(file, { recursive: true, force: true });
      writeFileSync(`${file}-better`, 'better');
      renameSync(`${file}-better`, file);
      await eventually(async () => (await credentialsSent(proxy)) === 'better', 'a good one is taken over again');
      assert.ok(!proxy.output.includes(SECRET));
    });
  }

  const WITHIN = { of: 1000, onABusyMachine: 3000 };

  it('that was emptied revokes all alias tokens, and leaves everyone bypassed', async (t) => {
    const file = join(makeFolder(t), 'aliases');
    writeFileSync(file, 'an-alias');
    const proxy = await started(t, '--token', 'a-token', '--alias-token-file', file);
    writeFileSync(file, '# an-alias');
    await eventually(async () => (await credentialsSent(proxy, 'an-alias')) === 'an-alias', 'the alias is revoked');
    assert.equal(await credentialsSent(proxy, 'another'), 'another');
    writeFileSync(file, 'a-new-alias');
    await eventually(async () => (await credentialsSent(proxy, 'a-new-alias')) === 'a-token', 'a new one works');
  });

  it('loses an alias token that was removed from it, even if its other lines are wrong', async (t) => {
    const file = join(makeFolder(t), 'aliases');
    writeFileSync(file, 'kept\nremoved\n');
    const proxy = await started(t, '--token', 'a-token', '--alias-token-file', file);
    writeFileSync(file, `kept\nadded\n${SECRET};${SECRET}\n`);
    const line = await proxy.logged(({ event, level }) => event === 'reload' && level === 'error', 10_000);
    assert.match(String(line.error), /--alias-token-file .*has a ; in line 3/);
    await eventually(async () => (await credentialsSent(proxy, 'removed')) === 'removed', 'it is revoked');
    assert.equal(await credentialsSent(proxy, 'kept'), 'a-token');
    assert.equal(await credentialsSent(proxy, 'added'), 'added', 'a file with a fault adds none');
    assert.ok(!proxy.output.includes(SECRET));
  });

  it('is applied within a second while other files are bad', async (t) => {
    const folder = makeFolder(t);
    const [aliases, token] = [join(folder, 'aliases'), join(folder, 'token')];
    writeFileSync(aliases, 'kept\nremoved\n');
    writeFileSync(token, 'a-token');
    const proxy = await started(t, '--token-file', token, '--alias-token-file', aliases);
    writeFileSync(token, `${SECRET} ${SECRET}`);
    await proxy.logged(({ event, level }) => event === 'reload' && level === 'error', 10_000);
    writeFileSync(aliases, 'kept\n');
    const changed = performance.now();
    await eventually(async () => (await credentialsSent(proxy, 'removed')) === 'removed', 'it is revoked');
    const took = performance.now() - changed;
    assert.ok(took < WITHIN.onABusyMachine, `${took} ms, where ${WITHIN.of} are the aim`);
    assert.equal(await credentialsSent(proxy, 'kept'), 'a-token');
  });

  it('of certificate authorities decides which servers the next request trusts', async (t) => {
    const folder = makeFolder(t);
    const [other, sentry] = await Promise.all([selfSigned(folder, 'other'), selfSigned(folder, 'sentry')]);
    const server = createServer({ cert: readFileSync(sentry.cert), key: readFileSync(sentry.key) }, (socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(OK));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const { port } = server.address() as { port: number };
    const ca = join(folder, 'ca');
    cpSync(other.cert, ca);
    const proxy = await startProxy(['--token=x', `--sentry-uri=https://127.0.0.1:${port}`, '--sentry-ca', ca]);
    t.after(() => proxy.stop());
    const status = async () => (await get(proxy, '/')).status;
    assert.equal(await status(), 502);
    cpSync(sentry.cert, ca);
    await eventually(async () => (await status()) === 200, 'the new CA is trusted');
    writeFileSync(ca, 'not a certificate');
    const line = await proxy.logged(({ event, level }) => event === 'reload' && level === 'error', 10_000);
    assert.match(String(line.error), /--sentry-ca \(SENTRY_CA\) names a file whose content is not PEM/);
    assert.equal(await status(), 200, 'the last good one stays in use');
  });

  it('of the connection string makes the proxy read the token at the new place', async (t) => {
    const file = join(makeFolder(t), 'conn');
    const at = (port: number) => `postgres://u@127.0.0.1:${port}/d?sslmode=disable`;
    writeFileSync(file, at(9));
    const proxy = await started(t, '--pgx-conn-file', file);
    await proxy.logged(({ event, reason }) => event === 'token' && /127\.0\.0\.1:9\b/.test(String(reason)));
    writeFileSync(file, at(7));
    await proxy.logged(({ event, reason }) => event === 'token' && /127\.0\.0\.1:7\b/.test(String(reason)), 10_000);
  });

  it('is applied though a file that the connection string names has gone', async (t) => {
    const folder = makeFolder(t);
    const [aliases, root] = [join(folder, 'aliases'), (await selfSigned(folder, 'database')).cert];
    writeFileSync(aliases, 'kept\nremoved\n');
    const conn = `host=127.0.0.1 user=u dbname=d sslmode=verify-ca sslrootcert=${root}`;
    const loaded = await load({ PGX_CONN: conn, ALIAS_TOKENS_FILE: aliases });
    let latest = loaded.config;
    let problems: readonly Problem[] = [];
    const watch = pollFiles(loaded, ({ config, problems: found }) => {
      latest = config ?? latest;
      problems = found;
    });
    t.after(() => watch.stop());
    rmSync(root);
    writeFileSync(aliases, 'kept\nadded\n');
    const alive = setInterval(() => {}, 1000);
    await eventually(() => latest !== loaded.config, 'it is applied').finally(() => clearInterval(alive));
    assert.deepEqual(problems, []);
    assert.deepEqual(latest.aliasTokens, ['kept', 'added']);
    assert.equal(latest.token, loaded.config.token, 'the way to the token stays');
  });

  it('is noticed though it changed while the proxy started', async (t) => {
    const file = join(makeFolder(t), 'token');
    writeFileSync(file, 'first');
    const loaded = await load({ SENTRY_TOKEN_FILE: file });
    writeFileSync(file, 'second');
    let token: unknown;
    const watch = pollFiles(loaded, ({ config }) => {
      token = config?.token;
    });
    t.after(() => watch.stop());
    // Watching keeps no process alive, so something else has to.
    const alive = setInterval(() => {}, 1000);
    await eventually(() => isDeepStrictEqual(token, { kind: 'static', token: 'second' }), 'it is noticed').finally(() =>
      clearInterval(alive),
    );
  });
});
