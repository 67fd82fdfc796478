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

export interface BodyReader {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
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
export type Transport = (url: string, request: UpstreamRequest) => Promise<UpstreamResponse>;

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

/** The sender of a request that gets the token. */
export interface Principal {
  /** A client's name, `alias-N`, or `anyone`: for the log and the metrics. */
  readonly name: string;
  /** Whether the proxy is open, so that the sender had to present no token. */
  readonly isAnyone?: boolean;
  /**
   * Decides whether a named client may send a request. Undefined: everything is allowed.
   * @throws ProxyError `client_expired`, `client_denied`, `client_limited` or `look_up_failed`
   */
  readonly admit?: (request: IncomingRequest, trace: Trace) => Promise<Admission>;
}

/** How an allowed request is sent, and how its response is edited. */
export interface Admission {
  /** Path and query. */
  readonly target: string;
  /** Names, in lower case, of the request fields to leave out. */
  readonly dropped: ReadonlySet<string>;
  /** The bytes that were checked, or the rest of the client's body. */
  readonly body: Body | Uint8Array | null;
  /**
   * Removes from a response what the client may not see. Undefined: nothing is removed.
   * @param headers the fields as they would go to the client
   * @throws ProxyError `response_withheld`
   */
  readonly edit?: (response: UpstreamResponse, headers: EditedFields) => Promise<EditedResponse>;
}

/** A response, and its fields as they go to the client. */
export interface EditedResponse {
  readonly response: UpstreamResponse;
  readonly headers: EditedFields;
}

/** The decision by sender: inject the token, bypass with the client's own credentials, or refuse. */
export type Route =
  | { readonly kind: 'inject'; readonly principal: Principal }
  | { readonly kind: 'bypass' }
  | { readonly kind: 'reject' };

/** Finds the sender of a request. */
export interface Identify {
  identify(fields: Fields): Route | Promise<Route>;
}

/** Where the token to inject comes from. */
export interface TokenSource {
  /** Whether a 401 is worth a renewal: false for a static token, which can't change. */
  readonly isRenewable: boolean;
  /** The token to inject now, or undefined while there is none. */
  get(): string | undefined | Promise<string | undefined>;
  /**
   * Called when Sentry refused a token.
   * @param refused the token that was refused
   * @returns a token other than the refused one, or undefined if there is none now; never rejects
   */
  renew(refused: string): Promise<string | undefined>;
  /** Ends its work in the background. */
  close?(): void | Promise<void>;
}

/** The parts of Sentry's base URI. */
export interface Upstream {
  /** Scheme and authority, with which every upstream URL begins. */
  readonly origin: string;
  /** The base URI's own path without a trailing slash; empty for a Sentry at the root. */
  readonly basePath: string;
}

/** The addresses for keeping clients inside; one per proxy. */
export interface Addresses {
  /** The URL at which clients reach the proxy, without a trailing slash; undefined: each request's own origin. */
  readonly publicUrl: string | undefined;
  /** The path at which the proxy is mounted at that origin, without a trailing slash. */
  readonly mountPath: string;
  /** Host and port of Sentry's base URI, then its path without a trailing slash. */
  readonly sentry: string;
  /** The same of Sentry's public address, once a response has shown it. */
  sentryPublic?: string | undefined;
}

/** How request bodies are kept and sent. */
export interface BodyRules {
  /** Bytes of a request body that are kept for a replay, and up to which a chunked one is sent with a length. */
  readonly replayLimit: number;
  /** The same of all requests together; one per proxy. */
  readonly budget: Budget;
  /** Whether Sentry reads chunked bodies, so that they need no length. */
  readonly streamChunked: boolean;
}

/** Bytes that requests share. */
export interface Budget {
  open(): Share;
}

/** One request's share of a budget. */
export interface Share {
  /** @returns whether there is room for this many bytes; if not, the share stays as it is */
  growTo(size: number): boolean;
  close(): void;
}

/** What the handler needs from its runtime. */
export interface Env<R> {
  readonly upstream: Upstream;
  readonly token: TokenSource;
  readonly principals: Identify;
  /** Values of Host that are served, lower case, without port; empty: all. */
  readonly allowedHosts: ReadonlySet<string>;
  readonly bodies: BodyRules;
  /** Keeps clients inside the proxy; undefined: they are not kept inside. */
  readonly inside: Addresses | undefined;
  readonly fetch: Transport;
  /** Whether the operator's own headers go to a gateway before Sentry, whose session is then not the client's. */
  readonly hasGateway: boolean;
  /** Makes the runtime's response. */
  respond(body: Body | string | null, init: ResponseInit): R;
}

/** The outcome of a request: filled in by the handler, read by the log and the metrics. */
export interface Trace {
  /** The request's id: goes upstream and comes back as X-Request-Id. */
  id: string;
  /** The trace that the client says the request belongs to (W3C Trace Context). */
  traceId?: string;
  route: 'inject' | 'bypass' | 'none';
  /** Requests sent upstream for this one: 0, 1 or, after a replay, 2. */
  attempts: number;
  /** A name from the error table, when the proxy itself made the response. */
  error?: string;
  /** The cause behind the error, for the log alone; never a secret. */
  cause?: string;
  /** A problem with a request that was still answered, for the log alone; never a secret. */
  warning?: string;
  /** The sender: a client's name, `alias-N` or `anyone`; undefined if it was bypassed or is unknown. */
  client?: string;
  /** Why the client was refused, in a word. */
  refusal?: string;
  /** Why an observed client would have been refused, in a word. */
  observed?: string;
  /** Frees what the request holds: its place in its client's limits, room for its body. Call it once the request has ended. */
  release?: () => void;
}

export const newTrace = (): Trace => ({ id: '', route: 'none', attempts: 0 });

/** The record of a finished request, for a log or a metric. */
export interface RequestRecord {
  readonly id: string;
  readonly method: string;
  /** Without the query, which may hold a token. */
  readonly path: string;
  readonly route: Trace['route'];
  /** The status of the response that the client got. */
  readonly status: number;
  /** Requests sent upstream for this one: 0, 1 or, after a replay, 2. */
  readonly attempts: number;
  /** Milliseconds, to the end of the response. */
  readonly duration: number;
  /** A name from the error table. */
  readonly error?: string;
  /** The cause behind the error; never a secret. */
  readonly cause?: string;
  /** A problem with a request that was still answered; never a secret. */
  readonly warning?: string;
  /** The sender: a client's name, `alias-N` or `anyone`; missing if it was bypassed or is unknown. */
  readonly client?: string;
  /** Why the client was refused, in a word. */
  readonly refusal?: string;
  /** Why an observed client would have been refused, in a word. */
  readonly observed?: string;
}
