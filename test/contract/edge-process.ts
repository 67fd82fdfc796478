// The runtimes of the edge adapters, each with an adapter as its users start it.
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from '../support/child-process.ts';
import { COMPILE_CACHE } from '../support/proxy-process.ts';
import type { RunningTarget, StartOptions } from './targets.ts';

const ROOT = join(import.meta.dirname, '../..');
const START_PATIENCE = 20_000;
/** How tests look at a runtime's own server. */
export const OWN_SERVER = { patience: 10_000 };

/** The settings of an edge adapter, by the names of its variables. */
export function edgeSettings({ upstream, token, aliases, flags = {} }: StartOptions): Record<string, string> {
  const { unmatched, allowedHosts, publicUrl, keepInside, writeTimeout, clients, tokens, ...bodies } = flags;
  const { replayLimit, replayLimitTotal, streamChunked, upstreamHeaders, ...others } = bodies;
  const unknown = Object.entries(others).filter(([, value]) => value !== 0);
  if (unknown.length > 0) throw new Error(`An edge adapter does not have ${unknown.map(([name]) => name).join(', ')}.`);
  return {
    SENTRY_URI: upstream,
    SENTRY_TOKEN: token,
    ...(aliases.length > 0 && { ALIAS_TOKENS: aliases.join(';') }),
    ...(clients !== undefined && { CLIENTS: clients }),
    ...(tokens !== undefined && { TOKENS: tokens }),
    ...(aliases.length === 0 && clients === undefined && { ALLOW_ANY_CLIENT: 'true' }),
    ...(unmatched !== undefined && { UNMATCHED: unmatched }),
    ...(allowedHosts && { ALLOWED_HOSTS: allowedHosts.join(';') }),
    ...(upstreamHeaders && { UPSTREAM_HEADERS: upstreamHeaders.join('\n') }),
    ...(publicUrl !== undefined && { PUBLIC_URL: publicUrl }),
    ...(keepInside !== undefined && { KEEP_INSIDE: String(keepInside) }),
    ...(writeTimeout !== undefined && { WRITE_TIMEOUT: String(writeTimeout) }),
    ...(replayLimit !== undefined && { REPLAY_LIMIT: String(replayLimit) }),
    ...(replayLimitTotal !== undefined && { REPLAY_LIMIT_TOTAL: String(replayLimitTotal) }),
    ...(streamChunked !== undefined && { STREAM_CHUNKED: String(streamChunked) }),
  };
}

/**
 * Starts a runtime and waits until it says where it listens.
 *
 * @throws {Error} with its own words if it ends before.
 */
export async function startRuntime(
  program: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<RunningTarget> {
  const child = startChild(resolve(ROOT, 'node_modules/.bin', program), args, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };

  const deadline = performance.now() + START_PATIENCE;
  for (;;) {
    const port = /http:\/\/[\w.]+:(\d+)/.exec(output)?.[1];
    if (port !== undefined) return { host: '127.0.0.1', port: Number(port), ...OWN_SERVER, output: () => output, stop };
    if (child.exitCode !== null || performance.now() > deadline) {
      await stop();
      throw new Error(`${program} did not start:\n${output}`);
    }
    await sleep(10);
  }
}
