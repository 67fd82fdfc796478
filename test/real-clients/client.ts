// A client program from npm, run without its own configuration and cache.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** Where the packages of test/real-clients/package.json are. */
export const MODULES = join(import.meta.dirname, 'node_modules');

export interface ClientRun {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface ClientSetup {
  /** Where it is run; a new folder if none is given. */
  cwd?: string;
  env?: Record<string, string>;
  /** Given to it on standard input. */
  input?: string;
}

/** Runs a JavaScript program with this Node; its home is a new folder each time, so that no run knows of another. */
export async function runClient(program: string, args: readonly string[], setup: ClientSetup = {}): Promise<ClientRun> {
  const home = await mkdtemp(join(tmpdir(), 'real-client-'));
  try {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: setup.cwd ?? home,
      env: {
        PATH: process.env.PATH,
        HOME: home,
        // The sentry CLI keeps a regionUrl that it once saw in a database there.
        SENTRY_CONFIG_DIR: join(home, '.sentry'),
        SENTRY_LOAD_DOTENV: '0',
        SENTRY_HTTP_MAX_RETRIES: '0',
        NO_COLOR: '1',
        CI: 'true',
        ...setup.env,
      },
      timeout: 60_000,
    });
    child.stdin.end(setup.input ?? '');
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { code, stdout, stderr };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
