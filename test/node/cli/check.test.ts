// `check`, `check --probe` and `healthcheck`: what they say, each fault in a line, and their exit codes.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { createServer } from 'node:tls';
import { SETTINGS } from '../../../adapters/node/config/settings.ts';
import { type Postgres, startPostgres } from '../../../demo/postgres.ts';
import { clientsFile } from '../../support/clients-file.ts';
import { makeFolder, runProxy, selfSigned, startProxy, startWatched } from '../../support/operator.ts';
import { fakeServer } from '../../support/pg-fake.ts';
import { redisServer, startRedis } from '../../support/redis.ts';
import { answer, response, type Script, Upstream } from '../../support/upstream.ts';

const SECRET = 'hunter2';
const TOKEN = `${SECRET}-sentry-token`;
const SYSTEM_TOKEN = '0123456789abcdef'.repeat(4);
const API = response('200 OK', ['Content-Type: application/json'], '{"version":"0","auth":{"scopes":[]},"user":null}');
const REFUSED = response('401 Unauthorized', ['WWW-Authenticate: xBasic realm="api"'], '{"detail":"Invalid token"}');

let upstream: Upstream;
before(async () => {
  upstream = await Upstream.start();
});
after(() => upstream.stop());

describe('the commands', { concurrency: 3 }, () => {
  describe('check', { concurrency: 3 }, () => {
    it('says what the proxy would do, with secrets masked', async (t) => {
      const folder = makeFolder(t);
      const { cert, key } = await selfSigned(folder, 'proxy.example');
      writeFileSync(join(folder, 'aliases'), `${SECRET}-1\n${SECRET}-2\n`);
      const { code, stdout, stderr } = await runProxy([
        'check',
        ...['--listen=[::1]:8443', '--tls-cert', cert, '--tls-key', key, '--admin-listen=127.0.0.1:9100'],
        ...['--sentry-uri=https://sentry.example/base/', '--token', TOKEN, '--allowed-host=a.example;b.example'],
        ...['--alias-token-file', join(folder, 'aliases'), '--alias-token', `${SECRET}-3`],
      ]);
      assert.deepEqual([code, stderr], [0, '']);
      const expected = [
        'listens on:             [::1]:8443, with TLS',
        'probes and metrics on:  127.0.0.1:9100',
        'forwards to:            https://sentry.example/base',
        `token:                  static, ${TOKEN.length} characters, fingerprint `,
        'injects it for:         clients that send one of 3 alias tokens; others are forwarded as they are',
        'serves the hosts:       a.example, b.example',
        'keeps clients at:       the host that each request names',
      ];
      const lines = stdout.trim().split('\n\n')[1]!.split('\n');
      assert.equal(lines.length, expected.length + 1);
      assert.match(lines.at(-1)!, /^warning: +3 of 3 alias tokens are shorter than 16 characters and can be guessed$/);
      for (const [i, line] of expected.entries()) assert.ok(lines[i]?.startsWith(line), `${lines[i]} begins: ${line}`);
      assert.match(stdout, /fingerprint [0-9a-f]{8}\n/);
      assert.ok(!stdout.includes(SECRET));
    });

    it('says where the system token is read, without the password', async () => {
      const conn = `postgres://reader:${SECRET}@db.example:6432/sentry?sslmode=require`;
      const { code, stdout } = await runProxy(['check', '--listen=:8080', '--pgx-conn', conn]);
      assert.equal(code, 0);
      assert.match(
        stdout,
        /^reads it from: +PostgreSQL at db\.example:6432, database sentry, user reader, sslmode require$/m,
      );
      assert.match(stdout, /^injects it for: +EVERYONE who can reach the port/m);
      assert.ok(!stdout.includes(SECRET));
    });

    it('refuses what the proxy would refuse, in the same words', async () => {
      const args = ['--sentry-uri=ftp://x', '--token=', '--pgx-conn', 'x'];
      const [checked, run] = await Promise.all([runProxy(['check', ...args]), runProxy(args)]);
      assert.deepEqual([checked.code, checked.stderr], [2, run.stderr]);
    });

    it('shows where each value came from, and whether it is right', async (t) => {
      const token = join(makeFolder(t), 'token');
      writeFileSync(token, SECRET);
      const args = [
        'check',
        '--listen=:8080',
        '--token-file',
        token,
        `--alias-token=${SECRET}`,
        `--read-timeout=${SECRET}`,
      ];
      const surroundings = {
        env: { LOG_LEVEL: 'warn', LOG_FORMAT: SECRET },
        dotEnv: 'DRAIN_DELAY=5s\nLOG_LEVEL=debug',
      };
      const { code, stdout } = await runProxy(args, surroundings);
      assert.equal(code, 2);
      const rows = stdout
        .trim()
        .split('\n')
        .map((line) => line.split(/ {2,}/));
      assert.equal(rows.length, SETTINGS.length);
      const row = (flag: string) => rows.find(([first]) => first!.endsWith(` --${flag}`));
      assert.deepEqual(row('listen'), ['✓ --listen', ':8080', 'flag']);
      assert.deepEqual(row('token'), ['✓ --token', 'in a file', `file ${token}`]);
      assert.deepEqual(row('alias-token'), ['✓ --alias-token', 'hidden', 'flag']);
      assert.deepEqual(row('read-timeout'), ['✗ --read-timeout', 'wrong, not shown', 'flag']);
      assert.deepEqual(row('write-timeout'), ['✓ --write-timeout', '25s', 'default']);
      assert.deepEqual(row('log-level'), ['✓ --log-level', 'warn', 'variable LOG_LEVEL']);
      assert.deepEqual(row('log-format'), ['✗ --log-format', 'wrong, not shown', 'variable LOG_FORMAT']);
      assert.deepEqual(row('drain-delay'), ['✓ --drain-delay', '5s', '.env DRAIN_DELAY']);
      assert.ok(!stdout.includes(SECRET));
    });

    it('shows a wrong value that can be no secret', async (t) => {
      const folder = makeFolder(t);
      const clients = join(folder, 'clients-of-the-quality-assurance-team.json');
      writeFileSync(clients, '{');
      const wrong: Record<string, readonly [value: string, shown: string]> = {
        listen: ['localhost:http', 'wrong, not shown'],
        'admin-listen': ['127.0.0.1:99999', '127.0.0.1:99999'],
        'sentry-uri': ['ftp://sentry.example', 'ftp://sentry.example'],
        'public-url': ['https://user:password@x', 'wrong, not shown'],
        'read-timeout': ['5000000', '5000000'],
        'write-timeout': ['soon', 'soon'],
        'replay-limit': ['12xb', '12xb'],
        'log-level': ['verbose', 'verbose'],
        'clients-file': [clients, clients],
        'sentry-ca': [join(folder, SECRET), 'wrong, not shown'],
        token: ['a b', 'wrong, not shown'],
      };
      const { code, stdout } = await runProxy([
        'check',
        ...Object.entries(wrong).map(([flag, [value]]) => `--${flag}=${value}`),
      ]);
      assert.equal(code, 2);
      for (const [flag, [, shown]] of Object.entries(wrong)) {
        const line = stdout.split('\n').find((one) => one.startsWith(`✗ --${flag} `));
        assert.match(line ?? stdout, new RegExp(`^✗ --${flag} +${shown.replaceAll(/[.?/]/g, '\\$&')} `), flag);
      }
    });

    it('colours its marks if FORCE_COLOR says so, and never with NO_COLOR', async () => {
      const args = ['check', '--token=x', '--log-level=loud'];
      const [plain, forced, never] = await Promise.all([
        runProxy(args),
        runProxy(args, { env: { FORCE_COLOR: '1' } }),
        runProxy(args, { env: { NO_COLOR: '1' } }),
      ]);
      assert.match(forced.stdout, /\x1b\[32m✓\x1b\[39m --listen/);
      assert.match(forced.stdout, /\x1b\[31m✗\x1b\[39m --log-level/);
      assert.ok(!plain.stdout.includes('\x1b'));
      assert.equal(never.stdout, plain.stdout);
    });
  });

  describe('check --probe', { concurrency: 5 }, () => {
    /** Its exit code and its last line, which is what a person is to act on. */
    async function probe(...args: string[]): Promise<[number | null, string]> {
      const { code, stdout, stderr } = await runProxy(['check', '--probe', ...args]);
      assert.equal(stderr, '');
      assert.ok(!stdout.includes(SECRET) && !stdout.includes(SYSTEM_TOKEN));
      const [last = ''] = stdout.trim().split('\n').slice(-1);
      assert.match(last, /^probe: {18}\S/);
      return [code, last.slice(24)];
    }

    let paths = 0;
    /** A separate Sentry for each case, under a base path. */
    const sentry = (script: Script): string => {
      const path = `/s${paths++}`;
      upstream.play(script, `${path}/`);
      return upstream.uri + path;
    };

    it('asks Sentry with the token', async () => {
      const connections = upstream.play(answer(API), '/mine/');
      const outcome = await probe('--token', TOKEN, '--sentry-uri', `${upstream.uri}/mine`);
      assert.deepEqual(outcome, [0, 'Sentry accepts the token']);
      const [request] = connections.map((connection) => connection.request);
      assert.equal(request?.target, '/mine/api/0/');
      assert.ok(request.fields.some(([name, value]) => name === 'Authorization' && value === `Bearer ${TOKEN}`));
    });

    const html = response('200 OK', ['Content-Type: text/html'], `<html>${'x'.repeat(100_000)}</html>`);
    const faults: Record<string, [Script, RegExp]> = {
      'a token that is refused': [answer(REFUSED), /refused the token \(401\).*new one.*--token/],
      'something else that answers': [answer(html), /is not Sentry's API \(status 200\).*--sentry-uri/],
      'a base URI that is wrong': [
        answer(response('404 Not Found')),
        /is not Sentry's API \(status 404\).*--sentry-uri/,
      ],
      'a redirection': [
        answer(response('301 Moved Permanently', ['Location: https://sentry.example/api/0/?q=1'])),
        /redirects to https:\/\/sentry\.example\/api\/0\/ \(301\).*--sentry-uri/,
      ],
      'a redirection to nowhere': [answer(response('302 Found')), /redirects \(302\).*--sentry-uri/],
      'a Sentry that fails': [answer(response('500 Oops')), /status 500.*its own log/],
      'no HTTP': [answer('SSH-2.0-OpenSSH\r\n\r\n'), /not valid HTTP.*--sentry-uri/],
      'a connection that is closed': [answer(''), /closed the connection.*--sentry-uri/],
    };
    for (const [title, [script, says]] of Object.entries(faults)) {
      it(`names ${title}`, async () => {
        const [code, line] = await probe('--token', TOKEN, '--sentry-uri', sentry(script));
        assert.equal(code, 1);
        assert.match(line, says);
      });
    }

    describe('of the names in the clients file', { concurrency: 3 }, () => {
      /** A Sentry that has one organization with one project, and another organization that is hidden. */
      const acme: Script = async (connection) => {
        const { target } = await connection.whole().then(() => connection.request!);
        const [, path] = /^\/s\d+(\/api\/0\/[^?]*)/.exec(target)!;
        const known = ['/api/0/', '/api/0/organizations/acme/', '/api/0/projects/acme/web/', '/api/0/projects/acme/7/'];
        const moved = response('302 Found', ['Location: /api/0/projects/acme/web/']);
        if (known.includes(path!)) connection.send(API);
        else if (path === '/api/0/organizations/closed/') connection.send(response('403 Forbidden'));
        else connection.send(path === '/api/0/projects/acme/renamed/' ? moved : response('404 Not Found'));
        connection.finish();
      };
      const probeNames = async (t: TestContext, clients: Record<string, object>) => {
        const file = join(makeFolder(t), 'clients.json');
        writeFileSync(file, clientsFile(clients));
        const args = ['--token', TOKEN, '--sentry-uri', sentry(acme), '--clients-file', file];
        const { code, stdout } = await runProxy(['check', '--probe', ...args]);
        assert.ok(!stdout.includes(SECRET));
        return [code, ...stdout.split('\n').filter((line) => line.startsWith('clients file:'))];
      };
      const READER = { scopes: ['event:read'] };

      it('says that Sentry has all of them', async (t) => {
        const clients = {
          a: { ...READER, orgs: ['acme'] },
          b: { ...READER, projects: ['acme/web', 'acme/7'] },
          c: { ...READER, orgs: ['*'] },
        };
        const line = 'clients file:           Sentry has the 3 organizations and projects that it names';
        assert.deepEqual(await probeNames(t, clients), [0, line]);
      });

      it('fails on those that are not there, and names the clients that have them', async (t) => {
        const clients = {
          a: { ...READER, orgs: ['acme', 'acmee', 'closed'] },
          b: { ...READER, projects: ['acme/web', 'acme/wbe', 'acme/renamed'] },
          c: { ...READER, projects: ['acme/wbe'] },
        };
        assert.deepEqual(await probeNames(t, clients), [
          1,
          'clients file:           organization acmee of a: Sentry has no such organization (404)',
          'clients file:           organization closed of a: could not be looked up (403)',
          'clients file:           project acme/wbe of b, c: Sentry has no such project (404)',
          'clients file:           project acme/renamed of b: Sentry has no such project (302)',
        ]);
      });
    });

    describe('of a store of limits', { concurrency: 4 }, () => {
      /** With a Sentry that takes the token: its exit code, and its line about the store. */
      async function probeStore(store: string): Promise<[number | null, string | undefined]> {
        const clients = clientsFile({ a: { scopes: ['event:read'], orgs: ['acme'] } });
        const args = ['--token', TOKEN, '--sentry-uri', sentry(answer(API)), '--clients', clients];
        const { code, stdout } = await runProxy(['check', '--probe', ...args, '--limit-store', store]);
        assert.ok(!stdout.includes(SECRET));
        assert.match(stdout, /^shares limits in: {7}redis:\/\/127\.0\.0\.1:\d+\/?\d*$/m);
        assert.match(stdout, /^probe: +Sentry accepts the token$/m);
        return [code, /^limit store: +(.*)$/m.exec(stdout)?.[1]];
      }

      it('names one that is not there', async () => {
        const outcome = await probeStore(`redis://u:${SECRET}@127.0.0.1:9/0`);
        assert.deepEqual(outcome, [1, 'it cannot be used (ECONNREFUSED); check --limit-store']);
      });

      it('names one that says nothing', async (t) => {
        const { port } = await fakeServer(t, () => {});
        const [code, line] = await probeStore(`redis://127.0.0.1:${port}`);
        assert.equal(code, 1);
        assert.match(line!, /^it cannot be used \(\w+\); check --limit-store$/);
      });

      const skip = redisServer === undefined && 'redis-server is not installed';
      it('names one that refuses the password, and is content with one that answers', { skip }, async (t) => {
        const redis = await startRedis();
        t.after(() => redis.stop());
        const refused = await probeStore(redis.url.replace('//', `//nobody:${SECRET}@`));
        assert.deepEqual(refused, [1, 'it cannot be used (WRONGPASS); check --limit-store']);
        assert.deepEqual(await probeStore(redis.url), [0, 'answers']);
      });
    });

    it('names a Sentry that is not there', async () => {
      const [code, line] = await probe('--token', TOKEN, '--sentry-uri=http://127.0.0.1:9');
      assert.equal(code, 1);
      assert.match(line, /Could not connect to Sentry \(ECONNREFUSED.*check host and port/);
    });

    it('names a host name that is unknown', async () => {
      const [code, line] = await probe('--token', TOKEN, '--sentry-uri=http://sentry.invalid');
      assert.equal(code, 1);
      assert.match(line, /Could not resolve Sentry's host name.*check the host name/);
    });

    it('names a Sentry that says nothing, after a while', async () => {
      const started = performance.now();
      const [code, line] = await probe(
        '--token',
        TOKEN,
        '--sentry-uri',
        sentry(() => {}),
      );
      assert.equal(code, 1);
      assert.match(line, /did not answer in time.*Sentry's log/);
      assert.ok(performance.now() - started < 15_000);
    });

    it('names a certificate that is not trusted, and takes it with --sentry-ca', async (t) => {
      const { cert, key } = await selfSigned(makeFolder(t), 'sentry.example');
      const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) => {
        socket.on('error', () => {});
        socket.once('data', () => socket.end(API));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      t.after(() => server.close());
      const { port } = server.address() as { port: number };
      const args = ['--token', TOKEN, '--sentry-uri', `https://127.0.0.1:${port}`];
      const [code, line] = await probe(...args);
      assert.equal(code, 1);
      assert.match(line, /Could not make a secure connection.*SELF_SIGNED.*--sentry-ca/);
      assert.deepEqual(await probe(...args, '--sentry-ca', cert), [0, 'Sentry accepts the token']);
    });

    it("names https where there is only http, without OpenSSL's raw text", async (t) => {
      const server = createHttpServer((_, answer) => answer.end());
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      t.after(() => server.close());
      const { port } = server.address() as { port: number };
      const [code, line] = await probe('--token', TOKEN, `--sentry-uri=https://127.0.0.1:${port}`);
      assert.equal(code, 1);
      const says =
        /^Could not make a secure connection to Sentry \([A-Z_]+: wrong version number\): the server there does not speak TLS; set --sentry-uri to http:\/\/ or to the port that does\.$/;
      assert.match(line, says);
    });

    it('names what is wrong with each of several databases, and what to do about it', async (t) => {
      const strange = await fakeServer(t, (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
      const plain = await fakeServer(t, (socket) => socket.once('data', () => socket.end('N')));
      const ports = `9,${strange.port},${plain.port},5432`;
      const hosts = 'host=127.0.0.1,127.0.0.1,127.0.0.1,sentry.invalid';
      const [code, line] = await probe(
        '--pgx-conn',
        `${hosts} port=${ports} user=u dbname=d sslmode=require password=${SECRET}`,
      );
      assert.equal(code, 1);
      const expected = [
        '127.0.0.1:9: connection refused (ECONNREFUSED). Check host and port, and that PostgreSQL listens there.',
        `127.0.0.1:${strange.port}: it gives an unexpected answer to a request for TLS.`,
        `127.0.0.1:${plain.port}: it does not offer TLS. Set sslmode to disable, or turn TLS on there.`,
        'sentry.invalid:5432: the host name ',
      ];
      for (const part of expected) assert.ok(line.includes(part), `${part} in ${line}`);
    });

    it('names a database that refuses the connection', async () => {
      const [code, line] = await probe('--pgx-conn', `postgres://u:${SECRET}@127.0.0.1:9/d`);
      assert.equal(code, 1);
      assert.match(line, /system token could not be read: .*127\.0\.0\.1:9.*ECONNREFUSED/);
    });

    it('names what is not a database', async (t) => {
      const { port } = await fakeServer(t, (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
      const [code, line] = await probe('--pgx-conn', `postgres://u@127.0.0.1:${port}/d?sslmode=disable`);
      assert.equal(code, 1);
      assert.match(line, /does not speak the PostgreSQL protocol/);
    });

    describe('with a database', () => {
      let postgres: Postgres;
      before(async () => {
        postgres = await startPostgres();
      });
      after(() => postgres.stop());

      it('names a row that is missing, a wrong password, a 401 of the system token, and is content without a fault', async () => {
        const conn = ['--pgx-conn', postgres.connectionString];
        const [code, line] = await probe(...conn, '--sentry-uri', sentry(answer(API)));
        assert.equal(code, 1);
        assert.match(line, /system token could not be read: .*sentry:system-token/);

        const wrong = postgres.connectionString.replace('not-a-secret', SECRET);
        const [, said] = await probe('--pgx-conn', wrong, '--sentry-uri', sentry(answer(API)));
        assert.match(said, /system token could not be read: .*28P01/);

        await postgres.query(
          `INSERT INTO sentry_option (key, value) VALUES ('sentry:system-token', '"${SYSTEM_TOKEN}"')`,
        );
        const [, refusal] = await probe(...conn, '--sentry-uri', sentry(answer(REFUSED)));
        assert.match(refusal, /refused its own system token \(401\).*INTERNAL_SYSTEM_IPS.*network/);
        assert.deepEqual(await probe(...conn, '--sentry-uri', sentry(answer(API))), [0, 'Sentry accepts the token']);
      });
    });
  });

  describe('healthcheck', { concurrency: 3 }, () => {
    const alive = async (args: string[]) => (await runProxy(['healthcheck', ...args])).code;

    it('asks the admin listener, even of a proxy without a token', async (t) => {
      const conn = ['--pgx-conn', 'postgres://u@127.0.0.1:9/d?sslmode=disable', '--sentry-uri', upstream.uri];
      const { admin } = await startWatched(t, conn);
      assert.equal(await alive([...conn, '--admin-listen', `${admin.host}:${admin.port}`]), 0);
    });

    it('asks the port of the proxy without one, and Sentry nothing', async (t) => {
      const sentry = await Upstream.start();
      t.after(() => sentry.stop());
      const connections = sentry.play(() => {});
      const proxy = await startProxy(['--listen=0.0.0.0:0', '--token=x', '--sentry-uri', sentry.uri]);
      t.after(() => proxy.stop());
      // Listening on all addresses it is asked on the loopback one.
      assert.equal(await alive(['--token=x', '--sentry-uri', sentry.uri, `--listen=0.0.0.0:${proxy.port}`]), 0);
      assert.equal(await alive(['--token=x', '--sentry-uri', sentry.uri, `--listen=:${proxy.port}`]), 0);
      assert.equal(connections.length, 0);
    });

    it('asks by TLS and on a Unix socket', async (t) => {
      const folder = makeFolder(t);
      const { cert, key } = await selfSigned(folder, 'proxy.example');
      const tls = ['--token=x', '--sentry-uri', upstream.uri, '--tls-cert', cert, '--tls-key', key];
      const secure = await startProxy(tls);
      t.after(() => secure.stop());
      assert.equal(await alive([...tls, `--listen=127.0.0.1:${secure.port}`]), 0);
      const socket = ['--token=x', '--sentry-uri', upstream.uri, `--listen=unix:${join(folder, 'proxy.sock')}`];
      const local = await startProxy(socket);
      t.after(() => local.stop());
      assert.equal(await alive(socket), 0);
      await local.stop();
      assert.equal(await alive(socket), 1);
    });

    it('fails where nothing answers, where something else does, and where the answer does not come', async (t) => {
      const { code, stdout, stderr } = await runProxy(['healthcheck', '--token=x', '--listen=127.0.0.1:9']);
      assert.deepEqual([code, stdout], [1, '']);
      assert.equal(stderr, 'sentry-api-proxy: 127.0.0.1:9: nothing listens there\n');
      const socket = join(makeFolder(t), 'none.sock');
      const missing = await runProxy(['healthcheck', '--token=x', `--listen=unix:${socket}`]);
      assert.equal(missing.stderr, `sentry-api-proxy: unix:${socket}: there is no such socket\n`);
      const other = await runProxy(['healthcheck', '--token=x', '--listen', upstream.authority]);
      assert.deepEqual(
        [other.code, other.stderr],
        [1, `sentry-api-proxy: ${upstream.authority}: the server that answers is not this proxy\n`],
      );
      const { port } = await fakeServer(t, () => {});
      assert.equal(await alive(['--token=x', `--listen=127.0.0.1:${port}`]), 1);
    });
  });
});
