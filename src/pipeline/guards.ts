import type { Authentication } from '../auth/types.ts';
import { ProxyError } from '../http/errors.ts';
import type { Fields } from '../http/types.ts';

/**
 * Keeps web pages from using a proxy that gives every client the token. A page in a browser inside the network can send
 * requests to the proxy; with DNS rebinding it can even do so under its own name.
 * @throws ProxyError `host_refused` or `browser_refused`
 */
export function refuseForeignPages(
  fields: Fields,
  authentication: Authentication,
  allowedHosts: ReadonlySet<string>,
): void {
  const host = fields.get('host') ?? '';
  const isHostAllowed = allowedHosts.size === 0 || allowedHosts.has(hostName(host));
  if (!isHostAllowed) throw new ProxyError('host_refused');

  const isOpenToAnyone = authentication.kind === 'inject' && authentication.principal.isAnyone === true;
  if (!isOpenToAnyone) return;
  // Fetch Metadata: "none" is a person typing the address, "same-origin" a page that this very proxy served.
  const site = fields.get('sec-fetch-site');
  const isFromAnotherSite = site !== null && site !== 'none' && site !== 'same-origin';
  const origin = fields.get('origin');
  const isFromAnotherOrigin =
    origin !== null && origin.replace(/^https?:\/\//i, '').toLowerCase() !== host.toLowerCase();
  if (isFromAnotherSite || isFromAnotherOrigin) throw new ProxyError('browser_refused');
}

/** A Host value without its port, lower case. */
const hostName = (host: string): string => host.replace(/:\d*$/, '').toLowerCase();
