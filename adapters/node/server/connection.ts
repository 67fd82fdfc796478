import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { errorMessage } from '../../../src/error-response.ts';
import { asProxyError, ProxyError } from '../../../src/errors.ts';
import { linesOf } from '../../../src/fields.ts';
import type { Body, IncomingRequest, ResponseInit, Signal, Trace } from '../../../src/types.ts';
import { newTrace } from '../../../src/types.ts';
import { Download } from '../../http1/body-writer.ts';
import { MalformedMessage } from '../../http1/field-lines.ts';
import { MessageBody } from '../../http1/message-body.ts';
import { parseRequestHead, type RequestHead } from '../../http1/request-head.ts';

/** What the handler answers with, before it is written. */
export interface Answer extends ResponseInit {
  readonly body: Body | string | null;
}

export interface ConnectionLimits {
  /** Milliseconds from the connection's begin to the end of the header section; 0: no bound. */
  readonly readHeader: number;
  /** Milliseconds from the connection's begin to the end of the request; 0: no bound. */
  readonly read: number;
  /** Milliseconds from the end of the header section to the end of the response; 0: no bound. */
  readonly write: number;
  /** Bytes of the request line and the header section together. */
  readonly maxHead: number;
}

/** What is said of a request when it is over. */
export interface Finished {
  readonly method: string;
  readonly target: string;
  readonly status: number;
  /** Milliseconds from the end of the header section, or from the connection's begin if that never came. */
  readonly duration: number;
  readonly trace: Trace;
}

export interface ConnectionOwner {
  readonly limits: ConnectionLimits;
  handle(request: IncomingRequest, trace: Trace): Promise<Answer>;
  finished(request: Finished): void;
  closed(connection: Connection): void;
}

/** Milliseconds for a last answer to be written after a deadline has passed. */
const GRACE = 1000;
/** Milliseconds for which a client may go on sending after it was answered, so as not to lose the answer to a reset. */
const LINGER = 2000;

const HEAD_END = '\r\n\r\n';
const ACCEPT = /\r\naccept:[ \t]*([^\r\n]*)/i;
const NEVER = Number.POSITIVE_INFINITY;

/**
 * A client's connection. It carries one request: the head is read, the handler asked, its answer written, the
 * connection closed. What a client sends behind its request is dropped and never read as another one.
 */
export class Connection {
  /** When this connection has to have got further, by `performance.now()`. */
  deadline: number;
  /** Where its owner keeps it. */
  slot = 0;

  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  #phase: 'head' | 'waiting' | 'responding' | 'lingering' | 'over' = 'head';
  #begin = performance.now();
  #headBytes: Buffer | undefined;
  #head: RequestHead | undefined;
  /** What a client accepts whose head is not acceptable otherwise. */
  #accept: string | null = null;
  #requestBody: MessageBody | undefined;
  #responseBody: Body | undefined;
  #hasExtraBytes = false;
  /** The response is written and the request read to its end. */
  #isDone = false;
  #signal: RequestSignal | undefined;
  #trace = newTrace();
  #status = 0;

  constructor(socket: Socket, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.deadline = this.#begin + Math.min(owner.limits.readHeader || NEVER, owner.limits.read || NEVER);
    socket.on('data', this.#onData);
    socket.on('end', this.#onGone);
    socket.on('error', noop);
    socket.on('close', this.#onClose);
  }

  /** Nothing has been asked yet, so nothing is lost by closing. */
  get isIdle(): boolean {
    return this.#phase === 'head' && this.#headBytes === undefined;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** The deadline has passed. */
  expire(): void {
    const isSilent = this.isIdle;
    const isUnanswered = this.#phase === 'head' || this.#phase === 'waiting';
    const isUpstreamLate =
      this.#phase === 'waiting' && (this.#isRequestRead() || this.#writeDeadline() <= performance.now());
    if (isUnanswered && !isSilent)
      this.#refuse(new ProxyError(isUpstreamLate ? 'upstream_timeout' : 'request_timeout'));
    else this.#breakOff(isSilent || this.#isRequestRead() ? 'write_timeout' : 'request_timeout');
  }

  #isRequestRead(): boolean {
    return this.#head !== undefined && (this.#requestBody?.isComplete ?? true);
  }

  #writeDeadline(): number {
    return this.#begin + (this.#owner.limits.write || NEVER);
  }

  readonly #onData = (bytes: Buffer): void => {
    if (this.#phase === 'head') this.#takeHead(bytes);
    else this.#takeBody(bytes);
  };

  #takeHead(bytes: Buffer): void {
    const { limits } = this.#owner;
    const received = this.#headBytes === undefined ? bytes : Buffer.concat([this.#headBytes, bytes]);
    const end = received.indexOf(HEAD_END);
    this.#headBytes = received;
    const isTooLarge = (end === -1 ? received.length : end) > limits.maxHead;
    if (isTooLarge) {
      this.#refuse(new ProxyError('header_section_too_large'));
      return;
    }
    if (end === -1) {
      // A line end that is none would leave the client waiting for an answer until its time is up.
      if (hasBareLineEnd(received)) this.#refuse(new ProxyError('bad_request', 'a line that does not end with CRLF'));
      return;
    }
    const rest = received.subarray(end + HEAD_END.length);
    const text = received.toString('latin1', 0, end);
    let head: RequestHead;
    try {
      head = parseRequestHead(text);
    } catch (error) {
      this.#accept = ACCEPT.exec(text)?.[1] ?? null;
      this.#refuse(
        error instanceof MalformedMessage ? new ProxyError('bad_request', error.message) : asProxyError(error),
      );
      return;
    }
    this.#headBytes = undefined;
    this.#takeRequest(head, rest);
  }

