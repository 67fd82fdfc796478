import type { Report } from '../../../src/config/values.ts';

/** Where to listen: a port of one address, or of all addresses if there is no host, or a Unix socket. */
export type ListenAddress = { readonly host: string | undefined; readonly port: number } | { readonly path: string };

/** Bytes of a socket's path at most: sun_path has room for a final NUL as well. */
export const MAX_SOCKET_PATH = process.platform === 'linux' ? 107 : 103;

/** Reads `host:port`, `:port`, `[IPv6]:port` or `unix:/path`. */
export function readListenAddress(value: string, report: Report): ListenAddress {
  const path = /^unix:(\/.+)$/.exec(value)?.[1];
  if (path !== undefined) {
    const size = Buffer.byteLength(path);
    if (size > MAX_SOCKET_PATH)
      report(`names a socket by a path of ${size} bytes; the system allows ${MAX_SOCKET_PATH}`);
    return { path };
  }
  const [, bracketed, name, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([\w.-]*)):(\d{1,5})$/.exec(value) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65535) {
    report('is not an address like 0.0.0.0:8080, :8080, [::1]:8080 or unix:/path');
    return { host: undefined, port: 0 };
  }
  return { host: bracketed ?? (name || undefined), port };
}

/** The address as `readListenAddress` reads it. */
export function addressText(address: ListenAddress): string {
  if ('path' in address) return `unix:${address.path}`;
  const host = address.host?.includes(':') ? `[${address.host}]` : (address.host ?? '');
  return `${host}:${address.port}`;
}

/** Whether only this machine's own users can reach the address. */
export function isLocal(address: ListenAddress): boolean {
  if ('path' in address) return true;
  const { host } = address;
  return host !== undefined && (host === 'localhost' || host === '::1' || /^127\./.test(host));
}

/**
 * The address of a connection's other end in its own form: a listener for IPv6 and IPv4 gives an IPv4 address as
 * `::ffff:192.0.2.1`, and a link-local one with the interface behind it. Undefined over a Unix socket.
 */
export const peerAddress = (remoteAddress: string | undefined): string | undefined =>
  remoteAddress?.includes(':') ? remoteAddress.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '') : remoteAddress;
