import type { Connection } from './connection.ts';

/**
 * The connections there are, in no order.
 *
 * Not a Set, whose additions and removals make V8 give it a new table every so often: the old table keeps what it held
 * and links to the new one. Once the garbage collector has made one of these tables old, each keeps the next alive,
 * and with it every connection, till the next full collection.
 */
export class Connections {
  readonly #slots: Connection[] = [];

  get size(): number {
    return this.#slots.length;
  }

  add(connection: Connection): void {
    connection.slot = this.#slots.push(connection) - 1;
  }

  /** The last connection takes over the slot. */
  delete(connection: Connection): void {
    const last = this.#slots.pop();
    if (last === undefined || last === connection) return;
    last.slot = connection.slot;
    this.#slots[last.slot] = last;
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#slots.values();
  }
}
