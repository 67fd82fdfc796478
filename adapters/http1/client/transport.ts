import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { ProxyError } from '../../../src/http/errors.ts';
import { linesOf } from '../../../src/http/headers.ts';
import type { Transport, UpstreamRequest, UpstreamResponse } from '../../../src/http/types.ts';
import { upstreamError } from '../../../src/http/upstream-error.ts';
import { RequestBodyWriter } from '../message/body-writer.ts';
import { type FieldLines, MalformedMessage, parseHead } from '../message/field-lines.ts';
import { type Framing, framingOf, NO_BODY } from '../message/framing.ts';
import { HeadReader } from '../message/head-reader.ts';
import { fieldSection, requestLine } from '../message/head-writer.ts';
import { type CountRead, MessageBody } from '../message/message-body.ts';
import { abortReason, type ConnectOptions, connector } from './connector.ts';
import { outliveFailedWrites } from './failed-writes.ts';
import { makePart, type Part } from './parting.ts';

/** Bytes of a response's head, interim responses before it included. */
const MAX_HEAD = 64 * 1024;
const MAX_FIELD_LINES = 1000;
/** Milliseconds to read what Sentry has sent, once nothing can be sent to it any more. */
const READ_ON = 1000;
/** RFC 9112 section 4, where some servers leave out the reason phrase and the space before it. */
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;

export type { Transport };

export interface TransportOptions extends ConnectOptions {
  /** Scheme, host and port of Sentry. */
  readonly origin: string;
  /** Called each time that bytes of a response body were read. */
  readonly countRead?: CountRead | undefined;
}

/**
 * A `fetch` for Sentry's origin. Each request opens a connection, and each connection carries one request, so bytes
 * after its response can't be taken for another response. Redirects are returned, nothing is decoded.
 *
 * The promise rejects with a `ProxyError`; after it is fulfilled, a body that breaks off fails with one.
 */
export function makeTransport(options: TransportOptions): Transport {
  const { origin, countRead } = options;
  const shared: Shared = { countRead, part: makePart() };
  const connect = connector(new URL(origin), options);
  const host = new URL(origin).host;
  return (url, request) => {
    if (!url.startsWith(`${origin}/`))
      return Promise.reject(new ProxyError('internal_error', 'a URL of another origin'));
    return new Promise((resolve, reject) => {
      // Before the connection is opened: a request that can't be written does not need one.
      const head = requestHead(host, url.slice(origin.length), request);
      connect(
        request.signal,
        (socket) => new Exchange(socket, request, resolve, reject, shared).send(head),
        (error) => reject(error instanceof ProxyError ? error : upstreamError(error, false)),
      );
    });
  };
}

interface WrittenHead {
  readonly text: string;
  readonly isChunked: boolean;
}

/**
 * The text of a request's head.
 * @throws ProxyError `bad_request` for text that no head may have; a lenient server lets a client send it
 */
export function requestHead(host: string, target: string, { method, headers, body }: UpstreamRequest): WrittenHead {
  try {
    const { text, hasLength } = fieldSection(linesOf(headers));
    const isChunked = body !== null && !hasLength;
    const framing = isChunked ? 'Transfer-Encoding: chunked\r\n' : '';
    return {
      text: `${requestLine(method, target)}Host: ${host}\r\n${text}${framing}Connection: close\r\n\r\n`,
      isChunked,
    };
  } catch (error) {
    throw error instanceof MalformedMessage ? new ProxyError('bad_request', error.message) : error;
  }
}

/** The state that the exchanges of one transport share. */
interface Shared {
  readonly countRead?: CountRead | undefined;
  /** Closes the connection behind a whole response. */
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
    if (socket instanceof TLSSocket) socket.once('secureConnect', outlive);
    else outlive();
    request.signal.addEventListener('abort', this.#onAbort);
    if (request.signal.aborted) this.#onAbort();
  }

  send({ text, isChunked }: WrittenHead): void {
    const { body } = this.#request;
    this.#socket.write(text, 'latin1');
    if (body === null) return;
    // Nagle's algorithm would hold the body back until the head is acknowledged.
    this.#socket.setNoDelay(true);
    const upload = new RequestBodyWriter(this.#socket, isChunked, this.#onUploadError);
    this.#upload = upload;
    if (body instanceof Uint8Array) {
      upload.write(body);
      upload.end();
    } else if (body instanceof MessageBody) upload.take(body);
    else upload.pull(body).catch(this.#onUploadError);
  }

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
      if (!hasEnded) return;
      const { text, rest } = this.#head;
      if (this.#takeResponse(text, rest)) return;
      this.#interimBytes += this.#head.size;
      this.#head = new HeadReader();
      next = rest;
    }
  }

  #takeResponse(head: string, rest: Buffer): boolean {
    const { startLine, fields } = parseHead(head, MAX_FIELD_LINES);
    const [, minor, code, reason = ''] = STATUS_LINE.exec(startLine) ?? [];
    if (code === undefined) throw new MalformedMessage('a malformed status line');
    const status = Number(code);
    if (status === 101) throw new MalformedMessage('an unrequested switch of protocols');
    const framing = responseFraming(this.#request.method, status, fields, minor === '0');
    if (status < 200) return false;
    const body =
      framing.kind === 'none' ? null : new MessageBody(this.#socket, framing, this.#finish, this.#shared.countRead);
    if (body !== null) {
      this.#body = body;
      body.onComplete = this.#onWhole;
    }
    const surplus = body === null ? rest.length : rest.length > 0 ? body.push(rest) : 0;
    if (surplus > 0) refuseContradiction(this.#request.method, status, fields, rest.subarray(rest.length - surplus));
    this.#hasResponse = true;
    if (body === null || body.isComplete) this.#part();
    if (status >= 400) this.#upload?.stop();
    this.#resolve({ status, statusText: reason, headers: fields, body });
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
    } else this.#fail(new ProxyError('upstream_reset'));
  };

  readonly #onError = (error: NodeJS.ErrnoException): void => this.#fail(upstreamError(error, this.#hasResponse));

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

  readonly #onAbort = (): void => this.#fail(abortReason(this.#request.signal, !this.#socket.connecting));

  readonly #onUploadError = (error: unknown): void => this.#fail(asError(error));

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#finish();
    if (this.#hasResponse) this.#body?.fail(error);
    else this.#reject(error);
  }
}

/**
 * Bytes after the end of a response are dropped, because this connection carries one response. But a server that announces its
 * last response and sends more with it contradicts itself (response splitting).
 * @throws MalformedMessage
 */
function refuseContradiction(method: string, status: number, fields: FieldLines, behind: Buffer): void {
  // A body in a response to HEAD or in a 304 is a known slip and harmless, and so is a line end (RFC 9112 section 2.2).
  const isSlip = method === 'HEAD' || status === 304 || behind.every((byte) => byte === CR || byte === LF);
  const isLast = fields.get('connection')?.toLowerCase() === 'close';
  if (isLast && !isSlip) throw new MalformedMessage('bytes after the response that was said to be the last');
}

const CR = 0x0d;
const LF = 0x0a;

/** RFC 9112 section 6.3. */
function responseFraming(method: string, status: number, fields: FieldLines, isHttp10: boolean): Framing {
  const declared = framingOf(fields, isHttp10);
  const isBodiless = method === 'HEAD' || status === 204 || status === 304;
  const isEmpty = declared?.kind === 'length' && declared.length === 0;
  if (isBodiless || isEmpty) return NO_BODY;
  return declared ?? { kind: 'until-close' };
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error('unknown'));
