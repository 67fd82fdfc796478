import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Reply, ReplyReader, StoreError } from './replies.ts';
import { PROBE } from './scripts.ts';
import type { StoreAddress } from './store-url.ts';

/** Milliseconds without a reply, while a command waits, after which a connection counts as dead. */
const SILENCE = 2000;
/** Commands that may wait for their replies. */
const MAX_WAITING = 10_000;

/** One connection to Redis or Valkey. It is not opened again: `StoreClient` opens the next one. */
export class StoreConnection {
  readonly #socket: Socket;
  readonly #reader = new ReplyReader();
  readonly #waiting: { resolve(reply: Reply): void; reject(error: StoreError): void }[] = [];
  readonly #closed: (error: StoreError) => void;
  #silence: NodeJS.Timeout | undefined;
  #error: StoreError | undefined;

  /** @param closed called once, when the connection ends */
  private constructor(socket: Socket, closed: (error: StoreError) => void) {
    this.#socket = socket;
    this.#closed = closed;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 10_000);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => this.end(new StoreError(error.code ?? 'ECONNRESET')));
    socket.on('close', () => this.end(new StoreError('ECONNRESET')));
  }

  /**
   * Connects, logs in, and makes sure that the store takes writes: after a failover it may be a replica.
   * @param timeout milliseconds for all of it
   * @throws StoreError
   */
  static async open(
    address: StoreAddress,
    timeout: number,
    closed: (error: StoreError) => void = () => {},
  ): Promise<StoreConnection> {
    const { host, port, isEncrypted } = address;
    const socket = isEncrypted
      ? connectTls({ host, port, servername: isIP(host) === 0 ? host : '' })
      : connect(port, host);
    const connection = new StoreConnection(socket, closed);
    const deadline = setTimeout(() => connection.end(new StoreError('ETIMEDOUT')), timeout);
    try {
      await connection.#logIn(address);
      return connection;
    } catch (error) {
      connection.end(error as StoreError);
      throw error;
    } finally {
      clearTimeout(deadline);
    }
  }

  async #logIn({ user, password, database, prefix }: StoreAddress): Promise<void> {
    if (password !== '') await this.command('AUTH', ...(user === '' ? [] : [user]), password);
    if (database !== 0) await this.command('SELECT', String(database));
    // Names the connection in the store's list of clients. A user may lack the right to set it.
    await this.command('CLIENT', 'SETNAME', 'sentry-api-proxy').catch((error: StoreError) => {
      if (this.#error !== undefined) throw error;
    });
    await this.command('EVAL', PROBE, '1', `${prefix}:probe`);
  }

  /**
   * Sends a command.
   * @throws StoreError if the store answers with an error, or the connection ends before it answers
   */
  command(...words: readonly string[]): Promise<Reply> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#waiting.length >= MAX_WAITING) return Promise.reject(new StoreError('busy'));
    const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
    this.#socket.write(`*${words.length}\r\n${parts.join('')}`);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (this.#waiting.length === 1) this.#watch();
    });
  }

  /** Ends the connection once all that was sent is answered. */
  async close(): Promise<void> {
    // Replies come in order.
    await this.command('PING').catch(() => {});
    this.end(new StoreError('closed'));
  }

  /** Ends the connection at once. All that waits fails with the error. */
  end(error: StoreError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    clearTimeout(this.#silence);
    this.#socket.destroy();
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    this.#closed(error);
  }

  #receive(chunk: Buffer): void {
    if (this.#error !== undefined) return;
    try {
      const replies = this.#reader.read(chunk);
      for (const reply of replies) {
        const waiting = this.#waiting.shift();
        if (waiting === undefined) throw new StoreError('not Redis');
        if (reply instanceof StoreError) waiting.reject(reply);
        else waiting.resolve(reply);
      }
      // A reply that comes byte by byte is none.
      if (replies.length > 0) this.#watch();
    } catch (error) {
      this.end(error as StoreError);
    }
  }

  /** A connection may die without a word: a firewall that forgot it, a host that lost its power. */
  #watch(): void {
    clearTimeout(this.#silence);
    if (this.#waiting.length === 0) return;
    this.#silence = setTimeout(() => this.end(new StoreError('ETIMEDOUT')), SILENCE);
    this.#silence.unref();
  }
}
