import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { asProxyError, ProxyError } from '../../../src/http/errors.ts';
import type { RequestContext } from '../../../src/http/request-context.ts';
import { newContext } from '../../../src/http/request-context.ts';
import type { Body, IncomingRequest } from '../../../src/http/types.ts';
import { errorMessage } from '../../../src/pipeline/error-response.ts';
import { peerAddress } from '../listen/listen-address.ts';
import type { Place } from '../listen/room.ts';
import { ResponseWriter } from '../message/body-writer.ts';
import { MalformedMessage } from '../message/field-lines.ts';
import { type CountRead, MessageBody } from '../message/message-body.ts';
import type { RequestHead } from '../message/request-head.ts';
import { type Answer, responseHead } from './answer.ts';
import { closeOnceSent, cut } from './closing.ts';
import { type ConnectionLimits, Deadlines } from './deadlines.ts';
import { RequestReader } from './request-reader.ts';
import { RequestSignal } from './request-signal.ts';

/** Bytes that TCP sends without waiting for the other side: ten segments (RFC 6928). */
const SENT_AT_ONCE = 14_000;

/** A finished request, for the log and the metrics. */
export interface Finished {
  readonly method: string;
  readonly target: string;
  readonly status: number;
  /** Milliseconds from the end of the header section, or from the connection's start if that never came. */
  readonly duration: number;
  readonly trace: RequestContext;
  /** The address of the peer; undefined over a Unix socket. */
  readonly remote?: string | undefined;
}

/** The server, as a connection sees it. */
export interface ConnectionOwner {
  readonly limits: ConnectionLimits;
  /** The port is closed. */
  readonly isDraining: boolean;
  /** Called each time that bytes of a request body were read. */
  readonly countRead?: CountRead | undefined;
  handle(request: IncomingRequest, trace: RequestContext): Promise<Answer>;
  finished(request: Finished): void;
  closed(): void;
}

