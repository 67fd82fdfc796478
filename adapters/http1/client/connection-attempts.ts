// Connecting to a name with several addresses, some of which may be dead (RFC 8305, "Happy Eyeballs").
import type { LookupAddress } from 'node:dns';
import type { Socket } from 'node:net';

/** Milliseconds from the start of an attempt to the start of the next one (RFC 8305 section 5). */
const ATTEMPT_DELAY = 250;

export interface Attempts {
  /** Ends all attempts. Nothing is called back afterwards. */
  cancel(): void;
}

/**
 * Tries the addresses of a name. An attempt goes on while the next one starts, and the first connection wins. There is
 * no time limit: the caller cancels the attempts.
 *
 * @param addresses one at least
 * @param open begins to connect to one address
 */
export function tryAddresses(
  addresses: readonly LookupAddress[],
  open: (address: string) => Socket,
  connected: (socket: Socket) => void,
  failed: (error: Error) => void,
): Attempts {
  const left = alternating(addresses);
  const running = new Set<Socket>();
  const errors: NodeJS.ErrnoException[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  const cancel = (): void => {
    clearTimeout(timer);
    left.length = 0;
    for (const socket of running) socket.destroy();
    running.clear();
  };

  const startNext = (): void => {
    clearTimeout(timer);
    const address = left.shift();
    if (address === undefined) {
      if (running.size === 0) failed(errorOf(errors));
      return;
    }
    const socket = open(address);
    running.add(socket);
    const onConnect = (): void => {
      if (!running.delete(socket)) return;
      socket.off('error', onError);
      cancel();
      connected(socket);
    };
    const onError = (error: Error): void => {
      if (!running.delete(socket)) return;
      errors.push(error);
      startNext();
    };
    socket.once('connect', onConnect);
    socket.on('error', onError);
    if (left.length > 0) timer = setTimeout(startNext, ATTEMPT_DELAY);
  };

  startNext();
  return { cancel };
}

/** The families take turns, so that one that does not work here delays the other only once (RFC 8305 section 4). */
function alternating(addresses: readonly LookupAddress[]): string[] {
  const first = addresses.filter(({ family }) => family === addresses[0]!.family);
  const others = addresses.filter(({ family }) => family !== addresses[0]!.family);
  const turns = first.flatMap((one, i) => [one, ...others.slice(i, i + 1)]);
  return [...turns, ...others.slice(first.length)].map(({ address }) => address);
}

/**
 * Error codes in order: those about Sentry first, then those that may only mean that this machine lacks an address
 * family.
 */
const TELLING = ['ECONNREFUSED', 'ETIMEDOUT', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'ENETUNREACH'];

/** One error for all attempts: the most telling code, and the text of each. */
function errorOf(errors: readonly NodeJS.ErrnoException[]): Error {
  const [first] = [...errors].sort((a, b) => TELLING.indexOf(a.code ?? '') - TELLING.indexOf(b.code ?? ''));
  const text = errors.map(({ message }) => message).join('; ');
  return Object.assign(new Error(text), { code: first?.code });
}
