/** Where a shared store is, and which keys are this installation's. */
export interface StoreAddress {
  readonly host: string;
  readonly port: number;
  readonly isEncrypted: boolean;
  /** Empty: the store's default user. */
  readonly user: string;
  /** Empty: the store asks for none. */
  readonly password: string;
  readonly database: number;
  /** Begins all keys. */
  readonly prefix: string;
}

const DEFAULT_PORT = 6379;
const DEFAULT_PREFIX = 'sentry-api-proxy';

/** Any other sign could end the part of a key that keeps the keys of a client on one node of a cluster. */
const PREFIX = /^[A-Za-z0-9._:-]{1,64}$/;

/**
 * Reads the URL of a store: `redis://` or `rediss://`, with user, password, port and database where it has them, and
 * with `?prefix=`, without which two installations in one store would share the limits of clients of the same name.
 * @returns undefined if it is none
 */
export function storeAddress(text: string): StoreAddress | undefined {
  if (!/^rediss?:\/\/[^/?#]+(?:\/\d{0,4})?(?:\?[^#]*)?$/i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const parameters = [...url.searchParams];
  const prefix = url.searchParams.get('prefix') ?? DEFAULT_PREFIX;
  const isKnown = parameters.length <= 1 && parameters.every(([name]) => name === 'prefix') && PREFIX.test(prefix);
  const [user, password] = [decoded(url.username), decoded(url.password)];
  if (!isKnown || user === undefined || password === undefined || url.hostname === '') return undefined;
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    isEncrypted: url.protocol === 'rediss:',
    user,
    password,
    database: Number(url.pathname.slice(1)),
    prefix,
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
