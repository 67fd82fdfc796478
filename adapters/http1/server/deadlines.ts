/** How long the parts of a connection may take. */
export interface ConnectionLimits {
  /** Milliseconds from the connection's start to the end of the header section; 0: no bound. */
  readonly readHeader: number;
  /** Milliseconds from the connection's start to the end of the request; 0: no bound. */
  readonly read: number;
  /** Milliseconds from the end of the header section to the end of the response; 0: no bound. */
  readonly write: number;
  /** Bytes of the request line and the header section together. */
  readonly maxHead: number;
}

/** Milliseconds to write a last answer after a deadline has passed. */
const GRACE = 1000;
/** Milliseconds between two reads from a client that still sends after its answer; nginx's figure. */
const LINGER_PER_READ = 5000;
/** Milliseconds in all for such a client; nginx's figure. */
const LINGER_AT_ALL = 30_000;
/** Milliseconds for a connection without a request, once the port is closed. */
const LAST_CHANCE = 1000;

const NEVER = Number.POSITIVE_INFINITY;

/** The deadlines of a connection. Times are those of `performance.now()`. */
export class Deadlines {
  /** The deadline now. */
  at: number;

  readonly #limits: ConnectionLimits;
  /** The end of the header section, or the connection's start until that has come. */
  #begin = performance.now();
  #lingerEnd = NEVER;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
    this.at = this.#begin + Math.min(limits.readHeader || NEVER, limits.read || NEVER);
  }

  /** Milliseconds since the end of the header section, or since the connection's start if that has not come. */
  get elapsed(): number {
    return performance.now() - this.#begin;
  }

  get isWriteOver(): boolean {
    return this.#writeEnd <= performance.now();
  }

  get #writeEnd(): number {
    return this.#begin + (this.#limits.write || NEVER);
  }

  headRead(hasBody: boolean): void {
    const readEnd = hasBody ? this.#begin + (this.#limits.read || NEVER) : NEVER;
    this.#begin = performance.now();
    this.at = Math.min(this.#writeEnd, readEnd);
  }

  bodyRead(): void {
    this.at = this.#writeEnd;
  }

  lastAnswer(): void {
    this.at = performance.now() + GRACE;
  }

  /** Everything is sent, and the client may still send. */
  linger(): void {
    this.#lingerEnd = performance.now() + LINGER_AT_ALL;
    this.lingerOn();
  }

  /** Another read, while lingering. */
  lingerOn(): void {
    if (this.#lingerEnd === NEVER) return;
    this.at = Math.min(this.#lingerEnd, performance.now() + LINGER_PER_READ);
  }

  /** Waits for no new request, and drops none in flight. */
  shorten(): void {
    this.at = Math.min(this.at, performance.now() + LAST_CHANCE);
    if (this.#lingerEnd !== NEVER) this.#lingerEnd = this.at;
  }
}
