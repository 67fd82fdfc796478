import { type KeyAccess, lazyAuthenticator } from '../auth/lazy-authenticator.ts';
import type { Authenticator } from '../auth/types.ts';
import { makeBodyRules } from '../bodies/request-body.ts';
import type { CoreConfig } from '../config/core-settings.ts';
import { type LimitStore, LocalLimits } from '../enforce/local-limits.ts';
import type { LookedUp } from '../enforce/lookups/sentry-api.ts';
import { makeUpstream } from '../http/target-url.ts';
import type { Signal, Transport } from '../http/types.ts';
import { type UpstreamHeaders, withUpstreamHeaders } from '../http/upstream-headers.ts';
import type { TokenChoice } from '../tokens/token-choice.ts';
import { fetchTransport } from '../web/fetch-transport.ts';
import type { Destination, Env } from './env.ts';
import { makeAuthorizer } from './make-authorizer.ts';
import { addressesOf } from './url-context.ts';

/** The configuration that the composition needs. */
export interface EnvConfig extends Omit<CoreConfig, 'tokensText' | 'writeTimeout'> {
  /** The path at which the proxy is mounted, without a trailing slash. Default: the root. */
  readonly basePath?: string;
}

/** The parts that differ between the ways to run a proxy. */
export interface EnvParts<R> extends Pick<Env<R>, 'respond'> {
  readonly tokens: TokenChoice;
  /** Sends requests to Sentry, without the operator's own headers. */
  readonly fetch: Transport;
  /** Default: one for credentials that do not change. */
  readonly authenticator?: Authenticator;
  /**
   * The ways to issuers' keys. Default: the platform's `fetch`, without files, and each request waits for its own.
   * Without effect next to an authenticator.
   */
  readonly keyAccess?: KeyAccess | undefined;
  /** Default: limits that this process counts alone. */
  readonly limits?: LimitStore;
  /** Header lines that may change while the proxy runs. Default: those of the configuration. */
  readonly upstreamHeaders?: () => UpstreamHeaders;
  /** Milliseconds after which a request counts as ended, for a runtime that may drop one without notice. */
  readonly lease?: number | undefined;
  /** Whether a request may wait for the lookup of another one. Default true. */
  readonly sharesLookups?: boolean | undefined;
  /** Called after each lookup. */
  readonly lookedUp?: ((lookedUp: LookedUp) => void) | undefined;
  /** Ends the lookups that are running when the proxy is closed. */
  readonly closing?: Signal | undefined;
}

/** Puts a proxy together. This is the only place that does. */
export function makeEnv<R>(config: EnvConfig, parts: EnvParts<R>): Env<R> {
  const { tokens, respond, lease, sharesLookups, lookedUp, closing } = parts;
  const { upstreamHeaders = () => config.upstreamHeaders } = parts;
  const upstream = makeUpstream(config.sentryUri);
  const destination: Destination = {
    upstream,
    tokens,
    fetch: withUpstreamHeaders(parts.fetch, upstreamHeaders),
    hasUpstreamHeaders: config.upstreamHeaders.length > 0,
    urls: addressesOf(upstream, config, config.basePath),
  };
  const bodies = makeBodyRules({ ...config, needsWholeBodies: destination.fetch.losesLengths }, lease);
  const limits = parts.limits ?? new LocalLimits(() => performance.now(), lease);
  return {
    authenticator: parts.authenticator ?? lazyAuthenticator(config, parts.keyAccess ?? FETCHED_KEYS),
    authorize: makeAuthorizer({ ...destination, limits, budget: bodies.budget, sharesLookups, lookedUp, closing }),
    allowedHosts: new Set(config.allowedHosts),
    bodies,
    destination,
    respond,
  };
}

/** In workerd a request that waited for another one's fetch would wait forever. */
const FETCHED_KEYS: KeyAccess = { transportFor: () => fetchTransport(), isShared: false };
