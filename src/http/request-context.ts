import type { ErrorName } from './errors.ts';

/** The outcome of a request: filled in by the handler, read by the log and the metrics. */
export interface RequestContext {
  /** The request's id: goes upstream and comes back as X-Request-Id. */
  id: string;
  /** The trace that the client says the request belongs to (W3C Trace Context). */
  traceId?: string;
  route: 'inject' | 'bypass' | 'none';
  /** Requests sent upstream: 0, 1 or, after a replay, 2; one more for each further page of a filtered list. */
  attempts: number;
  /** A name from the error table if the proxy itself made the response; or that the client read it too slowly. */
  error?: ErrorName | 'write_timeout';
  /** The cause behind the error, or all that stands against an observed request, for the log alone; never a secret. */
  cause?: string;
  /** A problem with a request that was still answered, for the log alone; never a secret. */
  warning?: string;
  /** The sender: a client's name, `alias-N` or `anyone`; undefined if it was bypassed or is unknown. */
  client?: string;
  /** The client that the token was of, if it was revoked since the proxy started. */
  revoked?: string;
  /** The first eight hexadecimal digits of the SHA-256 of the client's token. */
  clientToken?: string;
  /** How a named client was known, where there are issuers. */
  credential?: 'token' | 'jwt';
  /** The name of the issuer whose token the request had. */
  issuer?: string;
  /** The `sub` of that token, once it was verified. */
  subject?: string;
  /** The name of the token that was injected, where there are several. */
  token?: string;
  /** Why the client was refused, in a word. */
  refusal?: string;
  /** Why an observed client would have been refused, in a word. */
  observed?: string;
  /** The request that was refused, or would have been: the method, and the path as the table of endpoints has it. */
  asked?: string;
  /** The projects that a named client's request turned out to be about, each as `organization/project`. */
  projects?: Set<string>;
  /** Frees the request's place in its client's limits and the room for its body. Call it once the request has ended. */
  release?: () => void;
}

export const newContext = (): RequestContext => ({ id: '', route: 'none', attempts: 0 });

/** The record of a finished request, for a log or a metric. */
export interface RequestRecord {
  readonly id: string;
  readonly method: string;
  /** Without the query, which may hold a token. */
  readonly path: string;
  readonly route: RequestContext['route'];
  /** The status of the response that the client got. */
  readonly status: number;
  /** Requests sent upstream: 0, 1 or, after a replay, 2; one more for each further page of a filtered list. */
  readonly attempts: number;
  /** Milliseconds, to the end of the response. */
  readonly duration: number;
  /** A name from the error table, when the proxy itself made the response or Sentry's broke off. */
  readonly error?: ErrorName;
  /** The cause behind the error; never a secret. */
  readonly cause?: string;
  /** A problem with a request that was still answered; never a secret. */
  readonly warning?: string;
  /** The sender: a client's name, `alias-N` or `anyone`; missing if it was bypassed or is unknown. */
  readonly client?: string;
  /** The first eight hexadecimal digits of the SHA-256 of the client's token, if the client is a named one. */
  readonly clientToken?: string;
  /** How a named client was known; missing where there are no issuers. */
  readonly credential?: 'token' | 'jwt';
  /** The name of the issuer whose token the request had. */
  readonly issuer?: string;
  /** The `sub` of that token; missing if the token was refused. */
  readonly subject?: string;
  /** The name of the token that was injected; missing where there is one only. */
  readonly token?: string;
  /** Why the client was refused, in a word. */
  readonly refusal?: string;
  /** Why an observed client would have been refused, in a word. */
  readonly observed?: string;
}
