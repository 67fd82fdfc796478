/** How long the parts of a connection may take. */
export interface ConnectionLimits {
  /** Milliseconds from the connection's begin to the end of the header section; 0: no bound. */
  readonly readHeader: number;
  /** Milliseconds from the connection's begin to the end of the request; 0: no bound. */
  readonly read: number;
  /** Milliseconds from the end of the header section to the end of the response; 0: no bound. */
  readonly write: number;
  /** Bytes of the request line and the header section together. */
  readonly maxHead: number;
}

/** Milliseconds for a last answer to be written after a deadline has passed. */
const GRACE = 1000;
/** Milliseconds from one read to the next for a client that goes on sending after it was answered; nginx's figure. */
const LINGER_PER_READ = 5000;
/** Milliseconds for which such a client may go on at all; nginx's figure. */
const LINGER_AT_ALL = 30_000;
/** Milliseconds for a connection that carries no request, once the port is closed. */
const LAST_CHANCE = 1000;

const NEVER = Number.POSITIVE_INFINITY;

/** When a connection has to have got further. Times are those of `performance.now()`. */
export class Deadlines {
  /** The deadline now. */
  at: number;

  readonly #limits: ConnectionLimits;
  /** The end of the header section, or the connection's begin until that has come. */
  #begin = performance.now();
  #lingerEnd = NEVER;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
    this.at = this.#begin + Math.min(limits.readHeader || NEVER, limits.read || NEVER);
  }

  /** Milliseconds since the end of the header section, or since the connection's begin if that has not come. */
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

  /** The answer is written, and the client still sends. */
  linger(): void {
    this.#lingerEnd = performance.now() + LINGER_AT_ALL;
    this.lingerOn();
  }

  /** Another read, while lingering. */
  lingerOn(): void {
    this.at = Math.min(this.#lingerEnd, performance.now() + LINGER_PER_READ);
  }

  /** No new request is waited for, and no old one is lost. */
  hurry(): void {
    this.#lingerEnd = Math.min(this.#lingerEnd, performance.now() + LAST_CHANCE);
    this.at = Math.min(this.at, this.#lingerEnd);
  }
}
