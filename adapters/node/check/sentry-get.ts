import { ProxyError } from '../../../src/http/errors.ts';
import { onlyFields } from '../../../src/http/headers.ts';
import { makeUpstream } from '../../../src/http/target-url.ts';
import type { UpstreamResponse } from '../../../src/http/types.ts';
import { withUpstreamHeaders } from '../../../src/http/upstream-headers.ts';
import { makeTransport } from '../../http1/client/transport.ts';
import type { Config } from '../config/config.ts';

/** Milliseconds for Sentry to respond. */
export const TIMEOUT = 5000;

/**
 * Sends one GET to Sentry with a token, as the proxy would. A redirect is returned, not followed.
 * @param path below Sentry's base URI
 * @throws ProxyError
 */
export function sentryGet(config: Config, path: string, token: string): Promise<UpstreamResponse> {
  const upstream = makeUpstream(config.sentryUri);
  const transport = makeTransport({ origin: upstream.origin, trust: config.sentryTrust });
  const send = withUpstreamHeaders(transport, () => config.upstreamHeaders);
  const late = new AbortController();
  setTimeout(() => late.abort(new ProxyError('upstream_timeout')), TIMEOUT).unref();
  return send(upstream.origin + upstream.basePath + path, {
    method: 'GET',
    headers: onlyFields([
      ['Authorization', `Bearer ${token}`],
      ['Accept', 'application/json'],
    ]),
    body: null,
    signal: late.signal,
  });
}
