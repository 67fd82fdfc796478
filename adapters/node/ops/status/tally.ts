import { Minutes } from './minutes.ts';

/** The name under which the rest counts if there are more names than are kept. */
export const OTHERS = '(others)';

/** Counters by name over the last hour, for a bounded number of names. */
export class Tally {
  readonly #width: number;
  readonly #maxNames: number;
  readonly #byName = new Map<string, Minutes>();

  /** @param width how many counters there are for each name */
  constructor(width: number, maxNames: number) {
    this.#width = width;
    this.#maxNames = maxNames;
  }

  /** Adds one to a counter of a name. */
  count(minute: number, name: string, counter: number): void {
    this.#minutesOf(minute, name).count(minute, counter);
  }

  /** All names with their counters, in the order in which they came up. */
  *entries(): Iterable<[string, Minutes]> {
    yield* this.#byName;
  }

  #minutesOf(minute: number, name: string): Minutes {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    if (this.#byName.size >= this.#maxNames && name !== OTHERS) return this.#minutesOf(minute, OTHERS);
    const minutes = new Minutes(this.#width, minute);
    this.#byName.set(name, minutes);
    return minutes;
  }
}
