import { type Reply, StoreError } from './replies.ts';
import { StoreConnection } from './store-connection.ts';
import type { StoreAddress } from './store-url.ts';

/** Milliseconds for a connection to be of use. */
const CONNECT_TIMEOUT = 2000;
/** Milliseconds before the second attempt to connect; they double up to the longest. */
const FIRST_DELAY = 100;
const LONGEST_DELAY = 5000;

/** Codes of a store that takes no writes now: after a failover, while it loads, without its master. Another may. */
const OF_NO_USE: ReadonlySet<string> = new Set(['READONLY', 'LOADING', 'MASTERDOWN', 'CLUSTERDOWN', 'NOAUTH']);

/** Events that a client reports. */
interface StoreEvents {
  /** There is a connection, and it takes writes. */
  connected(): void;
  /** There is none, or it was of no use; the next attempt follows by itself. */
  failed(error: StoreError): void;
}

/** A store that is connected to again, with a growing delay, whenever a connection ends or is of no use. */
export class StoreClient {
  readonly #address: StoreAddress;
  readonly #events: StoreEvents;
  #connection: StoreConnection | undefined;
  #retry: NodeJS.Timeout | undefined;
  /** Attempts since a command was last answered. */
  #attempts = 0;
  #isClosed = false;

  constructor(address: StoreAddress, events: StoreEvents) {
    this.#address = address;
    this.#events = events;
    void this.#connect();
  }

  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  /**
   * Runs a script.
   * @throws StoreError if there is no connection, or the store does not answer or refuses
   */
  async run(script: string, keys: readonly string[], parameters: readonly string[]): Promise<Reply> {
    const connection = this.#connection;
    if (connection === undefined) throw new StoreError('ENOTCONN');
    try {
      const reply = await connection.command('EVAL', script, String(keys.length), ...keys, ...parameters);
      this.#attempts = 0;
      return reply;
    } catch (error) {
      if (error instanceof StoreError && OF_NO_USE.has(error.code)) connection.end(error);
      throw error;
    }
  }

  /**
   * Ends the connection once every command has its reply, and does not connect again.
   * @param timeout milliseconds
   */
  async close(timeout: number): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    const connection = this.#connection;
    if (connection === undefined) return;
    const deadline = setTimeout(() => connection.end(new StoreError('ETIMEDOUT')), timeout);
    await connection.close();
    clearTimeout(deadline);
  }

  async #connect(): Promise<void> {
    let connection: StoreConnection;
    try {
      connection = await StoreConnection.open(this.#address, CONNECT_TIMEOUT, (error) => this.#ended(error));
    } catch {
      // It has ended, and that was reported.
      return;
    }
    if (this.#isClosed) {
      connection.end(new StoreError('closed'));
      return;
    }
    this.#connection = connection;
    this.#events.connected();
  }

  #ended(error: StoreError): void {
    this.#connection = undefined;
    if (this.#isClosed) return;
    const longest = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.min(this.#attempts++, 10));
    // Replicas that lost the store at the same time do not come back at the same time.
    this.#retry = setTimeout(() => void this.#connect(), longest * (0.5 + Math.random() / 2));
    this.#retry.unref();
    this.#events.failed(error);
  }
}
