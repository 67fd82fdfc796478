// What tests need that is built of the sources: made once for all test files by test/prepare.ts, and otherwise by the file
// that needs it.
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
/** The folder with all of it; undefined where nothing was made before. */
const MADE = process.env.TEST_BUILDS;

const run = promisify(execFile);

/** Makes the program: sentry-api-proxy.cjs in the folder. */
export async function makeProgram(folder: string): Promise<void> {
  await run(process.execPath, [join(ROOT, 'build.ts'), folder], { cwd: ROOT });
}

/** Makes the library and its types: library/ and types/ in the folder. */
export async function makeLibrary(folder: string): Promise<void> {
  if (MADE === undefined) await run(process.execPath, [join(ROOT, 'build-library.ts'), folder], { cwd: ROOT });
  else for (const name of ['library', 'types']) cpSync(join(MADE, name), join(folder, name), { recursive: true });
}

export interface WorkerOptions {
  /** The text of its one module. */
  script: string;
  compatibilityDate: string;
  compatibilityFlags: string[];
}

export interface BuiltWorker extends WorkerOptions {
  /** What it is made of: paths under the project's folder. */
  sources: string[];
}

/** The name under which test/prepare.ts keeps the worker. */
export const WORKER_FILE = 'worker.json';

/** The worker as `wrangler deploy` would send it, and what `wrangler.toml` says of how to run it. */
export async function builtWorker(): Promise<BuiltWorker> {
  if (MADE !== undefined) return JSON.parse(readFileSync(join(MADE, WORKER_FILE), 'utf8'));
  const folder = mkdtempSync(join(tmpdir(), 'sentry-api-proxy-worker-'));
  try {
    const args = ['deploy', '--dry-run', `--outdir=${folder}`, `--metafile=${folder}/meta.json`];
    await run(join(ROOT, 'node_modules/.bin/wrangler'), args, {
      cwd: ROOT,
      env: { PATH: process.env.PATH, HOME: folder, CI: 'true', WRANGLER_SEND_METRICS: 'false' },
      timeout: 120_000,
    });
    const { inputs } = JSON.parse(await readFile(join(folder, 'meta.json'), 'utf8'));
    return {
      script: await readFile(join(folder, 'worker.js'), 'utf8'),
      ...(await compatibility()),
      sources: Object.keys(inputs),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What `wrangler.toml` says of how to run a worker. */
export async function compatibility(): Promise<Omit<WorkerOptions, 'script'>> {
  const configuration = await readFile(join(ROOT, 'wrangler.toml'), 'utf8');
  const flags = /^compatibility_flags = \[(.*)\]$/m.exec(configuration)![1]!;
  return {
    compatibilityDate: /^compatibility_date = "(.*)"$/m.exec(configuration)![1]!,
    compatibilityFlags: [...flags.matchAll(/"([^"]+)"/g)].map(([, flag]) => flag!),
  };
}
