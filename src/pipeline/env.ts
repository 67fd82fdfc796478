import type { Authenticator } from '../auth/types.ts';
import type { BodyRules } from '../bodies/types.ts';
import type { Authorizer } from '../enforce/types.ts';
import type { Body, ResponseInit, Transport, Upstream } from '../http/types.ts';
import type { TokenChoice } from '../tokens/token-choice.ts';

/** One proxy, as the handler sees it. */
export interface Env<R> {
  readonly authenticator: Authenticator;
  /** Decides on the requests of named clients. */
  readonly authorize: Authorizer;
  /** Values of Host that are served, lower case, without port; empty: all. */
  readonly allowedHosts: ReadonlySet<string>;
  readonly bodies: BodyRules;
  readonly destination: Destination;
  /** Makes the runtime's response. */
  respond(body: Body | string | null, init: ResponseInit): R;
}

/** The Sentry that requests go to, and what is needed to reach it. */
export interface Destination {
  readonly upstream: Upstream;
  readonly tokens: TokenChoice;
  readonly fetch: Transport;
  /** Whether the operator's own headers go to a gateway in front of Sentry, whose session is then not the client's. */
  readonly hasUpstreamHeaders: boolean;
  /** Rewrites Sentry's URLs so that clients stay on the proxy; undefined: they pass as they are. */
  readonly urls: Addresses | undefined;
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
