import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type { ProxyProcess } from './proxy-process.ts';

/** Has a Node process tell its live heap and its timers on standard error at SIGUSR2: for `startProxy`'s environment. */
export const WITH_HEAP_REPORTS = {
  NODE_OPTIONS: `--expose-gc --import=${pathToFileURL(`${import.meta.dirname}/heap-reports.ts`)}`,
};

/** Bytes that are live in the heap of a proxy started `WITH_HEAP_REPORTS`. */
export const liveHeap = async (proxy: ProxyProcess): Promise<number> => (await report(proxy)).heap;

/** Timers of such a proxy that keep it alive. */
export const activeTimers = async (proxy: ProxyProcess): Promise<number> => (await report(proxy)).timers;

async function report(proxy: ProxyProcess): Promise<{ timers: number; heap: number }> {
  const before = proxy.stderr.length;
  proxy.kill('SIGUSR2');
  for (;;) {
    const [, timers, heap] = /timers (\d+)\nheap (\d+)\n/.exec(proxy.stderr.slice(before)) ?? [];
    if (heap !== undefined) return { timers: Number(timers), heap: Number(heap) };
    await Promise.race([once(proxy.child.stderr!, 'data'), proxy.ended.then(() => assertRunning(proxy))]);
  }
}

function assertRunning(proxy: ProxyProcess): never {
  throw new Error(`The proxy ended:\n${proxy.output}`);
}

export const hasProcFs = process.platform === 'linux';

export const openDescriptors = async (pid: number): Promise<number> => (await readdir(`/proc/${pid}/fd`)).length;

/** Bytes of memory that a process had in use at most so far. */
export async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]);
}
