import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { ProxyError } from '../../../src/http/errors.ts';
import type { UpstreamRequest, UpstreamResponse } from '../../../src/http/types.ts';
import { upstreamError } from '../../../src/http/upstream-error.ts';
import { RequestBodyWriter } from '../message/body-writer.ts';
import { MalformedMessage } from '../message/field-lines.ts';
import { HeadReader } from '../message/head-reader.ts';
import type { WrittenHead } from '../message/head-writer.ts';
import { type CountRead, MessageBody } from '../message/message-body.ts';
import { abortReason } from './connector.ts';
import { outliveFailedWrites } from './failed-writes.ts';
import type { Part } from './parting.ts';
import { parseResponseHead, refuseContradiction, refuseOtherProtocol } from './response-head.ts';

/** Bytes of a response's head, interim responses before it included. */
const MAX_HEAD = 64 * 1024;
/** Milliseconds to read what Sentry has sent, once nothing can be sent to it any more. */
const READ_ON = 1000;

/** The state that the exchanges of one transport share. */
export interface Shared {
  readonly countRead?: CountRead | undefined;
  /** Closes the connection after a whole response. */
  readonly part: Part;
}

const destroy = (socket: Socket): void => void socket.destroy();

/** One request and its response on one connection. */
export class Exchange {
  readonly #socket: Socket;
  readonly #request: UpstreamRequest;
  readonly #resolve: (response: UpstreamResponse) => void;
  readonly #reject: (error: Error) => void;
  readonly #shared: Shared;
  #head = new HeadReader();
  /** Bytes of interim responses. */
  #interimBytes = 0;
  #body: MessageBody | undefined;
  #upload: RequestBodyWriter | undefined;
  #hasResponse = false;
  /** The TLS handshake is still to end. */
  #isSecuring = false;
  /** Why nothing more can be sent. */
  #writeError: Error | undefined;
  #isOver = false;

