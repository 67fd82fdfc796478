import type { Socket } from 'node:net';
import { asProxyError, ProxyError } from '../../../src/http/errors.ts';
import { newContext, type RequestContext } from '../../../src/http/request-context.ts';
import type { Body } from '../../../src/http/types.ts';
import { errorMessage } from '../../../src/pipeline/error-response.ts';
import { peerAddress } from '../listen/listen-address.ts';
import type { Place } from '../listen/room.ts';
import { ResponseWriter } from '../message/body-writer.ts';
import type { WrittenHead } from '../message/head-writer.ts';
import type { RequestHead } from '../message/request-head.ts';
import { type Answer, discard, responseHead } from './answer.ts';
import { closeOnceSent, cut, mayCloseAtOnce } from './closing.ts';
import { Deadlines } from './deadlines.ts';
import type { ConnectionOwner } from './owner.ts';
import { incomingRequest, RequestReader } from './request-reader.ts';
import { RequestSignal } from './request-signal.ts';

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
  readonly #request: RequestReader;
  #responseBody: Body | undefined;
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
    this.#request = new RequestReader(owner.limits.maxHead);
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
    const isUpstreamLate = this.#phase === 'waiting' && (this.#request.isComplete || this.#deadlines.isWriteOver);
    // Not a reset: the client may still be reading what the kernel holds.
    if (this.#isOnlyListening) this.#socket.destroy();
    else if (isUpstreamLate) this.#expireUpstream();
    else if (isUnanswered && !this.#isSilent) this.#refuse(new ProxyError('request_timeout'));
    else this.#breakOff(this.#isSilent || this.#request.isComplete ? 'write_timeout' : 'request_timeout');
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
    return this.#phase === 'head' && this.#request.held === 0;
  }

  /** Everything is sent, the end of sending included. */
  get #isOnlyListening(): boolean {
    return this.#phase === 'lingering' && this.#socket.writableFinished;
  }

  readonly #onData = (bytes: Buffer): void => {
    if (this.#phase === 'head') this.#takeHead(bytes);
    else {
      if (this.#phase === 'lingering') this.#deadlines.lingerOn();
      this.#request.readBody(bytes);
    }
  };

  #takeHead(bytes: Buffer): void {
    let begun: { head: RequestHead; rest: Buffer } | undefined;
    try {
      begun = this.#request.readHead(bytes);
    } catch (error) {
      this.#refuse(asProxyError(error));
      return;
    }
    if (begun === undefined) this.#place.readHead(this.#request.held);
    else if (this.#place.request()) this.#takeRequest(begun.head, begun.rest);
  }

  #takeRequest(head: RequestHead, rest: Buffer): void {
    this.#phase = 'waiting';
    this.#signal = new RequestSignal();
    const body = this.#request.beginBody(this.#socket, head, rest.length > 0, this.#owner.countRead);
    this.#deadlines.headRead(body !== null);
    if (body !== null) {
      body.onComplete = () => {
        const isInWork = this.#phase === 'waiting' || this.#phase === 'responding';
        if (isInWork) this.#deadlines.bodyRead();
      };
    }
    if (rest.length > 0) this.#request.readBody(rest);
    const request = incomingRequest(this.#socket, head, body, this.#signal, this.#remote);
    this.#owner.handle(request, this.#trace).then(this.#answer, this.#onHandlerFailed);
  }

  /** Answers without the handler: there is no request to give it, or its time is up. */
  #refuse(error: ProxyError): void {
    this.#trace.error = error.name;
    if (error.message !== '') this.#trace.cause = error.message;
    this.#phase = 'waiting';
    this.#deadlines.lastAnswer();
    const { body, init } = errorMessage(error, this.#request.accept, this.#trace.id);
    this.#answer({ body, ...init });
    this.#signal?.abort(error);
  }

  readonly #onHandlerFailed = (thrown: unknown): void => this.#refuse(asProxyError(thrown));

  readonly #answer = (answer: Answer): void => {
    const { body } = answer;
    if (this.#phase !== 'waiting') {
      discard(answer);
      return;
    }
    const head = this.#writtenHead(answer);
    if (head === undefined) return;
    this.#phase = 'responding';
    this.#status = answer.status;
    this.#socket.cork();
    this.#socket.write(head.text, 'latin1');
    if (body === null || typeof body === 'string') {
      if (body !== null && !this.#request.isHead) this.#socket.write(body);
      this.#onWritten();
    } else {
      this.#responseBody = body;
      new ResponseWriter(this.#socket, head.isChunked, this.#onWritten, this.#onBroken).send(body);
    }
    this.#socket.uncork();
    if (this.#isDone) closeOnceSent(this.#socket);
    // Send the rest as it comes, without Nagle's algorithm.
    else this.#socket.setNoDelay(true);
  };

  /** Undefined if the answer can't be written; an error answer is then sent in its place. */
  #writtenHead(answer: Answer): WrittenHead | undefined {
    try {
      return responseHead(answer, this.#request.isHttp10);
    } catch (error) {
      discard(answer);
      this.#refuse(new ProxyError('internal_error', (error as Error).message));
      return undefined;
    }
  }

  readonly #onWritten = (): void => {
    this.#report();
    if (mayCloseAtOnce(this.#socket, this.#request.isAllRead, this.#request.isHttp10)) {
      this.#phase = 'over';
      this.#isDone = true;
      if (this.#socket.writableCorked === 0) closeOnceSent(this.#socket);
      return;
    }
    this.#phase = 'lingering';
    this.#request.failBody(new ProxyError('client_gone'));
    this.#socket.end(() => {
      this.#place.linger();
      this.#deadlines.linger();
      if (this.#owner.isDraining) this.#deadlines.shorten();
    });
    this.#socket.resume();
  };

  readonly #onBroken = (error: Error): void => this.#breakOff(asProxyError(error).name, error.message);

  /** A response has begun and can't be completed: the client must see that it is incomplete. */
  #breakOff(error: NonNullable<RequestContext['error']>, cause = ''): void {
    this.#trace.error ??= error;
    if (cause !== '') this.#trace.cause ??= cause;
    this.#close();
    cut(this.#socket, this.#request.isHttp10);
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
    else cut(this.#socket, this.#request.isHttp10);
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
    this.#request.failBody(error);
    void this.#responseBody?.cancel();
  }

  #report(): void {
    const { head } = this.#request;
    this.#owner.finished({
      method: head?.method ?? '',
      target: head?.target ?? '',
      status: this.#status,
      duration: this.#deadlines.elapsed,
      trace: this.#trace,
      remote: this.#remote,
    });
  }
}

const noop = (): void => {};
