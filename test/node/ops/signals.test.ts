// Signals of operators: SIGHUP reads the files again and cuts nothing off; SIGTERM is never lost.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from '../../support/child-process.ts';
import { clientsFile } from '../../support/clients-file.ts';
import { COMPILE_CACHE, eventually, makeFolder, startProxy } from '../../support/operator.ts';
import { PROGRAM } from '../../support/proxy-process.ts';
import { RawClient } from '../../support/raw-client.ts';
import { Upstream } from '../../support/upstream.ts';

const READER = { scopes: ['event:read'], orgs: ['acme'] };

let upstream: Upstream;
before(async () => {
  upstream = await Upstream.start();
});
after(() => upstream.stop());

describe('SIGHUP', { concurrency: 3 }, () => {
  it('reads the files again, says so, and cuts no request off', async (t) => {
    const file = join(makeFolder(t), 'clients');
    writeFileSync(file, clientsFile({ a: READER }));
    const proxy = await startProxy(['--sentry-uri', upstream.uri, '--token=x', '--clients-file', file]);
    t.after(() => proxy.stop());
    const connections = upstream.play(() => {}, '/slow');
    const slow = await RawClient.connect(proxy);
    await slow.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => connections.length === 1, 'a request is in flight');

    writeFileSync(file, clientsFile({ a: READER, b: READER }));
    proxy.kill('SIGHUP');
    const line = await proxy.logged(({ event, signal }) => event === 'reload' && signal === 'SIGHUP');
    assert.deepEqual([line.level, line.clients], ['info', 2]);

    connections[0]!.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate');
    assert.equal((await slow.reply()).content.toString(), 'late');
  });

  it('reports again what is wrong and was reported before', async (t) => {
    const folder = makeFolder(t);
    const [clients, aliases] = [join(folder, 'clients'), join(folder, 'aliases')];
    writeFileSync(clients, clientsFile({ a: READER }));
    writeFileSync(aliases, 'an-alias-of-16-characters');
    const files = ['--clients-file', clients, '--alias-token-file', aliases];
    const proxy = await startProxy(['--sentry-uri', upstream.uri, '--token=x', ...files]);
    t.after(() => proxy.stop());
    const errors = () => proxy.logLines().filter(({ event, level }) => event === 'reload' && level === 'error');
    writeFileSync(clients, '{"clients":[');
    rmSync(aliases);
    await eventually(() => errors().length === 2, 'both are reported');
    proxy.kill('SIGHUP');
    await proxy.logged(({ signal }) => signal === 'SIGHUP');
    assert.equal(errors().length, 4);
    const texts = errors().map(({ error }) => String(error));
    assert.deepEqual(texts.slice(2).sort(), texts.slice(0, 2).sort());
  });

  it('stops the proxy in order if it came because the terminal was closed', async (t) => {
    const python = spawnSync('python3', ['--version']).status === 0;
    if (!python) return t.skip('python3 is not installed: it opens a terminal');
    const script = [
      'import os, pty, sys, time',
      'pid, terminal = pty.fork()',
      'if pid == 0: os.execv(sys.argv[1], sys.argv[1:])',
      'text = b""',
      'while b"listening" not in text: text += os.read(terminal, 65536)',
      'os.close(terminal)',
      'sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))',
    ].join('\n');
    const command = [process.execPath, PROGRAM, '--listen=127.0.0.1:0', '--token=x', '--sentry-uri', upstream.uri];
    const terminal = startChild('python3', ['-c', script, ...command], {
      cwd: makeFolder(t),
      env: { PATH: process.env.PATH, ...COMPILE_CACHE },
      stdio: 'ignore',
    });
    const [code] = await once(terminal, 'exit');
    assert.equal(code, 0);
  });
});

describe('SIGTERM', () => {
  const hasProcesses = spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0;
  const skip = !hasProcesses && 'this user may make no process 1 with unshare';

  it('ends a process 1 that has only just begun', { skip }, async (t) => {
    const command = [process.execPath, PROGRAM, '--listen=127.0.0.1:0', '--token=x', '--sentry-uri', upstream.uri];
    const parent = startChild('unshare', ['--pid', '--fork', '--kill-child', ...command], {
      cwd: makeFolder(t),
      env: { PATH: process.env.PATH, ...COMPILE_CACHE },
      stdio: 'ignore',
    });
    t.after(() => parent.kill('SIGKILL'));
    const ended = once(parent, 'exit');
    let first: number | undefined;
    await eventually(() => {
      first = firstChild(parent.pid!);
      return first !== undefined && isProgramListening(first);
    }, 'the program has its listeners');
    process.kill(first!, 'SIGTERM');
    const code = await Promise.race([ended.then(([status]) => status), sleep(15_000, 'runs on', { ref: false })]);
    assert.ok(code === 0 || code === 143, `${code}`);
  });
});

function firstChild(pid: number): number | undefined {
  const child = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ')[0];
  return child ? Number(child) : undefined;
}

/** Whether a process has a listener for SIGHUP, which Node itself has none for. */
function isProgramListening(pid: number): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '0';
  return (BigInt(`0x${caught}`) & 1n) === 1n;
}
