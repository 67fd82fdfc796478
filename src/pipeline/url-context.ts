import { pathOf } from '../http/grammar.ts';
import type { IncomingRequest, Upstream } from '../http/types.ts';
import type { Addresses } from './env.ts';

/** Where one request's client reaches this proxy, and where Sentry says that it is. */
export interface UrlContext {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** The URL at which the client reaches this proxy, without a trailing slash; undefined without a Host. */
  readonly own: string | undefined;
  readonly addresses: Addresses;
}

/** The addresses of a proxy, or undefined if its clients are not kept inside. */
export const addressesOf = (
  { origin, basePath }: Upstream,
  { keepInside, publicUrl }: { readonly keepInside: boolean; readonly publicUrl: string | undefined },
  mountPath = '',
): Addresses | undefined =>
  keepInside ? { publicUrl, mountPath, sentry: origin.slice(origin.indexOf('://') + 3) + basePath } : undefined;

/** The same proxy, at a path that only the request shows. */
export const mountedAt = (addresses: Addresses, mountPath: string): Addresses => ({
  ...addresses,
  mountPath,
  get sentryPublic() {
    return addresses.sentryPublic;
  },
  set sentryPublic(seen) {
    addresses.sentryPublic = seen;
  },
});

/** @returns undefined if it is not a request to Sentry's API */
export function urlContextOf({ method, url, headers }: AskedRequest, addresses: Addresses): UrlContext | undefined {
  const schemeEnd = url.indexOf('://') + 3;
  const target = url.slice(url.indexOf('/', schemeEnd));
  const sent = pathOf(target);
  // A web server before Sentry may take several slashes for one.
  const path = sent.includes('//') ? sent.replace(/\/{2,}/g, '/') : sent;
  if (!path.startsWith(API)) return undefined;
  // Host is what ALLOWED_HOSTS was checked against. Some runtimes take the URL's authority from the request target.
  const host = headers.get('host') ?? '';
  const own = addresses.publicUrl ?? (host === '' ? undefined : url.slice(0, schemeEnd) + host + addresses.mountPath);
  return { method, path, own, addresses };
}

type AskedRequest = Pick<IncomingRequest, 'method' | 'url' | 'headers'>;

const API = '/api/0/';

/** The two parts of a URL whose path may be followed at this proxy. */
export function apiUrlIn(
  url: string,
  isItsPath: (path: string) => boolean,
): { address: string; rest: string } | undefined {
  const [, address, rest = ''] = ABSOLUTE.exec(url) ?? [];
  return address !== undefined && isItsPath(rest.split(/[?#]/, 1)[0]!) ? { address, rest } : undefined;
}

/** Host and port, the path of Sentry's address, if any, then the API's own path. */
const ABSOLUTE = /^https?:\/\/([^/?#]+(?:\/[^?#]*?)??)(\/api\/0\/.*)$/is;

/** A URL of the API at one of Sentry's addresses, moved to this proxy; undefined for any other URL. */
export function fromSentry(url: string, { own }: UrlContext, addresses: readonly string[]): string | undefined {
  const [, address = '', rest = ''] = ABSOLUTE.exec(url) ?? [];
  // Behind a web server that ends TLS, Sentry writes http, so the scheme says nothing.
  const isSentry = addresses.some((one) => one.toLowerCase() === address.toLowerCase());
  return isSentry && own !== undefined ? own + rest : undefined;
}
