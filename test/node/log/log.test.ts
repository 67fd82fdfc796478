// The log: its formats and levels, request ids, what happens if it is not read, and that it holds no secret.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs, { closeSync, constants, openSync, readSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LogWriter } from '../../../adapters/node/log/log.ts';
import { textLine, wantsColor } from '../../../adapters/node/log/log-line.ts';
import { startChild } from '../../support/child-process.ts';
import { fieldValue, fieldValues } from '../../support/message.ts';
import {
  COMPILE_CACHE,
  eventually,
  get,
  makeFolder,
  runProxy,
  samplesOf,
  spawnProxy,
  startProxy,
  startWatched,
} from '../../support/operator.ts';
import { PROGRAM } from '../../support/proxy-process.ts';
import { RawClient, send } from '../../support/raw-client.ts';
import { answer, OK, response, Upstream } from '../../support/upstream.ts';

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
    const text = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z listening address=\S+ version=\S+/;

    /** The log on a terminal, which `script` makes. */
    async function onTerminal(
      t: TestContext,
      args: string[] = [],
      variables: Record<string, string> = {},
    ): Promise<string> {
      const socket = join(makeFolder(t), 'proxy.sock');
      const proxy = `${process.execPath} ${PROGRAM} --token=x --sentry-uri=${NOWHERE} --listen=unix:${socket} ${args.join(' ')}`;
      const child = startChild('script', ['-qefc', `echo pid $$; exec ${proxy}`, '/dev/null'], {
        cwd: makeFolder(t),
        env: { ...COMPILE_CACHE, PATH: process.env.PATH, SHELL: '/bin/sh', ...variables },
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
      const lines = (await onTerminal(t, [], { NO_COLOR: '1' })).trim().split('\n');
      assert.match(lines[0]!, text);
      assert.match(lines.at(-1)!, /^\S+ \S+ stopped$/);
      for (const line of lines) assert.ok(!line.includes('\x1b'), 'NO_COLOR means no colour');
    });

    it('is coloured on a terminal', async (t) => {
      const lines = (await onTerminal(t)).trim().split('\n');
      for (const line of lines) assert.match(line, /^\x1b\[2m\d{4}-\d\d-\d\d [\d:.]+Z\x1b\[0m /);
    });

    it('shows of a request first what one looks for, in the colour of its status', () => {
      const fields = { method: 'GET', path: '/api/0/', route: 'inject', duration_ms: 12.3, client: 'grafana', id: 'x' };
      const line = (status: number, isColored: boolean) =>
        textLine('2026-11-24T18:34:48.123Z', 'info', 'request', { ...fields, status }, isColored);
      const rest = 'GET /api/0/ 12.3ms grafana route=inject id=x\n';
      assert.equal(line(200, false), `2026-11-24 18:34:48.123Z 200 ${rest}`);
      for (const [status, code] of [
        [200, 32],
        [302, 36],
        [404, 33],
        [502, 31],
      ] as const) {
        assert.equal(
          line(status, true),
          `\x1b[2m2026-11-24 18:34:48.123Z\x1b[0m \x1b[${code}m${status}\x1b[0m ${rest}`,
        );
      }
    });

    it('shows what went wrong before the ids, where a terminal still shows it', () => {
      const fields = {
        method: 'GET',
        path: '/x',
        route: 'inject',
        status: 403,
        duration_ms: 1,
        id: 'x',
        remote: '::1',
      };
      const wrong = { error: 'client_denied', cause: 'client a needs a scope', refusal: 'scope' };
      assert.equal(
        textLine('2026-11-24T18:34:48.123Z', 'info', 'request', { ...fields, ...wrong }, false),
        '2026-11-24 18:34:48.123Z 403 GET /x 1ms route=inject error=client_denied refusal=scope ' +
          'cause="client a needs a scope" id=x remote=::1\n',
      );
    });

    it('follows FORCE_COLOR and NO_COLOR', () => {
      assert.deepEqual(
        [{}, { NO_COLOR: '' }, { NO_COLOR: '1' }, { FORCE_COLOR: '1', NO_COLOR: '1' }, { FORCE_COLOR: '0' }].map(
          (environment) => [wantsColor(environment, true), wantsColor(environment, false)],
        ),
        [
          [true, false],
          [true, false],
          [false, false],
          [true, true],
          [false, false],
        ],
      );
    });

    it('is JSON on a terminal when that is asked for', async (t) => {
      for (const line of (await onTerminal(t, ['--log-format=json'])).trim().split('\n')) JSON.parse(line);
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
      await get({ socketPath }, '/x', { method: 'TRACE' });
      await get({ socketPath }, '/', { method: 'TRACE' });
      const { stdout } = await proxy.stop();
      assert.match(stdout, text);
      assert.match(stdout, / 502 GET "[^\n]*quoted[^\n]*\?a&b" [\d.]+ms anyone route=inject /);
      assert.match(stdout, / 405 TRACE \/x [\d.]+ms route=none error=method_not_allowed [^\n]+\n/);
      assert.doesNotMatch(stdout, /TRACE \/ /, 'a health check leaves no line');
      for (const line of stdout.trim().split('\n')) assert.match(line, /^\S+ [\d:.]+Z (WARN )?([a-z]+|\d{3})( |$)/);
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

    it("is the request's in the response, even if the upstream sends another one", async () => {
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

  describe('trace id', () => {
    const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
    const SPAN = '00f067aa0ba902b7';
    for (const [title, traceparent, expected] of [
      ['of a request with traceparent', `00-${TRACE}-${SPAN}-01`, TRACE],
      ['of a later version that adds a field', `01-${TRACE}-${SPAN}-01-more`, TRACE],
      ['not of one that is all zeros', `00-${'0'.repeat(32)}-${SPAN}-01`, undefined],
      ['not of version ff', `ff-${TRACE}-${SPAN}-01`, undefined],
      ['not of one that is malformed', `00-${TRACE}x-${SPAN}-01`, undefined],
      ['not of a request without it', undefined, undefined],
    ] as const) {
      it(`is logged: ${title}; the field passes unchanged`, async (t) => {
        const proxy = await startProxy(['--token=x', '--sentry-uri', upstream.uri]);
        t.after(() => proxy.stop());
        const path = `/trace-${title.replaceAll(' ', '-')}/`;
        const connections = upstream.play(answer(OK), path);
        await get(proxy, path, { headers: { ...(traceparent !== undefined && { traceparent }) } });
        assert.equal((await proxy.logged((line) => line.path === path)).trace_id, expected);
        assert.deepEqual(
          fieldValues(connections[0]!.request!, 'traceparent'),
          traceparent === undefined ? [] : [traceparent],
        );
      });
    }
  });

  describe('a log that is not read', { concurrency: 2 }, () => {
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

    it('is counted, line by line, in the metrics', async (t) => {
      const full = openSync('/dev/full', 'w');
      t.after(() => closeSync(full));
      const admin = { socketPath: join(makeFolder(t), 'admin.sock') };
      const proxy = await startWith(t, full, `--admin-listen=unix:${admin.socketPath}`);
      const lost = async () =>
        samplesOf((await get(admin, '/metrics')).text, 'sentry_api_proxy_log_lines_lost_total').get('') ?? 0;
      // listening, admin, token: those of the start.
      await eventually(async () => (await lost()) === 3, 'the lines of the start are counted');
      for (let i = 0; i < 7; i++) await get(proxy, '/');
      await eventually(async () => (await lost()) >= 10, 'a line for each request is counted');
      await sleep(1100);
      assert.equal(await lost(), 10);
      await endsBySignal(proxy);
    });

    it('is reported with the exact number of lost lines once it can be written again', (t) => {
      const writer = new LogWriter('json', 'info');
      const written: string[] = [];
      let fails = true;
      let room = Number.POSITIVE_INFINITY;
      const replaced = t.mock.method(fs, 'writeSync', (_: number, bytes: Buffer) => {
        if (fails) throw Object.assign(new Error(), { code: 'ENOSPC' });
        const taken = Math.min(room, bytes.length);
        written.push(bytes.toString('utf8', 0, taken));
        return taken;
      });
      syncBuiltinESMExports();
      try {
        const write = (count: number) => {
          for (let i = 0; i < count; i++) writer.log('info', 'x', {});
        };
        write(3);
        writer.flushSync();
        write(2);
        // The report that is due by now is lost as well.
        writer.flushSync();
        fails = false;
        write(1);
        room = 20;
        writer.flushSync();
      } finally {
        replaced.mock.restore();
        syncBuiltinESMExports();
      }
      const lines = written
        .join('')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      assert.deepEqual(
        lines.map(({ event, dropped }) => [event, dropped]),
        [
          ['x', undefined],
          ['log', 5],
        ],
      );
    });

    it('is written up to the last line when the process crashes', async (t) => {
      const crash = "process.on('SIGUSR2', () => { throw new Error('a crash') })";
      const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(crash)}` };
      const proxy = await startProxy(['--token=x', '--sentry-uri', upstream.uri], { env });
      t.after(() => proxy.stop());
      await get(proxy, '/the-last');
      proxy.kill('SIGUSR2');
      const { code } = await proxy.ended;
      assert.notEqual(code, 0);
      assert.ok(proxy.logLines().some(({ path }) => path === '/the-last'));
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
      const proxy = await startWith(t, pipe);
      // Some 1.6 MB of log; a pipe takes 64 KB, and 1 MiB waits.
      const path = `/${'x'.repeat(500)}`;
      for (let i = 0; i < 40; i++) await Promise.all(Array.from({ length: 50 }, () => get(proxy, path)));
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
      // A separate one: its answer changes from one request to the next.
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
            answer(`${token} is not HTTP`),
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
