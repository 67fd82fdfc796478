import type { Signal, Transport } from './types.ts';

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

/** A transport whose requests end when their signal says so, even if it heeds no signal itself. */
export function endedInTime(send: Transport): Transport {
  const transport: Transport = async (url, request) => {
    const sending = send(url, request);
    // A response that nobody waits for any more is given up.
    sending.then(
      ({ body }) => {
        if (request.signal.aborted) body?.cancel().catch(() => {});
      },
      () => {},
    );
    return untilAborted(sending, request.signal);
  };
  return Object.assign(transport, { losesLengths: send.losesLengths });
}
