/** Field names in lower case, each with the reason why it is dropped. */
export type FieldTable = Readonly<Record<string, string>>;

/** RFC 9110 section 7.6.1: meant for one connection, dropped on both ways in every case, with all that Connection names. */
export const HOP_BY_HOP: FieldTable = {
  connection: 'speaks of the connection it came over',
  'keep-alive': 'speaks of the connection it came over',
  'proxy-connection': 'an unregistered twin of Connection that old clients send',
  'proxy-authenticate': 'a challenge of the next proxy, not of Sentry',
  trailer: 'trailer fields are not forwarded',
  'transfer-encoding': 'each side of the proxy frames its own messages',
  upgrade: 'no other protocol is spoken on these connections',
};

export const COMMON_REQUEST_FIELDS: FieldTable = {
  'accept-encoding': 'the response passes as Sentry makes it, uncompressed unless it insists',
  'accept-language': "Sentry's API answers are to be the same for every client",
  connection: 'hop-by-hop',
  expect: 'the proxy itself answers 100-continue',
  forwarded: "would tell Sentry another client's address than the proxy's",
  host: 'replaced by the authority of the base URI',
  'http2-settings': 'part of an Upgrade that is not forwarded',
  'proxy-authorization': 'credentials for a proxy, not for Sentry',
  'sec-websocket-extensions': 'part of an Upgrade that is not forwarded',
  'sec-websocket-key': 'part of an Upgrade that is not forwarded',
  'sec-websocket-protocol': 'part of an Upgrade that is not forwarded',
  'sec-websocket-version': 'part of an Upgrade that is not forwarded',
  te: 'hop-by-hop',
  'true-client-ip': "would tell a proxy before Sentry another address than this proxy's",
  upgrade: 'hop-by-hop',
  via: "replaced by the proxy's own, in which every loop through here shows",
  'x-forwarded-for':
    "becomes the caller's address in Sentry, which takes the system token from internal addresses only",
  'x-forwarded-host': 'becomes the host in links that Sentry makes, where it is set to trust it',
  'x-forwarded-proto': 'becomes the scheme in links that Sentry makes, where it is set to trust it',
  'x-request-id': 'sent anew: as it came if it is sane, else one that the proxy made',
  'x-real-ip': "would tell a proxy before Sentry another address than this proxy's",
};

export const PROXY_REQUEST_FIELDS: FieldTable = {
  authentication: 'a misspelt Authorization that must not travel beside the real one',
  authorization: 'replaced by the injected token',
  cookie: "a browser's session would compete with the token",
  origin: 'Sentry answers 400 to a system token that comes with one',
};

export const COMMON_RESPONSE_FIELDS: FieldTable = {
  'x-request-id': "sent anew: the request's own",
};

export const PROXY_RESPONSE_FIELDS: FieldTable = {
  'set-cookie': "a session of the token's owner is not the client's",
  'www-authenticate': 'the client is not the one to authenticate to Sentry',
};

export const GATEWAY_RESPONSE_FIELDS: FieldTable = {
  'set-cookie': "a gateway may answer the credential with a session, which is not the client's",
};
