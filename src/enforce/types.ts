import type { RequestContext } from '../http/request-context.ts';
import type { Body, IncomingRequest, ResponseStage } from '../http/types.ts';
import type { Client } from '../policy/client.ts';

/** How an allowed request is sent, and how its response is edited. */
export interface Authorized {
  /** Path and query. */
  readonly target: string;
  /** Names, in lower case, of the request fields to leave out. */
  readonly dropped: ReadonlySet<string>;
  /** The bytes that were checked, or the rest of the client's body. */
  readonly body: Body | Uint8Array | null;
  /**
   * Removes from a response what the client may not see. Undefined: nothing is removed.
   * Fails with a ProxyError `response_withheld` or `responses_full`.
   */
  readonly filter?: ResponseStage;
}

/**
 * Decides whether a named client may send a request.
 * @throws ProxyError `client_expired`, `client_denied`, `client_limited` or `look_up_failed`
 */
export type Authorizer = (client: Client, request: IncomingRequest, context: RequestContext) => Promise<Authorized>;
