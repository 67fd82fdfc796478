import type { EditedFields, Fields } from './env.ts';
import type { Route } from './routes.ts';

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
  via: 'tells Sentry nothing that it uses, and others the way here',
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

const namesOf = (...tables: FieldTable[]): ReadonlySet<string> => new Set(tables.flatMap(Object.keys));

const DROPPED = {
  request: {
    inject: namesOf(HOP_BY_HOP, COMMON_REQUEST_FIELDS, PROXY_REQUEST_FIELDS),
    bypass: namesOf(HOP_BY_HOP, COMMON_REQUEST_FIELDS),
  },
  response: {
    inject: namesOf(HOP_BY_HOP, COMMON_RESPONSE_FIELDS, PROXY_RESPONSE_FIELDS),
    bypass: namesOf(HOP_BY_HOP, COMMON_RESPONSE_FIELDS),
  },
};

/**
 * The fields of a request as they go to Sentry.
 * @param added nothing that a client sends strips these
 */
export const cleanRequest = (fields: Fields, route: Route, added: [string, string][]): EditedFields => ({
  from: fields,
  dropped: withNamedByConnection(DROPPED.request[route.kind], fields),
  added,
});

/** The fields of a response as they go to the client. */
export const cleanResponse = (fields: Fields, route: Route, added: [string, string][]): EditedFields => ({
  from: fields,
  dropped: withNamedByConnection(DROPPED.response[route.kind], fields),
  added,
});

/** Nothing but these lines. */
export const onlyFields = (added: [string, string][]): EditedFields => ({ from: NO_FIELDS, dropped: new Set(), added });

const NO_FIELDS: Fields = { get: () => null, [Symbol.iterator]: () => [][Symbol.iterator]() };

/** What goes out, line by line. */
export function linesOf({ from, dropped, added }: EditedFields): [string, string][] {
  const lines: [string, string][] = [];
  for (const line of from) {
    const name = tableName(line[0]);
    // uWSGI would take Content_Length for a second Content-Length, and the rest of the body for another request.
    const isFramingTwin = name === 'content-length' && line[0].includes('_');
    if (!dropped.has(name) && !isFramingTwin) lines.push(line);
  }
  lines.push(...added);
  return lines;
}

/** WSGI gives `X_Forwarded_For` and `X-Forwarded-For` the same name, so the tables take them for the same. */
function tableName(name: string): string {
  const lower = name.toLowerCase();
  return lower.includes('_') ? lower.replaceAll('_', '-') : lower;
}

function withNamedByConnection(dropped: ReadonlySet<string>, fields: Fields): ReadonlySet<string> {
  const connection = fields.get('connection');
  if (connection === null || connection === 'close' || connection === 'keep-alive') return dropped;
  const all = new Set(dropped);
  for (const option of connection.split(',')) {
    const name = tableName(option.trim());
    // Framing is not the sender's to strip: a body whose length is gone would be read as the next request.
    if (TOKEN.test(name) && name !== 'content-length') all.add(name);
  }
  return all;
}

/** RFC 9110 section 5.6.2, in lower case: what else stands there names no field, and a runtime may refuse to look for it. */
const TOKEN = /^[!#$%&'*+\-.^`|~0-9a-z]+$/;
