/**
 * Calls a callback of the library's user. An error or rejection goes to the console: it must neither break a
 * response nor end the process.
 */
export function callBack<T>(name: string, callback: (value: T) => unknown, value: T): void {
  const report = (error: unknown): void => console.error(`sentry-api-proxy: ${name} threw`, error);
  try {
    const returned = callback(value);
    if (isThenable(returned)) Promise.resolve(returned).catch(report);
  } catch (error) {
    report(error);
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
