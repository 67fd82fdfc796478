/**
 * Field names in lower case. Each is on a separate line, with the reason for dropping it as a comment. docs/headers.md
 * shows these lines, and a bundle has only the names.
 */
export type FieldTable = readonly string[];

/** RFC 9110 section 7.6.1: for one connection only. They and all that Connection names are dropped both ways. */
export const HOP_BY_HOP: FieldTable = [
  'connection', // concerns only the connection it came over
  'keep-alive', // concerns only the connection it came over
  'proxy-connection', // an unregistered twin of Connection that old clients send
  'proxy-authenticate', // a challenge of the next proxy, not of Sentry
  'trailer', // trailer fields are not forwarded
  'transfer-encoding', // each side of the proxy frames its own messages
  'upgrade', // no other protocol is spoken on these connections
];

export const COMMON_REQUEST_FIELDS: FieldTable = [
  'accept-encoding', // without it Sentry sends an uncompressed response, unless it compresses them all
  'accept-language', // Sentry's API must give every client the same answers
  'connection', // hop-by-hop
  'expect', // the proxy itself answers 100-continue
  'forwarded', // would give Sentry a client address other than the proxy's
  'host', // replaced by the authority of the base URI
  'http2-settings', // part of an Upgrade that is not forwarded
  'proxy-authorization', // credentials for a proxy, not for Sentry
  'sec-websocket-extensions', // part of an Upgrade that is not forwarded
  'sec-websocket-key', // part of an Upgrade that is not forwarded
  'sec-websocket-protocol', // part of an Upgrade that is not forwarded
  'sec-websocket-version', // part of an Upgrade that is not forwarded
  'te', // hop-by-hop
  'true-client-ip', // would give a proxy in front of Sentry an address other than this proxy's
  'upgrade', // hop-by-hop
  'via', // replaced by the proxy's own, which shows loops
  'x-forwarded-for', // becomes the caller's address in Sentry, which takes the system token from internal addresses only
  'x-forwarded-host', // becomes the host in Sentry's links, if Sentry is set to trust it
  'x-forwarded-proto', // becomes the scheme in Sentry's links, if Sentry is set to trust it
  'x-request-id', // sent again: the client's if it is valid, else a new one
  'x-sentry-relay-id', // no Relay speaks through the proxy: Sentry would trust it by the proxy's address
  'x-sentry-relay-signature', // part of a Relay's credentials
  'x-real-ip', // would give a proxy in front of Sentry an address other than this proxy's
];

/** Beginnings of names. */
export const REQUEST_FIELD_PREFIXES: FieldTable = [
  'cf-', // Cloudflare's own: the client's address and country, and credentials for Cloudflare Access
];

export const PROXY_REQUEST_FIELDS: FieldTable = [
  'authentication', // a misspelt Authorization that must not go out with the real one
  'authorization', // replaced by the injected token
  'cookie', // a browser's session would compete with the token
  'origin', // Sentry answers 400 to a system token that comes with one
];

export const COMMON_RESPONSE_FIELDS: FieldTable = [
  'x-request-id', // sent again: the request's own
];

export const PROXY_RESPONSE_FIELDS: FieldTable = [
  'set-cookie', // a session of the token's owner must not reach the client
  'www-authenticate', // the client is not the one to authenticate to Sentry
];

/**
 * Lines that the proxy sets itself, in place of Sentry's. A browser may open any URL of an open proxy, and Sentry serves
 * files as they were uploaded: in the proxy's origin a script could act with the token.
 */
export const OWN_RESPONSE_FIELDS: readonly (readonly [name: string, value: string])[] = [
  ['Content-Security-Policy', 'sandbox'], // no uploaded page runs scripts, or belongs to the proxy's origin
  ['X-Content-Type-Options', 'nosniff'], // no uploaded file is taken for a page or a script
];

export const GATEWAY_RESPONSE_FIELDS: FieldTable = [
  'set-cookie', // a gateway may answer the credential with a session, which is not the client's
];

/** With these Sentry may leave out the content that has to be edited. */
export const CONDITIONS: FieldTable = [
  'if-modified-since', // the client's copy may be of another edit
  'if-none-match', // the client's copy may be of another edit
  'if-range', // part of Range
  'range', // a part of a document can't be edited
];

/** About a response's bytes, which an edit changes. */
export const OF_THE_BYTES: FieldTable = [
  'accept-ranges', // Range is not forwarded
  'content-digest', // describes Sentry's bytes
  'content-encoding', // edited content is sent decoded
  'content-length', // of the edited content
  'content-md5', // describes Sentry's bytes
  'digest', // describes Sentry's bytes
  'etag', // describes Sentry's bytes, and a client that sends it back would be told that nothing has changed
  'last-modified', // of Sentry's document, before the edit
  'repr-digest', // describes Sentry's bytes
  'signature', // may cover a digest of Sentry's bytes
  'signature-input', // part of Signature
];

/** Counts of entries, in a response from which something was taken out for a named client. */
export const COUNTS: FieldTable = [
  'x-hits', // may count what the client may not see
  'x-max-hits', // part of X-Hits
];

/**
 * Fields that stay on a list from which entries were removed. Any other field may count them, name them or be made of
 * them: with Link and X-Hits a client could find out whether something exists by asking for it.
 */
export const KEPT_WITH_FILTERED_LIST: FieldTable = [
  'access-control-allow-credentials', // set for the origin that asks
  'access-control-allow-headers', // the same for all lists
  'access-control-allow-methods', // the same for all lists
  'access-control-allow-origin', // set for the origin that asks
  'access-control-expose-headers', // the same for all lists
  'allow', // methods of the path
  'cache-control', // the same for all lists
  'content-language', // of Sentry, not of the entries
  'content-security-policy', // the same for all responses
  'content-type', // the same for all lists
  'cross-origin-opener-policy', // the same for all responses
  'date', // when the response was made
  'expires', // the same for all lists
  'pragma', // the same for all lists
  'referrer-policy', // the same for all responses
  'server', // Sentry's web server
  'strict-transport-security', // the same for all responses
  'vary', // names of request fields
  'x-content-type-options', // the same for all responses
  'x-frame-options', // the same for all responses
  'x-sentry-deprecation-date', // of the endpoint
  'x-sentry-rate-limit-concurrentlimit', // counts requests
  'x-sentry-rate-limit-concurrentremaining', // counts requests
  'x-sentry-rate-limit-limit', // counts requests
  'x-sentry-rate-limit-remaining', // counts requests
  'x-sentry-rate-limit-reset', // counts requests
  'x-sentry-replacement-endpoint', // of the endpoint
  'x-xss-protection', // the same for all responses
];
