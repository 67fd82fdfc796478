import type { Fields } from '../http/types.ts';
import type { Client } from '../policy/client.ts';

/** The sender of a request that gets Sentry's token. */
export interface Principal {
  /** A client's name, `alias-N`, or `anyone`: for the log and the metrics. */
  readonly name: string;
  /** Whether the proxy is open, so that the sender had to present no token. */
  readonly isAnyone?: boolean;
  /** The rights of a named client. Undefined: everything is allowed. */
  readonly client?: Client;
  /** Which of the client's tokens was sent. */
  readonly fingerprint?: string;
}

/** A token that was a client's, and is not any more. */
export interface RevokedToken {
  readonly client: string;
  readonly fingerprint: string;
}

/** How a request is authenticated to Sentry: with its token, with the sender's own credentials, or not at all. */
export type Authentication =
  | { readonly kind: 'inject'; readonly principal: Principal }
  | { readonly kind: 'bypass'; readonly revoked?: RevokedToken }
  | { readonly kind: 'reject'; readonly revoked?: RevokedToken };

/** Finds the sender of a request. */
export interface Authenticator {
  authenticate(fields: Fields): Authentication | Promise<Authentication>;
}
