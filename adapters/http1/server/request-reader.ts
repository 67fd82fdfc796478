import { asProxyError, ProxyError } from '../../../src/http/errors.ts';
import { MalformedMessage } from '../message/field-lines.ts';
import { HeadReader } from '../message/head-reader.ts';
import { parseRequestHead, type RequestHead } from '../message/request-head.ts';

const ACCEPT = /\r\naccept:[ \t]*([^\r\n]*)/i;
/** RFC 9112 section 2.2: an empty line before the request line is ignored. */
const HEAD_REQUEST = /^(?:\r\n)?HEAD /;

/** Reads the head of a connection's request. */
export class RequestReader {
  readonly #head = new HeadReader();
  readonly #maxHead: number;
  #accept: string | null = null;

  /** @param maxHead bytes of the head at most */
  constructor(maxHead: number) {
    this.#maxHead = maxHead;
  }

  /** The client's Accept, if the head is complete but not acceptable. */
  get accept(): string | null {
    return this.#accept;
  }

  /** Bytes of memory that the head takes up so far. */
  get held(): number {
    return this.#head.held;
  }

  /** Whether the method is HEAD; also known if the head is incomplete or not acceptable. */
  get isHead(): boolean {
    return HEAD_REQUEST.test(this.#head.text.slice(0, 7));
  }

  /**
   * @returns the head and the bytes after it, once it is complete
   * @throws ProxyError for a head that is not acceptable
   */
  push(bytes: Buffer): { head: RequestHead; rest: Buffer } | undefined {
    const hasEnded = this.#head.push(bytes);
    if (this.#head.size > this.#maxHead) throw new ProxyError('header_section_too_large');
    if (hasEnded) return { head: this.#parse(this.#head.text), rest: this.#head.rest };
    // A malformed line end would leave the client waiting for an answer until its time is up.
    if (this.#head.hasBareLineEnd()) throw new ProxyError('bad_request', 'a line that does not end with CRLF');
    return undefined;
  }

  #parse(text: string): RequestHead {
    try {
      return parseRequestHead(text);
    } catch (error) {
      this.#accept = ACCEPT.exec(text)?.[1] ?? null;
      throw error instanceof MalformedMessage ? new ProxyError('bad_request', error.message) : asProxyError(error);
    }
  }
}
