// The log: its formats and levels, request ids, what becomes of it when nobody takes it, and that it holds no secret.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from './support/child-process.ts';
import { fieldValue } from './support/message.ts';
import {
  COMPILE_CACHE,
  eventually,
  get,
  makeFolder,
  runProxy,
  spawnProxy,
  startProxy,
  startWatched,
} from './support/operator.ts';
import { PROGRAM } from './support/proxy-process.ts';
import { RawClient, send } from './support/raw-client.ts';
import { answer, OK, response, Upstream } from './support/upstream.ts';

const NOWHERE = 'http://127.0.0.1:9';

/** A socket's file is there before anyone listens on it. */
async function isListening(socketPath: string): Promise<boolean> {
  const socket = connect(socketPath);
  return once(socket, 'connect').then(
    () => Boolean(socket.destroy()),
    () => false,
  );
}

let upstream: Upstream;
before(async () => {
  upstream = await Upstream.start();
});
after(() => upstream.stop());

describe('the log', { concurrency: 3 }, () => {
  describe('log format', { concurrency: 3 }, () => {
    const text = /^\d\d:\d\d:\d\d\.\d{3} listening address=\S+ version=\S+/;

    /** The log on a terminal, which `script` makes. */
    async function onTerminal(t: TestContext, ...args: string[]): Promise<string> {
      const socket = join(makeFolder(t), 'proxy.sock');
      const proxy = `${process.execPath} ${PROGRAM} --token=x --sentry-uri=${NOWHERE} --listen=unix:${socket} ${args.join(' ')}`;
      const child = startChild('script', ['-qefc', `echo pid $$; exec ${proxy}`, '/dev/null'], {
        cwd: makeFolder(t),
        env: { ...COMPILE_CACHE, PATH: process.env.PATH, SHELL: '/bin/sh' },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (piece: string) => {
        output += piece;
      });
      const closed = once(child, 'close');
      try {
        await eventually(() => output.includes('listening') && output.includes('token'), 'it listens');
      } finally {
        const pid = Number(/pid (\d+)/.exec(output)?.[1]);
        if (pid > 0) process.kill(pid, 'SIGTERM');
        await closed;
      }
      return output.replaceAll('\r', '').split('\n').slice(1).join('\n');
    }

    it('is text on a terminal', async (t) => {
      const lines = (await onTerminal(t)).trim().split('\n');
      assert.match(lines[0]!, text);
      assert.match(lines.at(-1)!, /^\d\d:\d\d:\d\d\.\d{3} stopped$/);
    });

    it('is JSON on a terminal when that is asked for', async (t) => {
      for (const line of (await onTerminal(t, '--log-format=json')).trim().split('\n')) JSON.parse(line);
    });

    it('is JSON elsewhere', async (t) => {
      const proxy = await startProxy(['--token=x', '--sentry-uri', NOWHERE]);
      t.after(() => proxy.stop());
      const { level, time } = await proxy.logged(({ event }) => event === 'listening');
      assert.equal(level, 'info');
      assert.ok(Math.abs(Date.parse(String(time)) - Date.now()) < 60_000);
    });

    it('is text elsewhere when that is asked for, and a line stays a line', async (t) => {
      const socketPath = join(makeFolder(t), 'proxy.sock');
      const args = ['--token=x', '--sentry-uri', NOWHERE, '--listen', `unix:${socketPath}`, '--log-format=text'];
      const proxy = await spawnProxy(args);
      await eventually(() => isListening(socketPath), 'it listens');
      await get({ socketPath }, '/"quoted"?a=1&b=2');
      await get({ socketPath }, '/', { method: 'TRACE' });
      const { stdout } = await proxy.stop();
      assert.match(stdout, text);
      assert.match(stdout, / request method=GET path="[^\n]*quoted[^\n]*\?a&b" route=inject status=502 /);
      assert.match(stdout, / request method=TRACE path=\/ route=none status=405 .* error=method_not_allowed\n/);
      for (const line of stdout.trim().split('\n')) assert.match(line, /^\d\d:\d\d:\d\d\.\d{3} (WARN )?[a-z]+( |$)/);
    });
  });

  describe('log level', { concurrency: 3 }, () => {
    for (const [level, expected] of [
      ['debug', ['info', 'warn']],
      ['info', ['info', 'warn']],
      ['warn', ['warn']],
      ['error', []],
    ] as const) {
      it(`${level} shows what is at least that`, async (t) => {
        const args = ['--token=x', '--sentry-uri', upstream.uri, '--log-level', level];
        const port = 20_000 + Math.floor(Math.random() * 10_000);
        const proxy = await spawnProxy(['--listen', `0.0.0.0:${port}`, ...args]);
        t.after(() => proxy.stop());
        const place = { host: '127.0.0.1', port };
        await eventually(
          () =>
            get(place, '/').then(
              ({ status }) => status === 200,
              () => false,
            ),
          'it listens',
        );
        await proxy.stop();
        assert.deepEqual([...new Set(proxy.logLines().map((line) => line.level))].sort(), expected);
      });
    }
  });

  describe('request id', () => {
    const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    const close: (() => unknown)[] = [];
    let proxy: Awaited<ReturnType<typeof startProxy>>;
    before(async () => {
      proxy = await startProxy(['--token=x', '--alias-token=alias', '--sentry-uri', upstream.uri]);
      close.push(() => proxy.stop());
    });
    after(() => Promise.all(close.map((end) => end())));

    let paths = 0;
    /** The id that Sentry, the client and the log are given. */
    async function idsOf(fields: string[], script = answer(OK), method = 'GET') {
      const path = `/id-${paths++}/`;
      const connections = upstream.play(script, path);
      const head = [`${method} ${path} HTTP/1.1`, 'Host: x', ...fields];
      const reply = await send(proxy, `${head.join('\r\n')}\r\n\r\n`);
      const line = await proxy.logged((one) => one.path === path);
      const upstreams = connections.map(({ request }) =>
        (request?.fields ?? []).filter(([name]) => name.toLowerCase() === 'x-request-id').map(([, value]) => value),
      );
      return { upstreams, client: fieldValue(reply, 'x-request-id'), log: line.id };
    }

    for (const id of ['abc', '4f8a-11', 'A.b:c~d+e/f=g_h-i', 'x'.repeat(128)]) {
      it(`is the client's, if it is sane: ${id.slice(0, 20)}`, async () => {
        assert.deepEqual(await idsOf([`X-Request-Id: ${id}`]), { upstreams: [[id]], client: id, log: id });
      });
    }

    for (const [title, fields] of [
      ['none', []],
      ['too long', [`X-Request-Id: ${'x'.repeat(129)}`]],
      ['with a blank', ['X-Request-Id: a b']],
      ['with a quote', ['X-Request-Id: a"b']],
      ['not ASCII', ['X-Request-Id: \xe4']],
      ['two of them', ['X-Request-Id: a', 'x-request-id: b']],
      ['empty', ['X-Request-Id:']],
    ] as const) {
      it(`is a new one if the client's is odd: ${title}`, async () => {
        const { upstreams, client, log } = await idsOf([...fields]);
        assert.match(String(client), UUID);
        assert.deepEqual([upstreams, log], [[[client]], client]);
      });
    }

    it("is the request's in the response, whatever the upstream says", async () => {
      const { client } = await idsOf(['X-Request-Id: mine'], answer(response('200 OK', ['X-Request-Id: its-own'])));
      assert.equal(client, 'mine');
    });

    it("is in the proxy's own answers", async () => {
      const expected = { upstreams: [], client: 'mine', log: 'mine' };
      assert.deepEqual(await idsOf(['X-Request-Id: mine'], undefined, 'TRACE'), expected);
      assert.equal((await idsOf(['X-Request-Id: mine'], answer(''))).client, 'mine');
    });

    it('is the same one for an injected request', async () => {
      const { upstreams, client, log } = await idsOf(['Authorization: Bearer alias', 'X-Request-Id: mine']);
      assert.deepEqual([upstreams, client, log], [[['mine']], 'mine', 'mine']);
    });
  });

  describe('a log that nobody takes', { concurrency: 2 }, () => {
    interface Silent {
      socketPath: string;
      child: ChildProcess;
      ended: Promise<unknown>;
    }
    /** A proxy whose standard output is this descriptor, listening on a socket since it can't say where. */
    async function startWith(t: TestContext, stdout: number, ...args: string[]): Promise<Silent> {
      const folder = makeFolder(t);
      const socketPath = join(folder, 'proxy.sock');
      const all = ['--token=x', '--sentry-uri', upstream.uri, '--listen', `unix:${socketPath}`, ...args];
      const env = { ...COMPILE_CACHE, PATH: process.env.PATH };
      const child = startChild(process.execPath, [PROGRAM, ...all], {
        cwd: folder,
        env,
        stdio: ['ignore', stdout, 'pipe'],
      });
      const ended = once(child, 'exit');
      t.after(() => child.kill('SIGKILL'));
      await eventually(() => isListening(socketPath), 'it listens');
      return { socketPath, child, ended };
    }

    async function endsBySignal({ child, ended }: Silent): Promise<void> {
      child.kill('SIGTERM');
      await Promise.race([ended, sleep(5000, undefined, { ref: false })]);
      assert.equal(child.exitCode, 0, 'it ends when it is told to');
    }

    it('does not stop the proxy: a full disk', async (t) => {
      const full = openSync('/dev/full', 'w');
      t.after(() => closeSync(full));
      const proxy = await startWith(t, full);
      for (let i = 0; i < 5; i++) {
        assert.equal((await get(proxy, '/')).status, 200);
        await sleep(60);
      }
      await endsBySignal(proxy);
    });

    it('does not stop the proxy: a reader that is gone', async (t) => {
      const fifo = join(makeFolder(t), 'log');
      execFileSync('mkfifo', [fifo]);
      const both = openSync(fifo, 'r+');
      const proxy = await startWith(t, both);
      closeSync(both);
      for (let i = 0; i < 5; i++) {
        assert.equal((await get(proxy, '/')).status, 200);
        await sleep(60);
      }
      await endsBySignal(proxy);
    });

    for (const format of ['auto', 'json', 'text']) {
      it(`does not stop the proxy: a reader that stands still (${format})`, async (t) => {
        const fifo = join(makeFolder(t), 'log');
        execFileSync('mkfifo', [fifo]);
        const pipe = openSync(fifo, 'r+');
        t.after(() => closeSync(pipe));
        const proxy = await startWith(t, pipe, `--log-format=${format}`);
        // Some 100 KB of log; a pipe takes 64 KB.
        for (let i = 0; i < 10; i++) {
          assert.equal((await get(proxy, `/${'x'.repeat(10_000)}`)).status, 200);
          await sleep(30);
        }
        assert.equal((await get(proxy, '/')).status, 200);
        await endsBySignal(proxy);
      });
    }

    it('is written whole when its reader comes back, with the number of the lines that were dropped', async (t) => {
      const fifo = join(makeFolder(t), 'log');
      execFileSync('mkfifo', [fifo]);
      const pipe = openSync(fifo, 'r+');
      t.after(() => closeSync(pipe));
      const proxy = await startWith(t, pipe, '--max-header-size=1MiB');
      for (let i = 0; i < 5; i++) await get(proxy, `/${'x'.repeat(500_000)}`);
      const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
      t.after(() => closeSync(reader));
      const buffer = Buffer.alloc(65_536);
      let log = '';
      await eventually(() => {
        try {
          log += buffer.toString('latin1', 0, readSync(reader, buffer));
        } catch (error) {
          assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN');
        }
        return log.includes('"dropped"') && log.endsWith('\n');
      }, 'the number is told');
      const lines = log.split('\n').slice(0, -1);
      for (const line of lines) JSON.parse(line);
      const told = lines.map((line) => JSON.parse(line)).find(({ event }) => event === 'log');
      assert.ok(told.dropped > 0);
      assert.equal(told.level, 'warn');
      await endsBySignal(proxy);
    });
  });

  describe('the most verbose log', () => {
    /** A secret as it may turn up: plain, percent-encoded, or inside base64 at any of its three alignments. */
    function formsOf(secret: string): string[] {
      const bytes = Buffer.from(secret);
      const percent = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
      const forms = [secret, encodeURIComponent(secret), percent, percent.toUpperCase(), bytes.toString('hex')];
      for (let shift = 0; shift < 3; shift++) {
        const shifted = Buffer.concat([Buffer.alloc(shift), bytes]);
        const inner = shifted.toString('base64').slice(Math.ceil((shift * 8) / 6), -4);
        forms.push(inner, inner.replaceAll('+', '-').replaceAll('/', '_'));
      }
      return forms;
    }

    it('has no secret in it, plain, in base64 or percent-encoded; nor have metrics, answers and `check`', async (t) => {
      // Of its own: what it answers changes from one request to the next.
      const upstream = await Upstream.start();
      t.after(() => upstream.stop());
      const secrets = {
        'the token': 'T0ken~+/=static!secret',
        'the token of the file that replaces it': 'S3cond~+/=token!secret',
        'an alias token': 'al1as~+/=flag!secret',
        'an alias token of a file': 'al1as~+/=file!secret',
        "the database's password": 'pa55~+=word!secret',
        "a client's own credentials": 'cl1ent~+/=own!secret',
        'a cookie': 'c00kie~+/=!secret',
        'a value in a query': 'qu3ry~+=value!secret',
        'a content of a request': 'c0ntent~+/=!secret',
        'what a bad file holds': 'b4d~+/=file !secret',
      };
      const [token, second, alias, aliasOfFile, password, own, cookie, query, content, bad] = Object.values(secrets);
      const folder = makeFolder(t);
      writeFileSync(join(folder, 'token'), token!);
      writeFileSync(join(folder, 'aliases'), aliasOfFile!);
      const database = `postgres://u:${encodeURIComponent(password!)}@127.0.0.1:9/d?sslmode=disable`;
      const files = ['--token-file', join(folder, 'token'), '--alias-token-file', join(folder, 'aliases')];
      const common = ['--alias-token', alias!, '--sentry-uri', upstream.uri, '--log-level=debug'];
      const { proxy, admin } = await startWatched(t, [...files, ...common]);
      const system = await startWatched(t, ['--pgx-conn', database, ...common, '--log-format=json']);

      let seen = '';
      const bytes = (credentials: string, line = `GET /x?key=${query} HTTP/1.1`, body = '') =>
        [line, 'Host: x', `Authorization: ${credentials}`, `Cookie: a=${cookie}`, `Content-Length: ${body.length}`]
          .join('\r\n')
          .concat('\r\n\r\n', body);
      for (const target of [proxy, system.proxy]) {
        for (const credentials of [`Bearer ${alias}`, `Bearer ${aliasOfFile}`, `Bearer ${own}`, `Basic ${own}`]) {
          for (const script of [
            answer(OK),
            answer(response('401 Unauthorized', ['WWW-Authenticate: xBasic'])),
            answer(''),
            answer(`${token} is no HTTP`),
          ]) {
            upstream.play(script);
            seen += (await send(target, bytes(credentials))).bytes.toString();
          }
          upstream.play(answer(OK));
          for (const malformed of [
            bytes(credentials, `GET /x?key=${query} HTTP/9.9`),
            bytes(credentials, `TRACE /x?key=${query} HTTP/1.1`),
            bytes(credentials, `GET http://u:${query}@other/?key=${query} HTTP/1.1`),
            bytes(credentials).replace('Cookie: ', 'Cook ie: '),
            bytes(credentials).replace('Content-Length: 0', `Content-Length: ${content}`),
            bytes(credentials, undefined, `${content}\r\n`).replace(
              /Content-Length: \d+/,
              'Transfer-Encoding: chunked',
            ),
          ]) {
            // An upstream's answer may hold what the upstream chose to say; the proxy's own may not.
            seen += (await send(target, malformed)).bytes.toString();
          }
        }
      }
      const gone = await RawClient.connect(proxy);
      await gone.write(bytes(`Bearer ${alias}`, `POST /?key=${query} HTTP/1.1`, content).slice(0, -3));
      gone.leave();

      writeFileSync(join(folder, 'token'), second!);
      await proxy.logged(({ event, level }) => event === 'reload' && level === 'info', 10_000);
      writeFileSync(join(folder, 'token'), bad!);
      writeFileSync(join(folder, 'aliases'), `${bad}\n${bad}`);
      await proxy.logged(({ event, level }) => event === 'reload' && level === 'error', 10_000);
      await system.proxy.logged(({ event, state }) => event === 'token' && state === 'missing');

      seen += (await get(admin, '/metrics')).text + (await get(system.admin, '/metrics')).text;
      for (const args of [
        ['check', '--probe', '--token', token!, ...common],
        ['check', '--probe', '--pgx-conn', database, ...common],
        ['check', '--token', bad!, ...common],
        ['check', '--pgx-conn', `${database}&nonsense=${password}`, ...common],
      ]) {
        const { stdout, stderr } = await runProxy(args);
        seen += stdout + stderr;
      }
      await proxy.stop();
      await system.proxy.stop();
      seen += proxy.output + system.proxy.output;
      assert.ok(proxy.logLines().length > 20 && system.proxy.logLines().length > 20);
      for (const [what, secret] of Object.entries(secrets)) {
        for (const form of formsOf(secret)) {
          const at = seen.indexOf(form);
          assert.equal(at, -1, `${what} is in: ${seen.slice(Math.max(0, at - 200), at + 100)}`);
        }
      }
    });
  });
});
