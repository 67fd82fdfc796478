import type { Connection } from './connection.ts';

/**
 * The open connections, in no order.
 *
 * Not a Set: as entries come and go, V8 often gives a Set a new table. The old table keeps its entries and links to the
 * new one. Once the garbage collector has promoted one of these tables, each keeps the next alive, and with it every
 * connection, until the next full collection.
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
