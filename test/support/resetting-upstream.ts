// An upstream in a thread that answers a request before it has read it and resets the connection, while the thread of the
// test stands still: so its next write comes before its next read, as it may to a busy proxy.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { endsWithTestFile } from './test-file.ts';

interface Options {
  /** Sent before the reset. */
  response: string;
  /** PEM. */
  tls?: { readonly cert: string; readonly key: string };
}

const [STANDING_STILL, RESET] = [1, 2];

const THREAD = `
const [STANDING_STILL, RESET] = [${STANDING_STILL}, ${RESET}];
const { parentPort, workerData } = require('node:worker_threads');
const { response, tls, state } = workerData;
const serve = (socket, below) => {
  socket.on('error', () => {});
  socket.once('data', () => {
    socket.pause();
    parentPort.postMessage('request');
    const reset = () => {
      below.resetAndDestroy();
      Atomics.store(state, 0, RESET);
      Atomics.notify(state, 0);
    };
    const answer = setInterval(() => {
      if (Atomics.load(state, 0) !== STANDING_STILL) return;
      clearInterval(answer);
      // Late enough for the kernel to have carried the bytes over.
      socket.write(response, () => setTimeout(reset, 20));
    }, 2);
  });
};
// Nagle's algorithm would hold the response back behind the tickets of TLS.
const raw = require('node:net').createServer({ noDelay: true });
if (tls === undefined) raw.on('connection', (socket) => serve(socket, socket));
else {
  const secure = require('node:tls').createServer(tls);
  const below = new Map();
  secure.on('secureConnection', (socket) => serve(socket, below.get(socket.remotePort)));
  raw.on('connection', (socket) => {
    below.set(socket.remotePort, socket);
    secure.emit('connection', socket);
  });
}
raw.listen(0, '127.0.0.1', () => parentPort.postMessage(raw.address().port));
`;

/** How long to stand still for it, in milliseconds. */
const PATIENCE = 10_000;

export class ResettingUpstream {
  readonly origin: string;
  readonly #thread: Worker;
  readonly #state: Int32Array;
  readonly #requested: Promise<unknown>;
  readonly #forget: () => void;

  private constructor(thread: Worker, state: Int32Array, origin: string) {
    this.#thread = thread;
    this.#state = state;
    this.#requested = once(thread, 'message');
    this.origin = origin;
    this.#forget = endsWithTestFile(() => void thread.terminate());
  }

  static async start({ response, tls }: Options): Promise<ResettingUpstream> {
    const state = new Int32Array(new SharedArrayBuffer(4));
    const thread = new Worker(THREAD, { eval: true, workerData: { response, tls, state } });
    const [port] = await once(thread, 'message');
    return new ResettingUpstream(thread, state, `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`);
  }

  /** Waits for a request, and reads nothing more until it is answered and reset. */
  async awaitReset(): Promise<void> {
    await this.#requested;
    Atomics.store(this.#state, 0, STANDING_STILL);
    const outcome = Atomics.wait(this.#state, 0, STANDING_STILL, PATIENCE);
    if (outcome === 'timed-out') throw new Error('the upstream did not answer');
  }

  async stop(): Promise<void> {
    this.#forget();
    await this.#thread.terminate();
  }
}
