import type { Signal } from './types.ts';

/**
 * Waits for work, but no longer than a request is wanted. The work itself goes on.
 * @throws the signal's reason, or the error of the work
 */
export async function untilAborted<T>(work: Promise<T>, signal: Signal): Promise<T> {
  let abort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason);
  });
  signal.addEventListener('abort', abort);
  try {
    if (signal.aborted) abort();
    return await Promise.race([aborted, work]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
