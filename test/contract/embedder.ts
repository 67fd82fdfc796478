// A program that embeds the proxy: one process, in which all proxies of a test file run next to each other.
import { type PipedChild, startChild } from '../support/child-process.ts';
import { COMPILE_CACHE } from '../support/proxy-process.ts';
import { OWN_SERVER } from './edge-process.ts';
import type { Order, Outcome } from './embedder-process.ts';
import type { RunningTarget } from './targets.ts';

export class Embedder {
  readonly #program: string;
  #child: PipedChild | undefined;
  #output = '';
  #orders = 0;

  /** @param program a file that calls `takeOrders`. */
  constructor(program: string) {
    this.#program = program;
  }

  /** @throws {Error} with the process' own words if the options are wrong, or if it ends. */
  async start(options: unknown): Promise<RunningTarget> {
    const child = this.#running();
    const id = ++this.#orders;
    const outcome = new Promise<Outcome>((resolve, reject) => {
      const hear = (outcome: Outcome) => {
        if (outcome.id !== id) return;
        child.off('message', hear).off('close', end);
        resolve(outcome);
      };
      const end = () => reject(new Error(`${this.#program} ended:\n${this.#output}`));
      child.on('message', hear).once('close', end);
    });
    this.#tell({ id, options });
    const { port, error } = await outcome;
    if (port === undefined) throw new Error(error);
    return {
      host: '127.0.0.1',
      port,
      ...OWN_SERVER,
      keepsConnections: true,
      output: () => this.#output,
      stop: async () => this.#tell({ id }),
    };
  }

  #tell(order: Order): void {
    this.#child!.send(order);
  }

  #running(): PipedChild {
    if (this.#child !== undefined) return this.#child;
    const child = startChild(process.execPath, [this.#program], {
      env: { PATH: process.env.PATH, ...COMPILE_CACHE },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    child.setMaxListeners(100);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
    // It ends with the test file, which it does not keep running.
    child.unref();
    child.channel?.unref();
    this.#child = child;
    return child;
  }
}
