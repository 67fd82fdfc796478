// A client that sends any bytes and reports exactly what came back and how the connection ended.
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Field, MessageReader } from './message.ts';

export interface Address {
  host: string;
  port: number;
  /** Its server keeps connections open after a whole response, in spite of its fields. */
  keepsConnections?: boolean;
  /** Milliseconds to wait for a response, where the usual are too many: for a server without deadlines. */
  patience?: number;
}

/** How the other side ended the connection; `open` if it did not. */
export type Ending = 'fin' | 'reset' | 'open';

export interface Reply {
  /** Of the final response; 0 if none came. */
  status: number;
  fields: Field[];
  content: Buffer;
  framing: 'none' | 'length' | 'chunked' | 'close';
  /** Whether a client that looks closely takes it for a whole response. */
  complete: boolean;
  trailers: Field[];
  /** Status codes of the interim responses. */
  interim: number[];
  /** Bytes after the final response. */
  rest: Buffer;
  ending: Ending;
  /** Whether the server may leave the connection open after it. */
  mayStayOpen: boolean;
  /** Everything that came. */
  bytes: Buffer;
  /** Milliseconds from the attempt to connect to the connection's end, or to the end of waiting for it. */
  elapsed: number;
}

const PATIENCE = 15_000;
/** Milliseconds to wait for a response, for all clients of one test: where none is expected. */
export const patienceOfTest = new AsyncLocalStorage<number>();
// How long to wait for the end of the connection (or for what must not come) after a whole response.
const GRACE = 2000;
// The same where the end will not come.
const GRACE_KEPT = 10;
// The same for another response.
const GRACE_FOLLOWING = 500;

export class RawClient {
  readonly socket: Socket;
  /** Settles with the end of the connection. */
  readonly ended: Promise<Ending>;
  readonly #reader: MessageReader;
  readonly #started: number;
  readonly #mayStayOpen: boolean;
  readonly #patience: number;
  #ending: Ending = 'open';

  private constructor(socket: Socket, started: number, method: string, address: Address) {
    const { keepsConnections = false, patience = PATIENCE } = address;
    this.socket = socket;
    this.#started = started;
    this.#mayStayOpen = keepsConnections;
    this.#patience = patienceOfTest.getStore() ?? patience;
    this.#reader = MessageReader.ofResponse(method);
    socket.on('data', (chunk: Buffer) => this.#reader.push(chunk));
    this.ended = new Promise((resolve) => {
      socket.on('end', () => {
        this.#ending = 'fin';
        this.#reader.wake();
      });
      socket.on('error', () => {
        if (this.#ending === 'open') this.#ending = 'reset';
      });
      socket.on('close', () => {
        resolve(this.#ending);
        this.#reader.wake();
      });
    });
  }

  /**
   * @param method of the request that will be sent: it decides how the response is framed.
   * @param sendsOn whether it can still send when the other side has ended its own sending.
   */
  static async connect(to: Address, method = 'GET', sendsOn = false): Promise<RawClient> {
    // Under load, the server may have waited for a while when this side learns that the connection stands.
    const started = performance.now();
    const socket = connect({ port: to.port, host: to.host, allowHalfOpen: sendsOn });
    await once(socket, 'connect');
    socket.setNoDelay(true);
    return new RawClient(socket, started, method, to);
  }

  /**
   * Resolves when the bytes are with the operating system, the connection is gone or the patience is at its end; and when
   * the whole response has come, since a server may then leave the rest of the request unread.
   */
  async write(bytes: string | Buffer): Promise<void> {
    if (this.socket.destroyed || !this.socket.writable) return;
    let isWritten = false;
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, () => {
      isWritten = true;
      this.#reader.wake();
    });
    await this.#reader.until(() => isWritten || this.socket.destroyed || this.#isWhole(), this.#patience);
  }

  /** What came so far. */
  get received(): Buffer {
    return this.#reader.bytes;
  }

  /** Resolves when what came matches, the connection ended or the patience did; the caller looks which. */
  until(matches: (received: string) => boolean, patience = this.#patience): Promise<void> {
    return this.#reader.until(() => matches(this.received.toString('latin1')) || this.socket.destroyed, patience);
  }

  /**
   * Waits for a whole response or the end of the connection, then for the connection's end if it comes soon.
   *
   * @param mayFollow that another response may come after it, which is worth waiting for where connections are kept.
   */
  async reply(patience = this.#patience, mayFollow = false): Promise<Reply> {
    await this.#reader.until(() => this.socket.destroyed || this.#ending === 'fin' || this.#isWhole(), patience);
    if (this.#ending === 'open') await this.#behind(mayFollow);
    const elapsed = performance.now() - this.#started;
    const ending = this.#ending;
    this.socket.destroy();

    const message = this.#reader.read();
    const base = {
      interim: this.#reader.interim,
      ending,
      mayStayOpen: this.#mayStayOpen,
      bytes: this.received,
      elapsed,
    };
    if (message === undefined) {
      const none = Buffer.alloc(0);
      return {
        status: 0,
        fields: [],
        content: none,
        framing: 'none',
        complete: false,
        trailers: [],
        rest: none,
        ...base,
      };
    }
    const { startLine, fields, content, framing, trailers, rest } = message;
    const complete = message.complete && (framing !== 'close' || ending === 'fin');
    const status = Number(/^HTTP\/1\.1 (\d{3})( |$)/.exec(startLine)?.[1] ?? 0);
    return { status, fields, content, framing, complete, trailers, rest, ...base };
  }

  async #behind(mayFollow: boolean): Promise<void> {
    const grace = this.#mayStayOpen ? (mayFollow ? GRACE_FOLLOWING : GRACE_KEPT) : GRACE;
    await this.#reader.until(
      () => this.#ending !== 'open' || this.socket.destroyed || (mayFollow && this.#hasMore()),
      grace,
    );
  }

  #hasMore(): boolean {
    try {
      return this.#reader.read()!.rest.length > 0;
    } catch {
      return true; // reply() reports what is wrong with it.
    }
  }

  #isWhole(): boolean {
    try {
      return this.#reader.isWhole;
    } catch {
      return true; // read() reports what is wrong with it.
    }
  }

  /** Goes away as a process does that ends: with a FIN, or a RST if something was left unread. */
  leave(): void {
    this.socket.destroy();
  }

  /** Goes away with a RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }
}

/** Sends the bytes, in as many writes as there are pieces, and waits for what comes back. */
export async function send(
  to: Address,
  pieces: string | Buffer | readonly (string | Buffer)[],
  mayFollow = false,
): Promise<Reply> {
  const list = typeof pieces === 'string' || Buffer.isBuffer(pieces) ? [pieces] : pieces;
  let start = '';
  for (const piece of list) if (start.length < 64) start += String(piece.slice(0, 64));
  const method = /^\s*(\S+) /.exec(start)?.[1];
  // Every server closes an HTTP/1.0 client's connection (RFC 9112 section 9.3), perhaps some time after the response.
  const isHttp10 = start.includes(' HTTP/1.0');
  const client = await RawClient.connect(isHttp10 ? { ...to, keepsConnections: false } : to, method);
  for (const piece of list) await client.write(piece);
  return client.reply(undefined, mayFollow);
}
