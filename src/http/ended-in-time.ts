import type { Transport } from './types.ts';
import { untilAborted } from './until-aborted.ts';

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
