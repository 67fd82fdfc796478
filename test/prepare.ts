// Before all test files (--test-global-setup): builds what several of them need, so that each finds it made. A file that
// runs alone, without this, runs the program from its sources.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtWorker, makeLibrary, makeProgram, WORKER_FILE } from './support/builds.ts';

let folder: string;

export async function globalSetup(): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'sentry-api-proxy-builds-'));
  // Some tests run the program as a user without rights.
  chmodSync(folder, 0o755);
  await Promise.all([
    makeProgram(folder),
    makeLibrary(folder),
    builtWorker().then((worker) => writeFileSync(join(folder, WORKER_FILE), JSON.stringify(worker))),
  ]);
  process.env.TEST_BUILDS = folder;
  process.env.PROXY_PROGRAM ??= join(folder, 'sentry-api-proxy.cjs');
  // Test files start in less time when what they share is compiled already.
  process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'sentry-api-proxy-compile-cache');
}

export function globalTeardown(): void {
  rmSync(folder, { recursive: true, force: true });
}
