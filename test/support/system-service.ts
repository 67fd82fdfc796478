// Servers from system packages, not from npm, run for a test in their own folder.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const READY_WITHIN = 20_000;
const STOPPED_WITHIN = 10_000;

/** The path of an installed program; undefined if there is none. Debian keeps servers where only root's PATH leads. */
export function installedProgram(name: string): string | undefined {
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin']
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

/** A new folder for a service's files. Its worker processes may be of another user, so everyone may enter it. */
export const serviceFolder = (name: string): Promise<string> => mkdtemp(join(tmpdir(), `sentry-${name}-`));

export interface Service {
  stop(): Promise<void>;
}

/**
 * Starts a server that stays in the foreground, and waits until it is ready. It ends with this process, however that
 * ends.
 *
 * @throws {Error} with what the server wrote, if it ends early or is not ready in time.
 */
export async function startService(
  command: readonly string[],
  isReady: () => Promise<boolean>,
  env: Record<string, string> = {},
): Promise<Service> {
  // The shell waits for its input to end, which it does when this process does, and ends the server with it.
  const script = '"$@" </dev/null & server=$!; read -r _; kill "$server"; wait "$server"';
  const guard = spawn('/bin/sh', ['-c', script, 'guard', ...command], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '', ...env },
  });
  let written = '';
  for (const output of [guard.stdout, guard.stderr]) {
    output.on('data', (chunk) => {
      written = (written + chunk).slice(-20_000);
    });
  }
  const gone = once(guard, 'close');
  const stop = async () => {
    guard.stdin.end();
    const isGone = await Promise.race([gone.then(() => true), sleep(STOPPED_WITHIN, false, { ref: false })]);
    if (!isGone) throw new Error(`${command[0]} does not stop.\n${written}`);
  };
  const deadline = performance.now() + READY_WITHIN;
  while (!(await isReady())) {
    await sleep(50);
    if (performance.now() < deadline) continue;
    await stop();
    throw new Error(`${command[0]} is not ready in time.\n${written}`);
  }
  return { stop };
}

/** Removes a service's folder. */
export const removeFolder = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });
