import { makeUpstream } from '../../../src/http/target-url.ts';
import { withUpstreamHeaders } from '../../../src/http/upstream-headers.ts';
import { makeTransport } from '../../http1/client/transport.ts';
import type { Config } from '../config/config.ts';

/** Counts bytes that were read. */
export type CountRead = (bytes: number) => void;

/** The way to Sentry, with what can change of it while the proxy runs. */
export function makeSentry(config: Config, countRead: CountRead) {
  let { sentryTrust, upstreamHeaders } = config;
  const { origin, basePath } = makeUpstream(config.sentryUri);
  const transport = makeTransport({
    origin,
    get trust() {
      return sentryTrust;
    },
    countRead,
  });
  const headers = () => upstreamHeaders;
  return {
    uri: origin + basePath,
    transport,
    headers,
    send: withUpstreamHeaders(transport, headers),
    take(changed: Config): void {
      ({ sentryTrust, upstreamHeaders } = changed);
    },
  };
}
