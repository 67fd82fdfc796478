/** How request bodies are kept and sent. */
export interface BodyRules {
  /** Bytes of a request body that are kept for a replay, and up to which a chunked one is sent with a length. */
  readonly replayLimit: number;
  /** The same of all requests together; one per proxy. */
  readonly budget: MemoryBudget;
  /** Whether Sentry reads chunked bodies, so that they need no length. */
  readonly streamChunked: boolean;
  /** Whether only a body that was read whole is sent with its length. */
  readonly needsWholeBodies: boolean;
  /** Bytes of one body that is read whole for that reason. */
  readonly wholeLimit: number;
  /** The budget of bypassed requests, so that they leave the others their room. */
  readonly bypassBudget: MemoryBudget;
}

/** Bytes that requests share. */
export interface MemoryBudget {
  open(): Reservation;
}

/** The bytes of a budget that one request holds. */
export interface Reservation {
  /** @returns whether there is room for this many bytes; if not, the reservation stays as it is */
  growTo(size: number): boolean;
  close(): void;
}