/**
 * A client's connection, for one request: it reads the head, calls the handler, writes the answer and closes. Bytes
 * after the request are dropped and never read as another request.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #place: Place;
  readonly #remote: string | undefined;
  #phase: 'head' | 'waiting' | 'responding' | 'lingering' | 'over' = 'head';
  readonly #deadlines: Deadlines;
  /** Set while the head is read. */
  #reader: RequestReader | undefined;
  #head: RequestHead | undefined;
  #requestBody: MessageBody | undefined;
  #responseBody: Body | undefined;
  #hasExtraBytes = false;
  /** The response is written and the whole request was read. */
  #isDone = false;
  #signal: RequestSignal | undefined;
  #trace = newContext();
  #status = 0;

  constructor(socket: Socket, owner: ConnectionOwner, place: Place) {
    this.#socket = socket;
    this.#owner = owner;
    this.#place = place;
    this.#deadlines = new Deadlines(owner.limits);
    // A closed socket no longer knows its address.
    this.#remote = peerAddress(socket.remoteAddress);
    socket.on('data', this.#onData);
    socket.on('end', this.#onGone);
    socket.on('error', noop);
    socket.on('close', this.#onClose);
  }

  /** The deadline for the connection's next step, by `performance.now()`. */
  get deadline(): number {
    return this.#deadlines.at;
  }

  /** The port was closed: without a request, this connection waits no longer than it must. */
  shorten(): void {
    if (this.#isSilent || this.#isOnlyListening) this.#deadlines.shorten();
  }

  /** The deadline has passed. */
  expire(): void {
    const isUnanswered = this.#phase === 'head' || this.#phase === 'waiting';
    const isUpstreamLate = this.#phase === 'waiting' && (this.#isRequestRead() || this.#deadlines.isWriteOver);
    // Not a reset: the client may still be reading what the kernel holds.
    if (this.#isOnlyListening) this.#socket.destroy();
    else if (isUpstreamLate) this.#expireUpstream();
    else if (isUnanswered && !this.#isSilent) this.#refuse(new ProxyError('request_timeout'));
    else this.#breakOff(this.#isSilent || this.#isRequestRead() ? 'write_timeout' : 'request_timeout');
  }

  /** The handler knows best where the time went, so its own error comes first, if it notices the signal at once. */
  #expireUpstream(): void {
    const error = new ProxyError('upstream_timeout');
    this.#deadlines.lastAnswer();
    this.#signal?.abort(error);
    setImmediate(() => {
      if (this.#phase === 'waiting') this.#refuse(error);
    });
  }

  /** Whether no byte was received, so that closing loses no data. */
  get #isSilent(): boolean {
    return this.#phase === 'head' && this.#reader === undefined;
  }

  /** Everything is sent, the end of sending included. */
  get #isOnlyListening(): boolean {
    return this.#phase === 'lingering' && this.#socket.writableFinished;
  }

  #isRequestRead(): boolean {
    return this.#head !== undefined && (this.#requestBody?.isComplete ?? true);
  }

  readonly #onData = (bytes: Buffer): void => {
    if (this.#phase === 'head') this.#takeHead(bytes);
    else this.#takeBody(bytes);
  };

  #takeHead(bytes: Buffer): void {
    this.#reader ??= new RequestReader(this.#owner.limits.maxHead);
    let request: { head: RequestHead; rest: Buffer } | undefined;
    try {
      request = this.#reader.push(bytes);
    } catch (error) {
      this.#refuse(asProxyError(error));
      return;
    }
    if (request === undefined) this.#place.readHead(this.#reader.held);
    else if (this.#place.request()) this.#takeRequest(request.head, request.rest);
  }

  #takeRequest(head: RequestHead, rest: Buffer): void {
    this.#head = head;
    this.#reader = undefined;
    this.#phase = 'waiting';
    this.#signal = new RequestSignal();
    const { framing } = head;
    this.#deadlines.headRead(framing.kind !== 'none');
    if (framing.kind === 'none') this.#hasExtraBytes = rest.length > 0;
    else {
      const body = new MessageBody(this.#socket, framing, noop, this.#owner.countRead);
      body.onComplete = () => {
        const isInWork = this.#phase === 'waiting' || this.#phase === 'responding';
        if (isInWork) this.#deadlines.bodyRead();
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
      peer: this.#remote,
    };
    this.#owner.handle(request, this.#trace).then(this.#answer, this.#onHandlerFailed);
  }

  #scheme(): string {
    return (this.#socket as Partial<TLSSocket>).encrypted === true ? 'https' : 'http';
  }

  #takeBody(bytes: Buffer): void {
    const body = this.#requestBody;
    if (this.#phase === 'lingering') this.#deadlines.lingerOn();
    const isWanted = body !== undefined && !body.isComplete && this.#phase !== 'lingering';
    if (!isWanted) {
      this.#hasExtraBytes = true;
      return;
    }
    try {
      if (body.push(bytes) > 0) this.#hasExtraBytes = true;
    } catch (error) {
      const isMalformed = error instanceof MalformedMessage;
      body.fail(isMalformed ? new ProxyError('bad_request', error.message) : asProxyError(error));
    }
  }

  /** Answers without the handler: there is no request to give it, or its time is up. */
  #refuse(error: ProxyError): void {
    this.#trace.error = error.name;
    if (error.message !== '') this.#trace.cause = error.message;
    this.#phase = 'waiting';
    this.#hasExtraBytes ||= !this.#isRequestRead();
    this.#deadlines.lastAnswer();
    const accept = this.#head?.fields.get('accept') ?? this.#reader?.accept ?? null;
    const { body, init } = errorMessage(error, accept, this.#trace.id);
    this.#answer({ body, ...init });
    this.#signal?.abort(error);
  }

  readonly #onHandlerFailed = (thrown: unknown): void => this.#refuse(asProxyError(thrown));

  readonly #answer = (answer: Answer): void => {
    const { body } = answer;
    if (this.#phase !== 'waiting') {
      if (body !== null && typeof body !== 'string') void body.cancel();
      return;
    }
    const head = this.#writtenHead(answer);
    if (head === undefined) return;
    this.#phase = 'responding';
    this.#status = answer.status;
    this.#socket.cork();
    this.#socket.write(head.text, 'latin1');
    if (body === null || typeof body === 'string') {
      const isHead = this.#head === undefined ? this.#reader?.isHead : this.#head.method === 'HEAD';
      if (body !== null && !isHead) this.#socket.write(body);
      this.#onWritten();
    } else {
      this.#responseBody = body;
      const download = new ResponseWriter(this.#socket, head.isChunked, this.#onWritten, this.#onBroken);
      if (body instanceof MessageBody) {
        this.#socket.on('drain', () => body.resume());
        body.pipeTo(download);
      } else void download.pull(body);
    }
    this.#socket.uncork();
    if (this.#isDone) closeOnceSent(this.#socket);
    // Send the rest as it comes, without Nagle's algorithm.
    else this.#socket.setNoDelay(true);
  };

  /** Undefined if the answer can't be written; an error answer is then sent in its place. */
  #writtenHead(answer: Answer): { text: string; isChunked: boolean } | undefined {
    try {
      return responseHead(answer, this.#head?.isHttp10 ?? false);
    } catch (error) {
      if (answer.body !== null && typeof answer.body !== 'string') void answer.body.cancel();
      this.#refuse(new ProxyError('internal_error', (error as Error).message));
      return undefined;
    }
  }

  readonly #onWritten = (): void => {
    this.#report();
    if (this.#mayCloseAtOnce()) {
      this.#phase = 'over';
      this.#isDone = true;
      if (this.#socket.writableCorked === 0) closeOnceSent(this.#socket);
      return;
    }
    this.#phase = 'lingering';
    this.#requestBody?.fail(new ProxyError('client_gone'));
    this.#socket.end(() => {
      this.#place.linger();
      this.#deadlines.linger();
      if (this.#owner.isDraining) this.#deadlines.shorten();
    });
    this.#socket.resume();
  };

  /**
   * Bytes that come when a connection is closed, or were not read before, make the kernel send a reset, after which the
   * rest of the response is lost (RFC 9112 section 9.6). So the sending side is closed first, and what the client sends
   * is read and dropped for a while, unless the client has stopped sending and the whole response is on its way.
   */
  #mayCloseAtOnce(): boolean {
    const isAllRead = this.#isRequestRead() && !this.#hasExtraBytes;
    // A response that ends with the connection looks broken off after a reset.
    const isEndedByClose = this.#head?.isHttp10 ?? false;
    return isAllRead && !isEndedByClose && this.#socket.bytesWritten <= SENT_AT_ONCE;
  }

  readonly #onBroken = (error: Error): void => this.#breakOff(asProxyError(error).name, error.message);

  /** A response has begun and can't be completed: the client must see that it is incomplete. */
  #breakOff(error: NonNullable<RequestContext['error']>, cause = ''): void {
    this.#trace.error ??= error;
    if (cause !== '') this.#trace.cause ??= cause;
    this.#close();
    this.#cut();
  }

  #cut(): void {
    cut(this.#socket, this.#head?.isHttp10 ?? false);
  }

  /** The client closed the connection, or its sending side, which counts as leaving. */
  readonly #onGone = (): void => {
    const isCut = this.#phase === 'waiting' || this.#phase === 'responding';
    if (isCut) {
      this.#status = 499;
      this.#trace.error = 'client_gone';
    }
    const isAnswered = this.#phase === 'lingering' || this.#phase === 'over';
    this.#close();
    if (isAnswered) closeOnceSent(this.#socket);
    else this.#cut();
  };

  readonly #onClose = (): void => {
    this.#onGone();
    this.#place.leave();
    this.#owner.closed();
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
      duration: this.#deadlines.elapsed,
      trace: this.#trace,
      remote: this.#remote,
    });
  }
}

const noop = (): void => {};