  constructor(
    socket: Socket,
    request: UpstreamRequest,
    resolve: (response: UpstreamResponse) => void,
    reject: (error: Error) => void,
    shared: Shared = { part: destroy },
  ) {
    this.#socket = socket;
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#shared = shared;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onError);
    socket.on('close', this.#onEnd);
    const outlive = () => outliveFailedWrites(socket, this.#onWriteFailed);
    // Before the handshake is done there is no response to read, and its own error says more than that of a write.
    if (socket instanceof TLSSocket) {
      this.#isSecuring = true;
      socket.once('secureConnect', () => {
        this.#isSecuring = false;
        outlive();
      });
    } else outlive();
    request.signal.addEventListener('abort', this.#onAbort);
    if (request.signal.aborted) this.#onAbort();
  }

  send({ text, isChunked }: WrittenHead): void {
    const { body } = this.#request;
    if (body === null) {
      this.#socket.write(text, 'latin1');
      return;
    }
    // One system call for the head and the part of the body that arrives before the connection is open. Over TLS it opens
    // with the end of the handshake: a failed write that began earlier would destroy the socket, with Sentry's response.
    const opening = this.#isSecuring ? 'secureConnect' : this.#socket.connecting ? 'connect' : undefined;
    this.#socket.cork();
    if (opening !== undefined) this.#socket.once(opening, this.#sendOn);
    this.#socket.write(text, 'latin1');
    const upload = new RequestBodyWriter(this.#socket, isChunked, this.#onUploadError);
    this.#upload = upload;
    if (body instanceof Uint8Array) {
      upload.write(body);
      upload.end();
    } else if (body instanceof MessageBody) upload.take(body);
    else upload.pull(body).catch(this.#onUploadError);
    if (opening === undefined) this.#sendOn();
  }

  readonly #sendOn = (): void => {
    // Nagle's algorithm would hold the rest of the body back until the head is acknowledged.
    this.#socket.setNoDelay(true);
    this.#socket.uncork();
  };

  readonly #onData = (bytes: Buffer): void => {
    try {
      if (this.#body !== undefined) this.#body.push(bytes);
      else this.#takeHead(bytes);
    } catch (error) {
      const isMalformed = error instanceof MalformedMessage;
      this.#fail(isMalformed ? new ProxyError('upstream_malformed', error.message) : asError(error));
    }
  };

  #takeHead(bytes: Buffer): void {
    let next = bytes;
    for (;;) {
      const hasEnded = this.#head.push(next);
      if (this.#interimBytes + this.#head.size > MAX_HEAD) throw new MalformedMessage('a header section too large');
      if (!hasEnded) {
        refuseOtherProtocol(this.#head);
        return;
      }
      const { text, rest } = this.#head;
      if (this.#takeResponse(text, rest)) return;
      this.#interimBytes += this.#head.size;
      this.#head = new HeadReader();
      next = rest;
    }
  }

  /** @returns false for an interim response */
  #takeResponse(head: string, rest: Buffer): boolean {
    const { method } = this.#request;
    const { status, statusText, fields, framing } = parseResponseHead(head, method);
    if (status < 200) return false;
    const body =
      framing.kind === 'none' ? null : new MessageBody(this.#socket, framing, this.#finish, this.#shared.countRead);
    if (body !== null) {
      this.#body = body;
      body.onComplete = this.#onWhole;
    }
    const surplus = body === null ? rest.length : rest.length > 0 ? body.push(rest) : 0;
    if (surplus > 0) refuseContradiction(method, status, fields, rest.subarray(rest.length - surplus));
    this.#hasResponse = true;
    if (body === null || body.isComplete) this.#part();
    if (status >= 400) this.#upload?.stop();
    this.#resolve({ status, statusText, headers: fields, body });
    return true;
  }

  readonly #onWhole = (): void => {
    if (this.#hasResponse) this.#part();
  };

  /** The response is whole. */
  #part(): void {
    // A request that Sentry has not read to its end makes the end of the connection a reset in any case.
    const isSent = (this.#upload?.isEnded ?? true) && this.#socket.writableLength === 0;
    this.#end(isSent ? this.#shared.part : destroy);
  }

  /** The connection is finished, even if an upload still runs. */
  readonly #finish = (): void => this.#end(destroy);

  #end(close: Part): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#request.signal.removeEventListener('abort', this.#onAbort);
    close(this.#socket);
  }

  /** For the end of the upstream's data and, if that never came, for the close of the socket. */
  readonly #onEnd = (): void => {
    if (this.#isOver) return;
    // The kernel reports a reset only once. If a write got the report, the read sees a normal end, as after a complete
    // response.
    if (this.#writeError !== undefined) this.#onError(this.#writeError);
    else if (this.#body !== undefined) {
      this.#body.finish(new ProxyError('upstream_truncated'));
      this.#finish();
    } else this.#failReset(new ProxyError('upstream_reset'));
  };

  readonly #onError = (error: NodeJS.ErrnoException): void => this.#failReset(upstreamError(error, this.#hasResponse));

  /** A port that does not speak TLS often ends the connection at the first bytes of a handshake. */
  #failReset(error: ProxyError): void {
    const isRefusal = this.#isSecuring && error.name === 'upstream_reset';
    this.#fail(isRefusal ? new ProxyError('upstream_tls', 'the connection ended in the TLS handshake') : error);
  }

  /** A failed write does not decide the exchange: Sentry may have answered early, and that response counts. */
  readonly #onWriteFailed = (error: Error): void => {
    if (this.#writeError !== undefined) return;
    this.#writeError = error;
    this.#upload?.stop();
    const giveUp = (): void => {
      if (!this.#hasResponse) this.#onError(error);
    };
    setTimeout(giveUp, READ_ON).unref();
  };

  readonly #onAbort = (): void => {
    const { connecting } = this.#socket;
    const missing = connecting ? 'connection' : this.#isSecuring ? 'handshake' : undefined;
    this.#fail(abortReason(this.#request.signal, missing));
  };

  readonly #onUploadError = (error: unknown): void => this.#fail(asError(error));

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#finish();
    if (this.#hasResponse) this.#body?.fail(error);
    else this.#reject(error);
  }
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error('unknown'));