  #takeRequest(head: RequestHead, rest: Buffer): void {
    const { limits } = this.#owner;
    const accepted = this.#begin;
    this.#begin = performance.now();
    this.#head = head;
    this.#phase = 'waiting';
    this.#signal = new RequestSignal();
    const { framing } = head;
    if (framing.kind === 'none') {
      this.deadline = this.#writeDeadline();
      this.#hasExtraBytes = rest.length > 0;
    } else {
      this.deadline = Math.min(this.#writeDeadline(), accepted + (limits.read || NEVER));
      const body = new MessageBody(this.#socket, framing, noop);
      body.onComplete = () => {
        const isInWork = this.#phase === 'waiting' || this.#phase === 'responding';
        if (isInWork) this.deadline = this.#writeDeadline();
      };
      if (head.expectsContinue && rest.length === 0) {
        body.onDemand = () => this.#socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
      }
      this.#requestBody = body;
      if (rest.length > 0) this.#takeBody(rest);
    }
    const request: IncomingRequest = {
      method: head.method,
      url: `${this.#scheme()}://${head.fields.get('host') ?? ''}${head.target}`,
      headers: head.fields,
      body: this.#requestBody ?? null,
      signal: this.#signal,
    };
    this.#owner.handle(request, this.#trace).then(this.#answer, this.#onHandlerFailed);
  }

  #scheme(): string {
    return (this.#socket as Partial<TLSSocket>).encrypted === true ? 'https' : 'http';
  }

  #takeBody(bytes: Buffer): void {
    const body = this.#requestBody;
    const isWanted = body !== undefined && !body.isComplete && this.#phase !== 'lingering';
    if (!isWanted) {
      this.#hasExtraBytes = true;
      return;
    }
    try {
      body.push(bytes);
    } catch (error) {
      const isMalformed = error instanceof MalformedMessage;
      body.fail(isMalformed ? new ProxyError('bad_request', error.message) : asProxyError(error));
    }
  }

  /** Answers without the handler: there is no request that it could be asked about, or its time is up. */
  #refuse(error: ProxyError): void {
    this.#trace.error = error.name;
    if (error.message !== '') this.#trace.cause = error.message;
    this.#phase = 'waiting';
    this.#hasExtraBytes ||= !this.#isRequestRead();
    this.deadline = performance.now() + GRACE;
    const { body, init } = errorMessage(error, this.#head?.fields.get('accept') ?? this.#accept, this.#trace.id);
    this.#answer({ body, ...init });
    this.#signal?.abort(error);
  }

