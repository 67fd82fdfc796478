// The attacks of slowhttptest (https://github.com/shekyan/slowhttptest), a system package, next to honest traffic.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from './child-process.ts';
import { quickly } from './quick-client.ts';
import type { Address } from './raw-client.ts';

export const slowHttpTest: string | undefined = (process.env.PATH ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'slowhttptest'))
  .find((path) => existsSync(path));

export const ATTACKS = {
  'slow headers': ['-H', '-i', '1', '-x', '10'],
  'slow bodies': ['-B', '-i', '1', '-s', '8192', '-x', '10'],
  'many ranges': ['-R', '-a', '10', '-b', '3000'],
  'slow reads': ['-X', '-w', '512', '-y', '1024', '-n', '5', '-z', '32'],
} as const;

/**
 * Attacks over that many connections.
 *
 * @param seconds at most.
 * @param signal ends it before.
 */
export async function attack(
  kind: keyof typeof ATTACKS,
  { host, port }: Address,
  connections: number,
  seconds: number,
  signal?: AbortSignal,
): Promise<void> {
  if (slowHttpTest === undefined) throw new Error('slowhttptest is not installed: apt-get install slowhttptest');
  const size = ['-c', String(connections), '-r', String(connections), '-l', String(seconds), '-p', '3'];
  const child = startChild(slowHttpTest, [...ATTACKS[kind], ...size, '-u', `http://${host}:${port}/large`], {
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  const end = () => void child.kill('SIGKILL');
  const impatience = setTimeout(end, (seconds + 20) * 1000);
  signal?.addEventListener('abort', end);
  await once(child, 'close');
  clearTimeout(impatience);
  signal?.removeEventListener('abort', end);
}

export interface Honest {
  /** Requests that were answered as they should be. */
  served: number;
  /** What else came, in words. */
  failures: string[];
  /** Milliseconds that the slowest of them took. */
  longest: number;
}

/** Ten requests a second, for as long as the work takes and a little longer. */
export async function honestTraffic(to: Address, bytes: string, during: Promise<unknown>): Promise<Honest> {
  const honest: Honest = { served: 0, failures: [], longest: 0 };
  let isOver = false;
  const over = during.then(() => {
    isOver = true;
  });
  const requests: Promise<void>[] = [];
  while (!isOver) {
    requests.push(
      quickly(to, bytes).then(
        ({ status, content, elapsed }) => {
          honest.longest = Math.max(honest.longest, elapsed);
          if (status === 200 && content === 'ok') honest.served++;
          else honest.failures.push(`status ${status} and ${content.length} bytes`);
        },
        (error: Error) => void honest.failures.push(error.message),
      ),
    );
    await Promise.race([sleep(100), over]);
  }
  await over;
  await Promise.all(requests);
  return honest;
}
