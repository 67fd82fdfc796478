import { type ErrorName, ProxyError } from './errors.ts';

/** Error codes of Node's sockets, and of platforms that imitate them. */
const BY_CODE: Record<string, ErrorName> = {
  ECONNREFUSED: 'upstream_refused',
  ECONNRESET: 'upstream_reset',
  EPIPE: 'upstream_reset',
  ENOTFOUND: 'upstream_unknown_host',
  EAI_AGAIN: 'upstream_unknown_host',
  ETIMEDOUT: 'upstream_connect_timeout',
  EADDRNOTAVAIL: 'upstream_no_port',
  UND_ERR_CONNECT_TIMEOUT: 'upstream_connect_timeout',
};

/** Codes of Node's and of OpenSSL's verification (X509_V_ERR_…). */
const TLS_CODES =
  /^(?:ERR_TLS|ERR_SSL|EPROTO|CERT_|CRL_|DEPTH_ZERO|ERROR_IN_C|HOSTNAME_MISMATCH|INVALID_|PATH_LENGTH|SELF_SIGNED|UNABLE_TO)/;

/** A failure to reach Sentry, as a row of the error table. */
export function upstreamError(error: { code?: unknown; message: string }, hasResponse: boolean): ProxyError {
  const code = typeof error.code === 'string' ? error.code : '';
  const message = plainMessage(error.message);
  const explanation = code === '' ? message : `${code}: ${message}`;
  if (hasResponse) return new ProxyError('upstream_truncated', explanation);
  const isTls = TLS_CODES.test(code);
  return new ProxyError(isTls ? 'upstream_tls' : (BY_CODE[code] ?? 'upstream_failed'), explanation);
}

/** The reason in OpenSSL's message: address:error:number:library:function:reason:file:line and a line break. */
const OPENSSL = /\b[0-9A-F]+:error:[^:]*:[^:]*:[^:]*:([^:\n]+)/;

const plainMessage = (message: string): string => OPENSSL.exec(message)?.[1] ?? message;
