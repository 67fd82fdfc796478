/** Field lines as an adapter received them. A `Headers` is one; names may come in any case and may repeat. */
export interface Fields extends Iterable<[string, string]> {
  get(name: string): string | null;
}

/**
 * Field lines made from another message's. A runtime with its own field class may edit those in place, which saves
 * copying each line. Code that writes lines gets them from `linesOf`.
 */
export interface EditedFields {
  readonly from: Fields;
  /** Names, in lower case, of the lines to leave out. */
  readonly dropped: ReadonlySet<string>;
  readonly added: readonly [string, string][];
}

/** A body that is passed on or cancelled, and read only to keep it for a replay. A `ReadableStream` is one. */
export interface Body {
  getReader(): BodyReader;
  /** Gives up the part that was not read yet. No reader may hold the body at that time. */
  cancel(reason?: unknown): Promise<void>;
}

/** Reads a body piece by piece. The default reader of a `ReadableStream` is one. */
export interface BodyReader {
  /** The next piece, or that there is none. Rejects if the body breaks off. */
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
  /** Gives the body back: another reader may read the rest. */
  releaseLock(): void;
}

/** Signals that a request is no longer wanted. An `AbortSignal` is one. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** The parts of a request that the handler reads. A `Request` is one. */
export interface IncomingRequest {
  readonly method: string;
  /** The origin this request came to, then path and query byte for byte as far as the runtime keeps them. */
  readonly url: string;
  readonly headers: Fields;
  readonly body: Body | null;
  readonly signal: Signal;
  /** The address of the client's end of the connection; undefined over a Unix socket, and where no adapter lends it. */
  readonly peer?: string | undefined;
}

/** A request to Sentry: `fetch`'s init, with `redirect: 'manual'` implied. */
export interface UpstreamRequest {
  readonly method: string;
  readonly headers: EditedFields;
  readonly body: Body | Uint8Array | AsyncIterable<Uint8Array> | null;
  readonly signal: Signal;
}

/**
 * Sends one request to Sentry. The body is not decoded, or else no field says that it is encoded. A redirect is
 * returned, not followed. Rejects with a `ProxyError` of the error table; a body that breaks off later fails with one.
 */
export interface Transport {
  (url: string, request: UpstreamRequest): Promise<UpstreamResponse>;
  /**
   * Whether it sends a stream in chunks although its length is known. Bodies are then read whole before they are sent.
   */
  readonly losesLengths?: boolean;
}

/** The parts of an upstream response that the handler reads. A `Response` is one. */
export interface UpstreamResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Fields;
  readonly body: Body | null;
}

export interface ResponseInit {
  readonly status: number;
  readonly statusText?: string;
  readonly headers: EditedFields;
}

/** The parts of Sentry's base URI. */
export interface Upstream {
  /** Scheme and authority, with which every upstream URL begins. */
  readonly origin: string;
  /** The base URI's own path without a trailing slash; empty for a Sentry at the root. */
  readonly basePath: string;
}

/** A response of Sentry on its way to the client. */
export interface Reply {
  readonly response: UpstreamResponse;
  /** Its fields as they go to the client. */
  readonly headers: EditedFields;
}

/** A step that edits a response. The steps run in order, each on the reply of the one before it. */
export type ResponseStage = (reply: Reply) => Reply | Promise<Reply>;
