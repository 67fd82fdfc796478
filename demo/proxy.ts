// The proxy as a user starts it: its command line, in a separate process.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface RunningProxy {
  url: string;
  /** Settles when the process has ended, for any reason. */
  ended: Promise<void>;
  /** Lets it finish what is in flight, for five seconds at most, and ends it. May be called again. */
  stop(): Promise<void>;
}

const MAIN = join(import.meta.dirname, '../adapters/node.ts');
const PATIENCE_FOR_START = 30_000;
const PATIENCE_FOR_END = 5000;

/**
 * Starts the proxy in system mode and waits until it listens and has read the token. It does not outlive this process
 * if that exits.
 *
 * @param flags its command line; nothing is taken from this process's environment or from a `.env` file.
 * @param onLine is given each line of its log.
 * @throws {Error} if it does not get that far within 30 s; what it writes to standard error is seen at once.
 */
export async function startProxy(flags: string[], onLine: (line: string) => void): Promise<RunningProxy> {
  const child = spawn(process.execPath, [MAIN, ...flags], {
    cwd: import.meta.dirname,
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = once(child, 'close').then(() => void process.off('exit', kill));

  let url = '';
  let hasToken = false;
  let problem = 'The proxy did not start.';
  const ready = new Promise<boolean>((resolve) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const { event, address, state, reason } = JSON.parse(line);
      if (event === 'listening') url = address;
      // A start on a busy machine may take longer than the proxy lets a first request wait for the token.
      if (event === 'token' && state === 'held') hasToken = true;
      if (url && hasToken) resolve(true);
      if (event === 'token' && !hasToken) problem = `The proxy could not read the token: ${reason}`;
      onLine(line);
    });
  });
  const impatience = setTimeout(kill, PATIENCE_FOR_START);
  const isReady = await Promise.race([ready, ended]);
  clearTimeout(impatience);
  if (!isReady) throw new Error(problem);
  return { url, ended, stop: () => stop(child, ended) };
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  const impatience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_FOR_END);
  await ended;
  clearTimeout(impatience);
}
