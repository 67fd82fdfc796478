import type { LibraryEnv } from './fetch-handler.ts';
import { makeGate } from './gate.ts';
import { addressesOf } from './keep-inside.ts';
import { laterPrincipals } from './later-principals.ts';
import type { ProxyConfig } from './options.ts';
import { LocalLimits } from './policy/quotas.ts';
import { makeBodyRules } from './replay-body.ts';
import { makeUpstream } from './target-url.ts';
import type { Env } from './types.ts';
import { withUpstreamHeaders } from './upstream-headers.ts';

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
