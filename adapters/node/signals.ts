import { isatty } from 'node:tty';

/** The signals that end the program, with their numbers. SIGHUP does so only where its terminal was closed. */
const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

type StopSignal = keyof typeof NUMBERS;

const STANDARD_STREAMS = [0, 1, 2];

/**
 * Receives the signals of operators from the first statement of the program on, and keeps them until it is known what
 * they are to do. As process 1 of a container a program never gets a signal that it has no listener for.
 */
export class Signals {
  #stop: ((signal: StopSignal) => void) | undefined;
  #reload: (() => void) | undefined;
  #received: StopSignal | undefined;
  #isReloadAsked = false;
  readonly #terminals = STANDARD_STREAMS.filter((descriptor) => isatty(descriptor));

  constructor() {
    process.on('SIGTERM', this.#onStop);
    process.on('SIGINT', this.#onStop);
    process.on('SIGHUP', this.#onHangUp);
  }

  /** Sets what the first signal to stop does, which may have come already. A second one ends the process at once. */
  onStop(stop: (signal: StopSignal) => void): void {
    this.#stop = stop;
    if (this.#received !== undefined) stop(this.#received);
  }

  /** Sets what SIGHUP does, which may have come already. */
  onReload(reload: () => void): void {
    this.#reload = reload;
    if (this.#isReloadAsked) reload();
  }

  /** Lets signals do what they do without listeners: they end the process at once. Those that came already do it now. */
  release(): void {
    process.off('SIGTERM', this.#onStop);
    process.off('SIGINT', this.#onStop);
    process.off('SIGHUP', this.#onHangUp);
    const received = this.#received ?? (this.#isReloadAsked ? 'SIGHUP' : undefined);
    if (received === undefined) return;
    // `process.exit` would wait for a read that waits for a pipe.
    process.kill(process.pid, received);
    // Process 1 survives that.
    exitBy(received);
  }

  readonly #onStop = (signal: NodeJS.Signals): void => {
    if (this.#received !== undefined) exitBy(signal as StopSignal);
    this.#received = signal as StopSignal;
    this.#stop?.(this.#received);
  };

  readonly #onHangUp = (): void => {
    // The terminal was closed, and with it the only way to stop the program.
    const isAlone = this.#terminals.some((descriptor) => !isatty(descriptor));
    if (isAlone) {
      this.#onStop('SIGHUP');
      return;
    }
    this.#isReloadAsked = true;
    this.#reload?.();
  };
}

const exitBy = (signal: StopSignal): never => process.exit(128 + NUMBERS[signal]);