  /** Whether the answer is to have no body; also known where the head is not acceptable otherwise, or not all there. */
  #isHead(): boolean {
    if (this.#head !== undefined) return this.#head.method === 'HEAD';
    return /^(?:\r\n)?HEAD /.test(this.#headBytes?.toString('latin1', 0, 7) ?? '');
  }

  readonly #onHandlerFailed = (thrown: unknown): void => this.#refuse(asProxyError(thrown));

  readonly #answer = (answer: Answer): void => {
    const { body } = answer;
    if (this.#phase !== 'waiting') {
      if (body !== null && typeof body !== 'string') void body.cancel();
      return;
    }
    this.#phase = 'responding';
    this.#status = answer.status;
    const isHead = this.#isHead();
    const isHttp10 = this.#head?.isHttp10 ?? false;
    const { text, isLengthKnown } = responseHead(answer, isHttp10);

    this.#socket.cork();
    this.#socket.write(text, 'latin1');
    if (body === null || typeof body === 'string') {
      if (body !== null && !isHead) this.#socket.write(body);
      this.#onWritten();
    } else {
      this.#responseBody = body;
      const isChunked = !isLengthKnown && !isHttp10;
      const download = new Download(this.#socket, isChunked, this.#onWritten, this.#onBroken);
      if (body instanceof MessageBody) {
        this.#socket.on('drain', () => body.resume());
        body.pipeTo(download);
      } else void download.pull(body);
    }
    this.#socket.uncork();
    if (this.#isDone) this.#closeOnceSent();
    // What is still to come is to be sent as it comes, not gathered by Nagle's algorithm.
    else this.#socket.setNoDelay(true);
  };

  /** Closing alone ends the sending side as well, so that a system call is spared where nothing waits to be sent. */
  #closeOnceSent(): void {
    if (this.#socket.writableLength === 0) this.#socket.destroy();
    else this.#socket.destroySoon();
  }

  readonly #onWritten = (): void => {
    this.#report();
    const isAllRead = this.#isRequestRead() && !this.#hasExtraBytes;
    if (isAllRead) {
      this.#phase = 'over';
      this.#isDone = true;
      if (this.#socket.writableCorked === 0) this.#closeOnceSent();
      return;
    }
    // Closing with bytes unread makes the kernel send a reset, at which a client may drop the answer unread
    // (RFC 9112 section 9.6): so the sending side is closed first and the rest is read and dropped for a while.
    this.#phase = 'lingering';
    this.deadline = Math.min(this.deadline, performance.now() + LINGER);
    this.#requestBody?.fail(new ProxyError('client_gone'));
    this.#socket.end();
    this.#socket.resume();
  };

  readonly #onBroken = (error: Error): void => this.#breakOff(asProxyError(error).name, error.message);

  /** A response has begun and can't be made whole: the client has to see that it is not. */
  #breakOff(error: string, cause = ''): void {
    this.#trace.error ??= error;
    if (cause !== '') this.#trace.cause ??= cause;
    this.#close();
    this.#cut();
  }

  #cut(): void {
    // A body that is delimited by the close of the connection looks whole after any other than a reset.
    if (this.#head?.isHttp10) reset(this.#socket);
    else this.#socket.destroy();
  }

  /** The client closed its sending side, which is taken for its leaving, or all of the connection. */
  readonly #onGone = (): void => {
    const isCut = this.#phase === 'waiting' || this.#phase === 'responding';
    if (isCut) {
      this.#status = 499;
      this.#trace.error = 'client_gone';
    }
    const isAnswered = this.#phase === 'lingering' || this.#phase === 'over';
    this.#close();
    if (isAnswered) this.#closeOnceSent();
    else this.#cut();
  };

  readonly #onClose = (): void => {
    this.#onGone();
    this.#owner.closed(this);
  };

  #close(): void {
    const wasOpen = this.#phase === 'waiting' || this.#phase === 'responding';
    if (wasOpen) this.#report();
    this.#phase = 'over';
    if (!wasOpen) return;
    const error = new ProxyError('client_gone');
    this.#signal?.abort(error);
    this.#requestBody?.fail(error);
    void this.#responseBody?.cancel();
  }

  #report(): void {
    this.#owner.finished({
      method: this.#head?.method ?? '',
      target: this.#head?.target ?? '',
      status: this.#status,
      duration: performance.now() - this.#begin,
      trace: this.#trace,
    });
  }
}

/** An `AbortSignal` for the one listener that a request ever has, at a fraction of its cost. */
class RequestSignal implements Signal {
  reason: ProxyError | undefined;
  #listener: (() => void) | undefined;

  get aborted(): boolean {
    return this.reason !== undefined;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listener = listener;
  }

  removeEventListener(): void {
    this.#listener = undefined;
  }

  abort(reason: ProxyError): void {
    this.reason ??= reason;
    this.#listener?.();
  }
}

function responseHead(answer: Answer, isHttp10: boolean): { text: string; isLengthKnown: boolean } {
  let text = `HTTP/1.1 ${answer.status} ${answer.statusText ?? ''}\r\n`;
  let isLengthKnown = false;
  for (const [name, value] of linesOf(answer.headers)) {
    if (name.toLowerCase() === 'content-length') {
      // RFC 9110 section 8.6.
      if (answer.status === 204) continue;
      isLengthKnown = true;
    }
    text += `${name}: ${value}\r\n`;
  }
  const isChunked = answer.body !== null && !isLengthKnown && !isHttp10;
  text += isChunked ? 'Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n' : 'Connection: close\r\n\r\n';
  return { text, isLengthKnown };
}

/** Only TCP has resets. Over TLS an end without close_notify says as much (RFC 8446 section 6.1). */
function reset(socket: Socket): void {
  try {
    socket.resetAndDestroy();
  } catch {
    socket.destroy();
  }
}

/** A CR may be the last byte, with its LF still to come. */
const hasBareLineEnd = (bytes: Buffer): boolean => /\r(?!\n|$)|(?<!\r)\n/.test(bytes.toString('latin1'));

const noop = (): void => {};
