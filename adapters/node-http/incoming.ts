// A node:http request as the handler reads it. Node's own parser is lenient, so the head is checked again, strictly.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { ProxyError } from '../../src/http/errors.ts';
import type { Body, IncomingRequest } from '../../src/http/types.ts';
import { peerAddress } from '../http1/listen/listen-address.ts';
import { FieldLines, MalformedMessage } from '../http1/message/field-lines.ts';
import { type RequestHead, readRequestHead } from '../http1/message/request-head.ts';

/** Express and Connect remove a listener's mount path from `url`, and keep the whole URL here. */
type Mounted = IncomingMessage & { readonly originalUrl?: string };

/**
 * The target of a request below the path at which the listener is mounted, byte for byte.
 * @param basePath which the handler takes off itself; empty: a framework has taken off what there is
 * @returns with it the path that a framework has taken off
 */
export function targetOf(
  { url = '', originalUrl = url }: Mounted,
  basePath: string,
): { readonly target: string; readonly mountPath: string } {
  if (basePath !== '') return { target: originalUrl, mountPath: '' };
  const whole = withoutOrigin(originalUrl);
  const below = withoutOrigin(url);
  // Express writes a slash before what is left if that is nothing, or a query alone.
  const isSlashAdded = /^\/(?:\?|$)/.test(below) && !whole.endsWith(below);
  const rest = isSlashAdded ? below.slice(1) : below;
  return { target: url, mountPath: whole.endsWith(rest) ? whole.slice(0, whole.length - rest.length) : '' };
}

/** A target without its origin, which a client that takes the proxy for its HTTP proxy sends as well (RFC 9112 section 3.2.2). */
const withoutOrigin = (target: string): string => target.replace(/^https?:\/\/[^/?]*/i, '');

/**
 * The field lines of a request as received. Adapters of serverless platforms have only the lines as Node combines them.
 */
export function fieldsOf({ rawHeaders, headers }: IncomingMessage): FieldLines {
  if (rawHeaders.length > 0) return FieldLines.ofFlat(rawHeaders);
  const lines = Object.entries(headers).flatMap(([name, value = []]) =>
    [value].flat().map((one): [string, string] => [name, String(one)]),
  );
  return new FieldLines(lines);
}

/** The origin that a request names, then its path. */
export const urlOf = ({ headers, socket }: IncomingMessage, path: string): string =>
  `${(socket as Partial<TLSSocket> | undefined)?.encrypted === true ? 'https' : 'http'}://${headers.host ?? ''}${path}`;

/** The URL of a request as the client sees it, also of one that is not acceptable. */
export function shownUrlOf(message: IncomingMessage, mountPath: string, target: string): string {
  const path = mountPath + withoutOrigin(target);
  return urlOf(message, path.startsWith('/') ? path : `/${path}`);
}

/**
 * The request as the handler reads it.
 * @param target as `targetOf` returns it
 * @throws ProxyError
 */
export function readIncoming(
  message: IncomingMessage,
  target: string,
  signal: IncomingRequest['signal'],
): IncomingRequest {
  const headers = fieldsOf(message);
  const { framing, method, target: path } = readHead(message, target, headers);
  const hasBody = framing.kind !== 'none';
  if (hasBody && isAlreadyRead(message)) throw new ProxyError('body_already_read');
  const body = hasBody ? new IncomingBody(message) : null;
  const peer = peerAddress((message.socket as IncomingMessage['socket'] | undefined)?.remoteAddress);
  return { method, url: urlOf(message, path), headers, body, signal, peer };
}

function readHead({ method = '', httpVersion }: IncomingMessage, target: string, fields: FieldLines): RequestHead {
  // HTTP/2 has no request line and other fields; its servers accept HTTP/1.1 as well.
  if (!httpVersion.startsWith('1.')) throw new ProxyError('bad_request', `HTTP/${httpVersion}`);
  try {
    return readRequestHead(method, target, httpVersion === '1.0', fields);
  } catch (error) {
    throw error instanceof MalformedMessage ? new ProxyError('bad_request', error.message) : error;
  }
}

/** A body that a body parser has read, or is about to read, never comes. */
const isAlreadyRead = (message: IncomingMessage): boolean =>
  message.readableDidRead || message.readableFlowing === true || message.destroyed;

/** The body of a request, pulled from its stream. */
class IncomingBody implements Body {
  readonly #iterator: AsyncIterator<Buffer>;

  constructor(message: IncomingMessage) {
    // The stream of a message that is given up takes the connection with it, and the response.
    this.#iterator = message.iterator({ destroyOnReturn: false });
  }

  getReader() {
    return { read: () => this.#read(), releaseLock: () => {} };
  }

  async cancel(): Promise<void> {
    await this.#iterator.return?.();
  }

  async #read(): Promise<{ done: boolean; value?: Uint8Array | undefined }> {
    try {
      const { done = false, value } = await this.#iterator.next();
      return { done, value };
    } catch {
      throw new ProxyError('bad_request', 'its body broke off or is malformed');
    }
  }
}

/** Reads the rest of a request once it is answered, so that the connection can carry the next one. */
export function drainWhenAnswered(message: IncomingMessage, response: ServerResponse): void {
  response.once('finish', () => {
    // On a stream that flows already, this would stop it.
    if (message.listenerCount('readable') > 0) message.removeAllListeners('readable');
    if (!message.readableEnded) message.resume();
  });
}
