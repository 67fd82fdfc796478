import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { ConnectionError } from './database-error.ts';

/** Bytes. The answer takes a few hundred, a token 4096 at most, and an error message some thousands. */
const MAX_MESSAGE = 64 * 1024;
const MAX_TOTAL = 1024 * 1024;

/** Bytes of a message's type and length. */
const HEADER = 5;

/** The messages with which a server may answer a start-up and a simple query. */
const EXPECTED = new Set([...'RSKZTDCENA']);

/** AuthenticationOk, CleartextPassword, MD5Password, SASL, SASLContinue, SASLFinal: the driver can answer these. */
const AUTHENTICATION = new Set([0, 3, 5, 10, 11, 12]);

/**
 * The driver's view of a socket that is already connected (and encrypted): whole messages only, each of them checked.
 *
 * The driver trusts its server. It collects a message of any length. If a message is malformed, it throws out of its
 * data listener, which would end the process. It reads an error message without an end for ever (pg-protocol 1.x,
 * parser.js, parseErrorMessage). A hostile database must not take the proxy down.
 */
export class GuardedStream extends EventEmitter {
  readonly #socket: Duplex;
  #pending: Buffer = Buffer.alloc(0);
  #total = 0;

  constructor(socket: Duplex) {
    super();
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.emit('error', error));
    socket.on('end', () => this.emit('end'));
    socket.on('close', () => this.emit('close'));
    // After the end of the connection nothing listens any more, but the socket may still emit an error.
    this.on('error', () => {});
  }

  #receive(chunk: Buffer): void {
    if (this.#socket.destroyed) return;
    this.#total += chunk.length;
    try {
      if (this.#total > MAX_TOTAL) throw new ConnectionError('it sends more than it was asked for');
      this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
      while (this.#pending.length >= HEADER) {
        const end = 1 + this.#pending.readUInt32BE(1);
        checkHeader(String.fromCharCode(this.#pending[0]!), end);
        if (this.#pending.length < end) break;
        const message = this.#pending.subarray(0, end);
        this.#pending = this.#pending.subarray(end);
        checkBody(message);
        this.emit('data', message);
        if (this.#socket.destroyed) return;
      }
    } catch (error) {
      this.destroy(error instanceof ConnectionError ? error : new ConnectionError('it sends a malformed message'));
    }
  }

  // The driver uses only the following part of a stream.

  /** The socket is already connected. */
  connect(): void {
    queueMicrotask(() => this.emit('connect'));
  }

  get writable(): boolean {
    return this.#socket.writable;
  }

  write(data: Buffer, done?: () => void): boolean {
    return this.#socket.write(data, done);
  }

  end(): void {
    this.#socket.end();
  }

  destroy(error?: Error): void {
    this.#socket.destroy(error);
  }

  setNoDelay(): void {}

  ref(): void {}

  unref(): void {}

  /** For channel binding. The driver calls it only if the socket is a TLS socket. */
  getPeerCertificate(): unknown {
    return (this.#socket as TLSSocket).getPeerCertificate();
  }
}

function checkHeader(type: string, length: number): void {
  if (!EXPECTED.has(type)) throw new ConnectionError('it does not speak the PostgreSQL protocol');
  if (length < HEADER) throw new ConnectionError('it sends a malformed message');
  if (length > MAX_MESSAGE) throw new ConnectionError('it sends a message that is far too long');
}

function checkBody(message: Buffer): void {
  const type = String.fromCharCode(message[0]!);
  const body = message.subarray(HEADER);
  if (type === 'R' && !AUTHENTICATION.has(body.readUInt32BE())) {
    throw new ConnectionError('it requires an authentication method that is not supported (GSSAPI, SSPI or another)');
  }
  // Fields of a type and a string each, then a zero byte: the driver looks for that byte beyond the end, too.
  const isErrorOrNotice = type === 'E' || type === 'N';
  if (isErrorOrNotice && !/^(?:[^\0]+\0)*\0$/.test(body.toString('latin1'))) {
    throw new ConnectionError('it sends a malformed message');
  }
}
