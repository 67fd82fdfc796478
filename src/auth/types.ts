import type { ProxyError } from '../http/errors.ts';
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
  /** How a named client is known, where issuers are set: by a token of the file, or by a token of an issuer. */
  readonly credential?: 'token' | 'jwt';
  /** The issuer of the token, by its name. */
  readonly issuer?: string;
  /** The token's `sub`. */
  readonly subject?: string | undefined;
}

/** A token that was a client's, and is not any more. */
interface RevokedToken {
  readonly client: string;
  readonly fingerprint: string;
}

/** How a request is authenticated to Sentry: with its token, with the sender's own credentials, or not at all. */
export type Authentication =
  | { readonly kind: 'inject'; readonly principal: Principal }
  | { readonly kind: 'bypass'; readonly revoked?: RevokedToken }
  | { readonly kind: 'reject'; readonly revoked?: RevokedToken }
  | Refused;

/** A token of a known issuer that identifies no client. */
interface Refused {
  readonly kind: 'refuse';
  readonly error: ProxyError;
  /** The issuer's name. */
  readonly issuer: string;
  /** Why, in a word, for the log and the metrics. */
  readonly refusal?: string;
  /** More about it, for the log alone. */
  readonly cause?: string;
}

/** Finds the sender of a request. */
export interface Authenticator {
  authenticate(fields: Fields): Authentication | Promise<Authentication>;
  /**
   * Does what is due in the background. Call it every second, or at each request where nothing runs between them.
   * @returns undefined if nothing is due; never rejects
   */
  refresh?(): Promise<unknown> | undefined;
}
