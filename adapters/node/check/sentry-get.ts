import { getFromSentry } from '../../../src/enforce/lookups/sentry-api.ts';
import { makeUpstream } from '../../../src/http/target-url.ts';
import type { UpstreamResponse } from '../../../src/http/types.ts';
import { withUpstreamHeaders } from '../../../src/http/upstream-headers.ts';
import { makeTransport } from '../../http1/client/transport.ts';
import type { Config } from '../config/config.ts';

/**
 * Sends one GET to Sentry with a token, as the proxy would. A redirect is returned, not followed.
 * @param path below Sentry's base URI
 * @throws ProxyError
 */
export function sentryGet(config: Config, path: string, token: string): Promise<UpstreamResponse> {
  const upstream = makeUpstream(config.sentryUri);
  const transport = makeTransport({ origin: upstream.origin, trust: config.sentryTrust });
  const send = withUpstreamHeaders(transport, () => config.upstreamHeaders);
  return getFromSentry(send, upstream.origin + upstream.basePath + path, token);
}
