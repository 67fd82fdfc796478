// What `wrangler deploy` would upload.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type BuiltWorker, builtWorker } from '../support/builds.ts';

/** Bytes. Cloudflare takes 3 MB; half of the bundle serves named clients. */
const MAX_SIZE = 60 * 1024;

describe('the bundle of the Worker', () => {
  let worker: BuiltWorker;

  before(async () => {
    worker = await builtWorker();
  });

  it('is below its bound, gzipped', (t) => {
    const size = gzipSync(worker.script, { level: 9 }).length;
    t.diagnostic(`${size} bytes`);
    assert.ok(size < MAX_SIZE, `${size} bytes`);
  });

  it('is made of the core, the adapter and what verifies signatures alone', () => {
    assert.ok(worker.sources.includes('src/pipeline/handle.ts'));
    const others = worker.sources.filter(
      (path) =>
        !/^(?:src|adapters\/web)\/(?:[\w-]+\/)*[\w-]+\.ts$|^adapters\/worker\.ts$|^node_modules\/jose\//.test(path),
    );
    assert.deepEqual(others, []);
  });

  it('asks for no module at run time', () => {
    assert.doesNotMatch(worker.script, /\bimport\s*[("'{*]|\bfrom\s*["']|\brequire\(/);
  });
});
