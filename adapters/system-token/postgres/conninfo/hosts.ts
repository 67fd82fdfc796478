import { isIP } from 'node:net';
import { MAX_SOCKET_PATH } from '../../../http1/listen/listen-address.ts';
import type { Lookup } from './lookup.ts';
import type { ConnHost } from './types.ts';

/** The server's socket in libpq's packages and in its source, then the network. */
const DEFAULT_HOSTS = ['/var/run/postgresql', '/tmp', 'localhost'];
const DEFAULT_PORT = 5432;

/** The hosts to try, in order, combined from libpq's lists in `host`, `hostaddr` and `port`. */
export function resolveHosts({ get, complain }: Lookup): ConnHost[] {
  const addresses = get('hostaddr')?.split(',');
  const names = get('host')?.split(',');
  const ports = get('port')?.split(',') ?? [''];
  if (addresses && names && addresses.length !== names.length) {
    complain('hostaddr', `has ${addresses.length} items where host has ${names.length}`);
  }
  const count = Math.max(addresses?.length ?? 0, names?.length ?? 0, 1);
  if (ports.length !== 1 && ports.length !== count) complain('port', `has ${ports.length} items for ${count} hosts`);
  if (addresses?.some((address) => address !== '' && isIP(address) === 0)) complain('hostaddr', 'is not an IP address');
  if (names?.some((name) => !name.startsWith('/') && /[\s/[\]@]/.test(name))) complain('host', 'is not a host name');

  const hosts: ConnHost[] = [];
  for (let i = 0; i < count; i++) {
    const digits = (ports.length === 1 ? ports[0] : ports[i])?.trim() || String(DEFAULT_PORT);
    const port = Number(digits);
    if (!/^\d{1,5}$/.test(digits) || port < 1 || port > 65_535) {
      complain('port', 'is not a number from 1 to 65535', 'in a URI, percent-encode / ? # : in a password');
    }
    const hostaddr = addresses?.[i] || undefined;
    const host = names?.[i] || undefined;
    const size = host?.startsWith('/') ? Buffer.byteLength(`${host}/.s.PGSQL.${port}`) : 0;
    if (size > MAX_SOCKET_PATH) {
      complain('host', `names a socket by a path of ${size} bytes; the system allows ${MAX_SOCKET_PATH}`);
    }
    if (host === undefined && hostaddr === undefined) {
      for (const name of DEFAULT_HOSTS) hosts.push({ host: name, hostaddr: undefined, port });
    } else {
      hosts.push({ host: host ?? '', hostaddr, port });
    }
  }
  return hosts;
}
