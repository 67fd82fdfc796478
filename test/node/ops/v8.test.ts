// What is set in V8.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { collectEvery, FLAGS } from '../../../adapters/node/ops/v8.ts';
import { eventually } from '../../support/operator.ts';

/** Bytes: two portions, and some that are being freed. */
const BOUND = 20 * 1024 * 1024;

const run = (...args: string[]) => promisify(execFile)(process.execPath, args);

test('the running Node knows every flag of V8 that is set', async () => {
  const { stdout } = await run('--v8-options');
  for (const flag of Object.values(FLAGS)) {
    const name = flag.split('=')[0]!.replace('--no-', '--');
    assert.ok(stdout.includes(`  ${name} `), name);
  }
});

for (const [version, isSet] of [
  [process.versions.v8, true],
  ['99.0.1', false],
] as const) {
  test(`flags are ${isSet ? '' : 'not '}set in V8 ${version}, without a word`, async () => {
    const room = new URL('../../../adapters/node/ops/v8.ts', import.meta.url);
    const code = `
      const v8 = process.getBuiltinModule('node:v8');
      const set = [];
      const setFlags = v8.setFlagsFromString;
      v8.setFlagsFromString = (flag) => { set.push(flag); setFlags(flag); };
      process.getBuiltinModule('node:module').syncBuiltinESMExports();
      const { tuneV8, collectEvery } = await import('${room}');
      tuneV8('${version}');
      collectEvery(1, '${version}')(2);
      process.stdout.write(JSON.stringify(set));`;
    const { stdout, stderr } = await run('--input-type=module', '-e', code);
    assert.equal(JSON.parse(stdout).length > 0, isSet);
    assert.equal(stderr, '');
  });
}

test('dead buffers of bodies are collected, each so many bytes', async () => {
  const countRead = collectEvery(8 * 1024 * 1024);
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 1000; i++) countRead(Buffer.alloc(64 * 1024).length);
  const grown = () => process.memoryUsage().arrayBuffers - before;
  // V8 frees what it has collected on another thread, which may come late on a loaded machine.
  await eventually(() => grown() < BOUND, `of 64 MB less than ${BOUND} bytes are left`);
});
