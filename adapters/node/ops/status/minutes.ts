/** Minutes that are kept. */
export const MINUTES = 60;

/** Counters for each of the last 60 minutes, the current one included. Its size never changes. */
export class Minutes {
  readonly #width: number;
  readonly #counts: Uint32Array;
  #current: number;

  /**
   * @param width how many counters there are for each minute
   * @param minute the current minute, counted from anywhere
   */
  constructor(width: number, minute: number) {
    this.#width = width;
    this.#counts = new Uint32Array(MINUTES * width);
    this.#current = minute;
  }

  /** Adds one to a counter of the current minute. */
  count(minute: number, counter: number): void {
    this.#advance(minute);
    this.#counts[(minute % MINUTES) * this.#width + counter]!++;
  }

  /** A counter's values, minute by minute; the last one is the current minute's. */
  values(minute: number, counter: number): number[] {
    this.#advance(minute);
    return Array.from({ length: MINUTES }, (_, index) => {
      const slot = (minute + 1 + index) % MINUTES;
      return this.#counts[slot * this.#width + counter]!;
    });
  }

  /** The sum of a counter over the last so many minutes. */
  sum(minute: number, counter: number, minutes = MINUTES): number {
    return this.values(minute, counter)
      .slice(-minutes)
      .reduce((sum, value) => sum + value, 0);
  }

  /** Empties the slots of the minutes that have passed. */
  #advance(minute: number): void {
    if (minute === this.#current) return;
    const passed = Math.min(minute - this.#current, MINUTES);
    for (let back = 0; back < passed; back++) {
      const slot = (minute - back) % MINUTES;
      this.#counts.fill(0, slot * this.#width, (slot + 1) * this.#width);
    }
    this.#current = minute;
  }
}
