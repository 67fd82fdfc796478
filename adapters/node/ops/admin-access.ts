import { isIP } from 'node:net';
import type { Fields } from '../../../src/http/types.ts';

/**
 * The reason, for a person, why a request may not read the status; undefined if it may.
 *
 * The admin listener has no credentials, so a browser inside the network must not read it for a page from elsewhere.
 * Fetch Metadata or `Origin` reveals such a page. With DNS rebinding they do not, but then the Host is a name of the
 * attacker, and not an address, `localhost` or a name that the operator set.
 * @param allowedHosts in lower case
 */
export function accessFault(
  fields: Fields,
  allowedHosts: readonly string[],
): { readonly status: 403 | 421; readonly text: string } | undefined {
  const host = (fields.get('host') ?? '').toLowerCase();
  const name = host.replace(/:\d*$/, '');
  const isAddress = isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;
  const isHostAllowed = isAddress || name === 'localhost' || allowedHosts.includes(name);
  if (!isHostAllowed) return { status: 421, text: UNKNOWN_HOST };

  const site = fields.get('sec-fetch-site') ?? 'none';
  const origin =
    fields
      .get('origin')
      ?.toLowerCase()
      .replace(/^https?:\/\//, '') ?? host;
  const isOwn = (site === 'none' || site === 'same-origin') && origin === host;
  return isOwn ? undefined : { status: 403, text: 'not for pages of other sites; type the address' };
}

const UNKNOWN_HOST =
  'not served under this host name; use an IP address or localhost, or add the name to --admin-allowed-host (ADMIN_ALLOWED_HOSTS)';
