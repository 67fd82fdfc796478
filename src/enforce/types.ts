import type { MemoryBudget } from '../bodies/types.ts';
import type { RequestContext } from '../http/request-context.ts';
import type { Body, IncomingRequest, Reply, Signal, UpstreamResponse } from '../http/types.ts';
import type { Client } from '../policy/client.ts';
import type { LimitStore } from './local-limits.ts';
import type { Lookups } from './lookups/types.ts';
import type { WaitingLines } from './waiting-lines.ts';

/** The parts that decide on named clients' requests; one set per proxy. */
export interface AuthorizerMeans {
  readonly limits: LimitStore;
  /** In front of the limits, for requests that may wait. */
  readonly lines: WaitingLines;
  /** The lookups that a request of a client may cause, by the client's name. Those that wait end with the request. */
  lookupsOf(name: string, signal: Signal): Lookups;
  /** For bodies that are read for a check or an edit. */
  readonly budget: MemoryBudget;
}

/** How an allowed request is sent, and how its response is edited. */
export interface Authorized {
  /** Path and query. */
  readonly target: string;
  /** Names, in lower case, of the request fields to leave out. */
  readonly dropped: ReadonlySet<string>;
  /** The bytes that were checked, or the rest of the client's body. */
  readonly body: Body | Uint8Array | null;
  /** The proxy's own response, which is JSON. Sentry does not see the request. */
  readonly ownJson?: string;
  /**
   * Removes from a response what the client may not see. Undefined: nothing is removed.
   * Fails with a ProxyError `response_withheld` or `responses_full`.
   */
  readonly filter?: FilterStage;
}

/**
 * Removes from a response what the client may not see.
 * @param nextPage sends the request once more with another path and query, for the next page of a list
 */
export type FilterStage = (reply: Reply, nextPage: (target: string) => Promise<UpstreamResponse>) => Promise<Reply>;

/**
 * Decides whether a named client may send a request.
 * @throws ProxyError `client_expired`, `client_denied`, `client_limited` or `look_up_failed`
 */
export type Authorizer = (
  client: Client,
  request: IncomingRequest,
  context: RequestContext,
) => Authorized | Promise<Authorized>;
