import { TimeoutError } from './database-error.ts';

/**
 * The outcome of some work, within a time limit. A timeout does not end the work: the caller has to do that.
 * @param timeout milliseconds
 * @throws {TimeoutError} or the signal's reason
 */
export async function within<T>(timeout: number, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const abort = () => reject(signal!.reason);
  const timer = setTimeout(() => reject(new TimeoutError(timeout)), timeout);
  signal?.addEventListener('abort', abort);
  work().then(resolve, reject);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}
