import { ProxyError } from '../http/errors.ts';
import { isToken, TOKEN_CHARACTER } from '../http/grammar.ts';
import type { IncomingRequest } from '../http/types.ts';

/** RFC 3986 section 3.2, without the comma that joins the values of two lines. */
const HOST = /^(?:\[[0-9a-f:.]+\]|[\w.~!$&'()*+;=%-]+)(?::\d{1,5})?$/i;
const LENGTH = /^(?:0|[1-9]\d{0,14})$/;

/**
 * Refuses the same requests as the Node adapter, as far as a `Request` still shows them; that adapter reads the bytes itself.
 * Runtimes join the values of repeated lines with commas, and some accept framing that Sentry may read differently.
 *
 * @throws ProxyError `bad_request` or `expectation_failed`
 */
export function refuseAmbiguous({ method, url, headers }: IncomingRequest): void {
  // A runtime may let other methods through, and they must not be written to a socket.
  if (!isToken(method)) throw malformed('a method that is not a token');
  if (!HOST.test(headers.get('host') ?? '')) throw malformed('no Host, a malformed one or more than one');
  if (url.includes('#')) throw malformed('a fragment in the request target');
  const authorization = headers.get('authorization');
  if (authorization !== null && authorization.length > MAX_AUTHORIZATION) throw malformed('a very long Authorization');
  if (hasTwoCredentials(authorization)) throw malformed('more than one Authorization');

  const length = headers.get('content-length');
  const coding = headers.get('transfer-encoding');
  if (length !== null && (coding !== null || !LENGTH.test(length))) throw malformed('a malformed Content-Length');
  if (coding !== null && coding.toLowerCase() !== 'chunked') throw malformed('a transfer coding other than chunked');
  // Fetch has no body for these, and a length without its body would leave Sentry waiting for it.
  const isBodyless = method === 'GET' || method === 'HEAD';
  const hasBody = coding !== null || (length !== null && length !== '0');
  if (isBodyless && hasBody) throw malformed(`a body with ${method}, which cannot be forwarded here`);

  const expect = headers.get('expect');
  if (expect !== null && expect.toLowerCase() !== '100-continue') throw new ProxyError('expectation_failed');
}

const malformed = (explanation: string): ProxyError => new ProxyError('bad_request', explanation);

/** Characters; the Node adapter's bound for a whole header section. */
const MAX_AUTHORIZATION = 16 * 1024;

/** After a comma outside quotes comes a parameter of the first line's credentials, or the scheme of a second line's. */
function hasTwoCredentials(authorization: string | null): boolean {
  if (authorization === null || !authorization.includes(',')) return false;
  let isQuoted = false;
  for (let i = 0; i < authorization.length; i++) {
    const character = authorization[i];
    if (isQuoted && character === '\\') i++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (character === ',' && !isQuoted && startsWithScheme(authorization, i + 1)) return true;
  }
  // If a quote does not end, the end of the first line's credentials is unknown.
  return isQuoted;
}

/** Sticky, so that it looks only right after the comma; a scheme ends at the next comma at the latest. */
const SCHEME = new RegExp(`[ \\t]*${TOKEN_CHARACTER}+ +[^\\s=]`, 'y');

function startsWithScheme(text: string, at: number): boolean {
  SCHEME.lastIndex = at;
  return SCHEME.test(text);
}
