import { readBounded } from '../../bodies/read-bounded.ts';
import { Deadline } from '../../http/deadline.ts';
import { ProxyError } from '../../http/errors.ts';
import { isSendableToken } from '../../http/grammar.ts';
import { onlyFields } from '../../http/headers.ts';
import type { Transport, UpstreamResponse } from '../../http/types.ts';
import { isObject } from '../../json/members.ts';
import { parseStrictJson } from '../../json/strict.ts';
import { type Issuer, isFetchable } from '../issuer.ts';
import { own } from '../token.ts';

/** Milliseconds for one response, to its end. */
const TIMEOUT = 5000;
/** Bytes of a response. */
const MAX_SIZE = 100 * 1024;

/** How keys are had that are not in the clients file. */
export interface KeyMeans {
  /** Sends a request for an issuer's keys to an origin; trusts the issuer's `ca`. */
  readonly transportFor: (issuer: Issuer, origin: string) => Transport | Promise<Transport>;
  /** Reads a file. Undefined where there are none. */
  readonly readFile?: ((path: string) => Promise<string>) | undefined;
}

/** A reason why keys could not be had, in words that show no secret. */
export class KeysFault extends Error {}

/**
 * The text of an issuer's key set, from the place that the issuer's entry names.
 * @throws KeysFault
 */
export async function loadKeys(issuer: Issuer, means: KeyMeans): Promise<string> {
  const { keys } = issuer;
  if (keys.kind === 'inline') return keys.text;
  if (keys.kind === 'file') return readText(keys.path, 'keysFile', means);
  if (keys.kind === 'url') return get(keys.url, issuer, means);
  return get(await discover(issuer, means), issuer, means);
}

/** OpenID Connect Discovery 1.0, section 4. */
async function discover(issuer: Issuer, means: KeyMeans): Promise<string> {
  const text = await get(`${issuer.url.replace(/\/$/, '')}/.well-known/openid-configuration`, issuer, means);
  const json = parseStrictJson(text);
  if ('problem' in json || !isObject(json.value)) throw new KeysFault('discovery is not a JSON object');
  if (own(json.value, 'issuer') !== issuer.url) throw new KeysFault('discovery names another issuer than url');
  const uri = own(json.value, 'jwks_uri');
  // A server elsewhere must not choose an address of this machine.
  const isAllowed = typeof uri === 'string' && isFetchable(uri, true) && (isSecure(uri) || !isSecure(issuer.url));
  if (!isAllowed) throw new KeysFault('the jwks_uri of discovery is not a URL with https');
  return uri;
}

const isSecure = (url: string): boolean => url.startsWith('https:');

async function get(url: string, issuer: Issuer, means: KeyMeans): Promise<string> {
  const limit = new Deadline([], TIMEOUT);
  try {
    const { origin, pathname, search } = new URL(url);
    const lines: [string, string][] = [
      ['Accept', 'application/json'],
      ['Accept-Encoding', 'identity'],
      ['User-Agent', 'sentry-api-proxy'],
    ];
    const named = new URL(issuer.keys.kind === 'url' ? issuer.keys.url : issuer.url).origin;
    if (issuer.bearerFile !== undefined && origin === named) {
      lines.push(['Authorization', `Bearer ${await bearerOf(issuer.bearerFile, means)}`]);
    }
    const send = await means.transportFor(issuer, origin);
    const response = await send(`${origin}${pathname}${search}`, {
      method: 'GET',
      headers: onlyFields(lines),
      body: null,
      signal: limit,
    });
    return await read(response, url);
  } catch (thrown) {
    if (thrown instanceof KeysFault) throw thrown;
    throw new KeysFault(`${url} could not be fetched: ${reasonOf(thrown, limit.aborted)}`);
  }
}

/** A secret of the proxy, so its file's content must not become part of an error. */
async function bearerOf(path: string, means: KeyMeans): Promise<string> {
  const bearer = (await readText(path, 'bearerFile', means)).trim();
  if (!isSendableToken(bearer)) throw new KeysFault('bearerFile has no token that can be sent');
  return bearer;
}

async function readText(path: string, key: string, { readFile }: KeyMeans): Promise<string> {
  if (readFile === undefined) throw new KeysFault(`${key} cannot be read here`);
  const text = await readFile(path).catch((error: { code?: unknown }) => {
    throw new KeysFault(`${key} could not be read (${typeof error.code === 'string' ? error.code : 'unknown'})`);
  });
  if (text.length > MAX_SIZE) throw new KeysFault(`${key} has more than ${MAX_SIZE} bytes`);
  return text;
}

async function read({ status, headers, body }: UpstreamResponse, url: string): Promise<string> {
  const isEncoded = !/^(?:identity)?$/i.test(headers.get('content-encoding') ?? '');
  if (status !== 200 || body === null || isEncoded) {
    await body?.cancel();
    const why = status === 200 ? 'without readable content' : `with status ${status}`;
    const hint = status >= 300 && status < 400 ? '; redirects are not followed' : '';
    throw new KeysFault(`${url} responded ${why}${hint}`);
  }
  const { bytes, body: rest } = await readBounded(body, MAX_SIZE);
  if (bytes === undefined) {
    await rest.cancel();
    throw new KeysFault(`${url} responded with more than ${MAX_SIZE} bytes`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new KeysFault(`${url} responded with something other than UTF-8`);
  }
}

function reasonOf(thrown: unknown, isLate: boolean): string {
  if (isLate) return `no complete response in ${TIMEOUT / 1000} s`;
  if (!(thrown instanceof ProxyError)) return 'unknown error';
  return thrown.message === '' ? thrown.name : `${thrown.name}, ${thrown.message}`;
}
