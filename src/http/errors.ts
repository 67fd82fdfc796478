export interface ErrorRow {
  readonly status: number;
  /** RFC 9209 section 2.3: the error type that Proxy-Status names. */
  readonly proxyError: string;
  /** For the client. */
  readonly detail: string;
  readonly fields?: [string, string][];
  /** Whether the body is JSON unless the client prefers text: Sentry's programs print a refusal only in that form. */
  readonly isJsonByDefault?: true;
}

/** Every response that the proxy makes itself. The log and the metrics use the same names. */
export const ERRORS = {
  bad_request: {
    status: 400,
    proxyError: 'http_request_error',
    detail: 'The request is malformed: its target, framing, fields or Host are not acceptable.',
  },
  client_unknown: {
    status: 401,
    proxyError: 'http_request_denied',
    detail: "Send `Authorization: Bearer` with the token of one of this proxy's clients.",
    fields: [['WWW-Authenticate', 'Bearer']],
    isJsonByDefault: true,
  },
  client_expired: {
    status: 401,
    proxyError: 'http_request_denied',
    detail: 'The client is no longer valid.',
    fields: [['WWW-Authenticate', 'Bearer error="invalid_token"']],
    isJsonByDefault: true,
  },
  identity_refused: {
    status: 401,
    proxyError: 'http_request_denied',
    // One text for all reasons: a difference would show which claims are those of a client.
    detail: "The token's issuer is known to this proxy, but the token is not valid or identifies no client.",
    fields: [['WWW-Authenticate', 'Bearer error="invalid_token"']],
    isJsonByDefault: true,
  },
  client_denied: {
    status: 403,
    proxyError: 'http_request_denied',
    detail: 'The client may not do this.',
    isJsonByDefault: true,
  },
  browser_refused: {
    status: 403,
    proxyError: 'http_request_denied',
    detail: 'This proxy is open to everyone, so it refuses requests from web pages of other origins.',
  },
  host_refused: {
    status: 403,
    proxyError: 'http_request_denied',
    detail: 'This proxy does not serve the host that the request names.',
  },
  relay_refused: {
    status: 403,
    proxyError: 'http_request_denied',
    detail: 'A Relay must not connect to Sentry through this proxy.',
  },
  not_found: {
    status: 404,
    proxyError: 'http_request_denied',
    detail: 'The path is not below the one at which this proxy is mounted.',
  },
  method_not_allowed: {
    status: 405,
    proxyError: 'http_request_denied',
    detail: 'This method is not forwarded.',
    fields: [['Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS']],
  },
  request_timeout: {
    status: 408,
    proxyError: 'http_request_error',
    detail: 'The request was not complete in time.',
  },
  content_too_large: {
    status: 413,
    proxyError: 'http_request_error',
    detail:
      'A chunked body of this size is not forwarded, because Sentry behind uWSGI would read it as empty. Send it with a ' +
      'Content-Length, raise REPLAY_LIMIT, or set STREAM_CHUNKED if this Sentry reads chunked bodies.',
  },
  expectation_failed: {
    status: 417,
    proxyError: 'http_request_error',
    detail: 'The only supported expectation is 100-continue.',
  },
  client_limited: {
    status: 429,
    proxyError: 'http_request_denied',
    detail: 'The client is over its limit; try again later.',
    isJsonByDefault: true,
  },
  header_section_too_large: {
    status: 431,
    proxyError: 'http_request_error',
    detail: 'The header section of the request is too large.',
  },
  client_gone: {
    status: 499,
    proxyError: 'http_request_error',
    detail: 'The client went away.',
  },
  internal_error: {
    status: 500,
    proxyError: 'proxy_internal_error',
    detail: 'Internal proxy error; its operator can see the cause.',
  },
  body_already_read: {
    status: 500,
    proxyError: 'proxy_configuration_error',
    detail: 'Something in front of the proxy has already read the body; mount the proxy before body parsers.',
  },
  upstream_unknown_host: {
    status: 502,
    proxyError: 'dns_error',
    detail: "Could not resolve Sentry's host name.",
  },
  upstream_refused: {
    status: 502,
    proxyError: 'connection_refused',
    detail: 'Could not connect to Sentry.',
  },
  upstream_tls: {
    status: 502,
    proxyError: 'tls_protocol_error',
    detail: 'Could not make a secure connection to Sentry.',
  },
  upstream_reset: {
    status: 502,
    proxyError: 'connection_terminated',
    detail: 'Sentry closed the connection before it answered.',
  },
  upstream_malformed: {
    status: 502,
    proxyError: 'http_protocol_error',
    detail: "Sentry's response was not valid HTTP.",
  },
  upstream_truncated: {
    status: 502,
    proxyError: 'http_response_incomplete',
    detail: "Sentry's response broke off.",
  },
  response_withheld: {
    status: 502,
    proxyError: 'http_response_content_coding',
    detail: 'The response has to be filtered for this client, and the proxy could not read it.',
  },
  upstream_failed: {
    status: 502,
    proxyError: 'destination_unavailable',
    detail: 'Could not reach Sentry.',
  },
  no_token: {
    status: 503,
    proxyError: 'destination_unavailable',
    detail: 'The proxy has no Sentry token yet; it keeps trying to get one.',
    fields: [['Retry-After', '5']],
  },
  look_up_failed: {
    status: 503,
    proxyError: 'destination_unavailable',
    detail: 'The proxy could not look up in Sentry whether the client may do this; try again later.',
    fields: [['Retry-After', '5']],
    isJsonByDefault: true,
  },
  keys_unavailable: {
    status: 503,
    proxyError: 'destination_unavailable',
    detail: 'The proxy cannot verify tokens of this issuer now; try again later.',
    isJsonByDefault: true,
  },
  not_configured: {
    status: 503,
    proxyError: 'proxy_configuration_error',
    detail: 'The proxy is not configured.',
  },
  uploads_full: {
    status: 503,
    proxyError: 'http_request_denied',
    detail: 'The proxy cannot buffer more request bodies now. Try again later.',
    fields: [['Retry-After', '5']],
  },
  responses_full: {
    status: 503,
    proxyError: 'http_request_denied',
    detail: 'The proxy cannot buffer more responses now. Try again later.',
    fields: [['Retry-After', '5']],
  },
  upstream_no_port: {
    status: 503,
    proxyError: 'connection_limit_reached',
    detail: 'The proxy has no free local port for another connection to Sentry; try again later.',
    fields: [['Retry-After', '5']],
  },
  proxy_closed: {
    status: 503,
    proxyError: 'http_request_denied',
    detail: 'The proxy is being shut down.',
  },
  upstream_timeout: {
    status: 504,
    proxyError: 'http_response_timeout',
    detail:
      'Sentry did not answer in time. If it needs longer, raise the write timeout: --write-timeout, WRITE_TIMEOUT or writeTimeout.',
  },
  upstream_connect_timeout: {
    status: 504,
    proxyError: 'connection_timeout',
    detail: 'Could not connect to Sentry in time.',
  },
  loop_detected: {
    status: 508,
    proxyError: 'proxy_loop_detected',
    detail:
      'The request already came through two such proxies: there is a third in series, or SENTRY_URI leads back to one.',
  },
} as const satisfies Record<string, ErrorRow>;

/** The name of an error of the table: what `ProxyError`, the log and `RequestRecord` call it. */
export type ErrorName = keyof typeof ERRORS;

/** A failure with a row in the error table. */
export class ProxyError extends Error {
  override readonly name: ErrorName;
  /** Response fields of this failure alone. */
  readonly fields: readonly [string, string][];

  /** @param explanation for the log, and for the client if it adds to the row's detail; never a secret */
  constructor(name: ErrorName, explanation = '', fields: readonly [string, string][] = []) {
    super(explanation);
    this.name = name;
    this.fields = fields;
  }
}

/** Any thrown value as a row of the table. An unforeseen error is an internal error, and its text is not shown. */
export function asProxyError(thrown: unknown): ProxyError {
  if (thrown instanceof ProxyError) return thrown;
  return new ProxyError('internal_error', thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : 'unknown');
}
