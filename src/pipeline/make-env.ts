import { laterPrincipals } from '../auth/lazy-authenticator.ts';
import { makeBodyRules } from '../bodies/request-body.ts';
import type { ProxyConfig } from '../config/options.ts';
import { LocalLimits } from '../enforce/local-limits.ts';
import { makeUpstream } from '../http/target-url.ts';
import type { Env } from '../http/types.ts';
import { withUpstreamHeaders } from '../http/upstream-headers.ts';
import type { LibraryEnv } from './answer.ts';
import { makeGate } from './make-authorizer.ts';
import { addressesOf } from './rewrite-urls.ts';

/**
 * A proxy made from options, for any way to receive requests and send responses.
 * @param ends the source of the token, and the ways to send requests to Sentry and responses to clients
 */
export function libraryEnv<R>(
  config: Omit<ProxyConfig, 'token' | 'transport'>,
  { fetch: send, ...others }: Pick<Env<R>, 'token' | 'fetch' | 'respond'>,
): LibraryEnv<R> {
  const upstream = makeUpstream(config.sentryUri);
  const ends = { ...others, fetch: withUpstreamHeaders(send, () => config.upstreamHeaders) };
  // A transport that heeds no signal must not keep a place forever. Without a time limit, no time is long enough.
  const lease = config.writeTimeout === 0 ? undefined : config.writeTimeout;
  const limits = new LocalLimits(() => performance.now(), lease);
  const bodies = makeBodyRules(config);
  const admit = makeGate(limits, { ...ends, budget: bodies.budget, upstream });
  return {
    ...ends,
    upstream,
    principals: laterPrincipals({ ...config, admit }),
    allowedHosts: new Set(config.allowedHosts),
    bodies,
    hasGateway: config.upstreamHeaders.length > 0,
    inside: addressesOf(upstream, config, config.basePath),
    writeTimeout: config.writeTimeout,
    basePath: config.basePath,
    onRequest: config.onRequest,
  };
}
