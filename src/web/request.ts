import { ProxyError } from '../http/errors.ts';
import type { Body, Fields, IncomingRequest, Signal } from '../http/types.ts';

/** A request's fields, all read at once: each access to workerd's `Headers` leaves JavaScript and returns. */
export class ReadFields implements Fields {
  readonly #lines: [string, string][] = [];

  /** @param headers whose names come in lower case, and each but Set-Cookie once */
  constructor(headers: Headers) {
    headers.forEach((value, name) => {
      this.#lines.push([name, value]);
    });
  }

  get(name: string): string | null {
    for (const line of this.#lines) if (line[0] === name) return line[1];
    return null;
  }

  /** Adds a line, whose name is in lower case. */
  add(name: string, value: string): void {
    this.#lines.push([name, value]);
  }

  [Symbol.iterator](): Iterator<[string, string]> {
    return this.#lines[Symbol.iterator]();
  }
}

/**
 * Reads any `Request` for the handler. A `Request` made in code has no Host, so the authority of its URL counts.
 * @throws ProxyError `body_already_read`
 */
export function readRequest(request: Request): IncomingRequest {
  const { method, url, body } = request;
  const fields = new ReadFields(request.headers);
  if (fields.get('host') === null) fields.add('host', new URL(url).host);
  // workerd counts an empty body as a body, and then refuses to send it with GET.
  const isEmpty = fields.get('content-length') === '0';
  return { method, url, headers: fields, body: isEmpty ? null : readBody(request, body), signal: signalOf(request) };
}

/** The signal of a `Request`, which falls silent in Node once the `Request` itself is collected as garbage. */
const signalOf = (request: Request): Signal => ({
  get aborted() {
    return request.signal.aborted;
  },
  get reason() {
    return request.signal.reason;
  },
  addEventListener: (type, listener) => request.signal.addEventListener(type, listener),
  removeEventListener: (type, listener) => request.signal.removeEventListener(type, listener),
});

function readBody(request: Request, body: ReadableStream<Uint8Array> | null): Body | null {
  // The rest of such a body never comes.
  if (request.bodyUsed || body?.locked === true) throw new ProxyError('body_already_read');
  return fromClient(body);
}

/** A request body that fails with `bad_request` if the client breaks it off. */
export function fromClient(body: ReadableStream<Uint8Array> | null): Body | null {
  if (body === null) return null;
  return {
    getReader() {
      const reader = body.getReader();
      return {
        read: () =>
          reader.read().catch(() => {
            throw new ProxyError('bad_request', 'its body broke off or is malformed');
          }),
        releaseLock: () => reader.releaseLock(),
      };
    },
    cancel: (reason) => body.cancel(reason),
  };
}
