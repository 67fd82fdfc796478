import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { asProxyError, ProxyError } from '../../../src/http/errors.ts';
import type { IncomingRequest, Signal } from '../../../src/http/types.ts';
import { MalformedMessage } from '../message/field-lines.ts';
import { HeadReader } from '../message/head-reader.ts';
import { type CountRead, MessageBody } from '../message/message-body.ts';
import { parseRequestHead, type RequestHead } from '../message/request-head.ts';

const ACCEPT = /\r\naccept:[ \t]*([^\r\n]*)/i;
/** RFC 9112 section 2.2: an empty line before the request line is ignored. */
const HEAD_REQUEST = /^(?:\r\n)?HEAD /;

/** Reads a connection's request: its head, then its body. Bytes after it are dropped. */
export class RequestReader {
  readonly #maxHead: number;
  /** Undefined once the head is read: its bytes would take up memory until the request is answered. */
  #headReader: HeadReader | undefined = new HeadReader();
  #head: RequestHead | undefined;
  #body: MessageBody | null = null;
  /** Bytes came after the request, or after its body was given up. */
  #hasExtraBytes = false;
  /** The client's Accept, if the head is complete but not acceptable. */
  #accept: string | null = null;

  /** @param maxHead bytes of the head at most */
  constructor(maxHead: number) {
    this.#maxHead = maxHead;
  }

  /** Undefined until it is complete, and if it is not acceptable. */
  get head(): RequestHead | undefined {
    return this.#head;
  }

  /** Bytes of memory that an incomplete head takes up so far; 0 before the first byte. */
  get held(): number {
    return this.#headReader?.held ?? 0;
  }

  /** The client's Accept; also known if the head is complete but not acceptable. */
  get accept(): string | null {
    return this.#head === undefined ? this.#accept : this.#head.fields.get('accept');
  }

  /** Whether the method is HEAD; also known if the head is incomplete or not acceptable. */
  get isHead(): boolean {
    if (this.#head !== undefined) return this.#head.method === 'HEAD';
    return this.#headReader !== undefined && HEAD_REQUEST.test(this.#headReader.beginning(7));
  }

  /** Whether the client speaks HTTP/1.0, where a response without a length ends with the connection. */
  get isHttp10(): boolean {
    return this.#head?.isHttp10 ?? false;
  }

  /** Whether the whole request was read. */
  get isComplete(): boolean {
    return this.#head !== undefined && (this.#body === null || this.#body.isComplete);
  }

  /** Whether the whole request was read and no bytes came after it. */
  get isAllRead(): boolean {
    return this.isComplete && !this.#hasExtraBytes;
  }

  /**
   * @returns the head and the bytes after it, once it is complete
   * @throws ProxyError for a head that is not acceptable
   */
  readHead(bytes: Buffer): { head: RequestHead; rest: Buffer } | undefined {
    const reader = this.#headReader!;
    const hasEnded = reader.push(bytes);
    if (reader.size > this.#maxHead) throw new ProxyError('header_section_too_large');
    if (hasEnded) {
      const head = this.#parse(reader.text);
      this.#head = head;
      this.#headReader = undefined;
      return { head, rest: reader.rest };
    }
    // A malformed line end would leave the client waiting for an answer until its time is up.
    if (reader.hasBareLineEnd()) throw new ProxyError('bad_request', 'a line that does not end with CRLF');
    return undefined;
  }

  #parse(text: string): RequestHead {
    try {
      return parseRequestHead(text);
    } catch (error) {
      this.#accept = ACCEPT.exec(text)?.[1] ?? null;
      throw asRefusal(error);
    }
  }

  /**
   * Makes the body that the head announces; null if it announces none.
   * @param hasBegun whether bytes of it are there already: then the client does not wait for a 100
   */
  beginBody(socket: Socket, head: RequestHead, hasBegun: boolean, countRead?: CountRead): MessageBody | null {
    if (head.framing.kind === 'none') return null;
    const body = new MessageBody(socket, head.framing, noop, countRead);
    if (head.expectsContinue && !hasBegun) {
      body.onDemand = () => socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
    }
    this.#body = body;
    return body;
  }

  /** Takes the next bytes after the head. */
  readBody(bytes: Buffer): void {
    try {
      // A body that is complete or was given up takes no bytes.
      if (this.#body === null || this.#body.push(bytes) > 0) this.#hasExtraBytes = true;
    } catch (error) {
      this.#body?.fail(asRefusal(error));
    }
  }

  /** Gives up a body that is not complete. */
  failBody(error: ProxyError): void {
    this.#body?.fail(error);
  }
}

const asRefusal = (error: unknown): ProxyError =>
  error instanceof MalformedMessage ? new ProxyError('bad_request', error.message) : asProxyError(error);

/** The request as the handler reads it. */
export function incomingRequest(
  socket: Socket,
  head: RequestHead,
  body: MessageBody | null,
  signal: Signal,
  peer: string | undefined,
): IncomingRequest {
  const scheme = (socket as Partial<TLSSocket>).encrypted === true ? 'https' : 'http';
  const url = `${scheme}://${head.fields.get('host') ?? ''}${head.target}`;
  return { method: head.method, url, headers: head.fields, body, signal, peer };
}

const noop = (): void => {};
