import { ProxyError } from '../../../src/http/errors.ts';
import { linesOf } from '../../../src/http/headers.ts';
import type { Transport, UpstreamRequest } from '../../../src/http/types.ts';
import { upstreamError } from '../../../src/http/upstream-error.ts';
import { MalformedMessage } from '../message/field-lines.ts';
import { fieldSection, requestLine, type WrittenHead } from '../message/head-writer.ts';
import type { CountRead } from '../message/message-body.ts';
import { type ConnectOptions, connector } from './connector.ts';
import { Exchange, type Shared } from './exchange.ts';
import { makePart } from './parting.ts';

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
