// A stand-in for a self-hosted Sentry, for the demonstration and the tests. Not Sentry: a few endpoints of its API with
// invented data, but with its real rules on who may ask, as far as they matter to a proxy in front of it.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, BlockList, isIPv4 } from 'node:net';
import {
  type ApiState,
  answer,
  type Endpoint,
  findEndpoint,
  noRoute,
  notFound,
  type Reply,
  unauthorized,
} from './sentry-api.ts';

/** The database whose table `sentry_option` holds the system token. */
export interface Database {
  // biome-ignore lint/suspicious/noExplicitAny: rows are whatever the statement selects.
  query(sql: string, params?: unknown[]): Promise<any[]>;
}

export interface SentryOptions {
  database: Database;
  /** Default: a free one. */
  port?: number;
  /** How long a token that was read is believed, as Sentry caches its options. Default 0: read for each request. */
  tokenCacheMs?: number;
  /** A token of the organization acme. */
  organizationToken?: string;
  /** Endpoints next to those of the demonstration; they come first. */
  endpoints?: readonly Endpoint[];
}

/** A request as it arrived, and how it was answered. */
export interface RecordedRequest {
  method: string;
  /** Path and query as sent. */
  target: string;
  headers: IncomingHttpHeaders;
  /** The token of `Authorization: Bearer`. */
  bearer: string | undefined;
  /** Length of the body as the application saw it. */
  bodyBytes: number;
  status: number;
}

export interface Sentry extends ApiState {
  url: string;
  port: number;
  /** Requests that were answered, oldest first. */
  requests: RecordedRequest[];
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const KEY = 'sentry:system-token';

// nginx of self-hosted Sentry: client_max_body_size 100m.
const MAX_BODY = 100 * 1024 * 1024;

// INTERNAL_SYSTEM_IPS: the system token is good from here alone.
const INTERNAL_NETWORKS = new BlockList();
INTERNAL_NETWORKS.addSubnet('127.0.0.0', 8);
INTERNAL_NETWORKS.addSubnet('10.0.0.0', 8);
INTERNAL_NETWORKS.addSubnet('172.16.0.0', 12);
INTERNAL_NETWORKS.addSubnet('192.168.0.0', 16);

// The scope org:ci is for uploads and releases of one organization.
const FOR_ORGANIZATION_TOKENS =
  /^\/api\/0\/(?:$|(?:organizations|projects)\/acme\/(?:[^/]+\/)?(?:chunk-upload|releases|artifactbundle|files)\/)/;
const OF_RELEASES = /^\/api\/0\/organizations\/[^/]+\/(?:releases|artifactbundle)\//;

// The headers that Sentry's middlewares add to an API response.
const COMMON_HEADERS = {
  'Access-Control-Allow-Headers':
    'X-Sentry-Auth, X-Requested-With, Origin, Accept, Content-Type, Authentication, Authorization, Content-Encoding, sentry-trace, baggage, X-CSRFToken',
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers':
    'X-Sentry-Error, X-Sentry-Direct-Hit, X-Hits, X-Max-Hits, Endpoint, Retry-After, Link',
  'Content-Language': 'en',
  'Referrer-Policy': 'strict-origin-when-cross-origin',
  Vary: 'Accept-Language, Cookie',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'deny',
  // A self-hosted Sentry limits no rates unless told to; these show that they would pass the proxy.
  'X-Sentry-Rate-Limit-Limit': '40',
  'X-Sentry-Rate-Limit-Remaining': '39',
  'X-XSS-Protection': '1; mode=block',
};

/** Puts a new system token where Sentry keeps it, and gives it back: 64 hexadecimal digits, as Sentry makes them. */
export async function rotateSystemToken(database: Database): Promise<string> {
  const token = randomBytes(32).toString('hex');
  await database.query(
    `INSERT INTO sentry_option (key, value) VALUES ($1, $2)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value, last_updated = now()`,
    [KEY, JSON.stringify(token)],
  );
  return token;
}

export async function startSentry({
  database,
  port = 0,
  tokenCacheMs = 0,
  organizationToken,
  endpoints = [],
}: SentryOptions): Promise<Sentry> {
  let cached = { token: '', until: 0 };
  async function isSystemToken(token: string): Promise<boolean> {
    if (Date.now() >= cached.until) {
      const [row] = await database.query('SELECT value FROM sentry_option WHERE key = $1', [KEY]);
      cached = { token: String(row?.value ?? ''), until: Date.now() + tokenCacheMs };
    }
    const expected = Buffer.from(cached.token);
    const given = Buffer.from(token);
    return expected.length > 0 && expected.length === given.length && timingSafeEqual(expected, given);
  }

  const requests: RecordedRequest[] = [];
  const server = createServer((message, response) => {
    respond(message, response).catch((error) => {
      console.error(`The Sentry stand-in failed: ${error.message}`);
      response.destroy();
    });
  });

  async function respond(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(message);
    if (!body) {
      response.writeHead(413, { Connection: 'close' }).end();
      return;
    }
    const bearer = /^bearer +(.*)$/i.exec(message.headers.authorization ?? '')?.[1];
    const reply = await reactTo(message, body, bearer);
    requests.push({
      method: message.method!,
      target: message.url!,
      headers: message.headers,
      bearer,
      bodyBytes: body.length,
      status: reply.status,
    });
    send(message, response, reply);
  }

  async function reactTo(message: IncomingMessage, body: Buffer, bearer: string | undefined): Promise<Reply> {
    const { method = '', headers } = message;
    const [path = '', ...query] = message.url!.split('?');
    // Answered by a middleware, before any look at credentials.
    if (path === '/_health/') return { status: 200, text: 'ok' };
    // Not a path of Sentry: offers to curl what anyone with access to the database can do.
    if (path === '/_demo/rotate-system-token/' && method === 'POST') {
      await rotateSystemToken(database);
      return { status: 200, text: 'The system token in the database is a new one.\n' };
    }
    if (!path.startsWith('/api/0/')) return { status: 404, json: { detail: 'Not found.' } };
    const endpoint = endpoints.find(({ pattern }) => pattern.test(path)) ?? findEndpoint(path);
    if (!endpoint) return noRoute(path, headers);

    // By default Sentry believes the first address of X-Forwarded-For (sentry/middleware/proxy.py).
    const client = [headers['x-forwarded-for']].flat().join(',').split(',')[0]!.trim() || HOST;
    const isInternal = isIPv4(client) && INTERNAL_NETWORKS.check(client);
    const isSystem = bearer !== undefined && isInternal && (await isSystemToken(bearer));
    const isOrganization = organizationToken !== undefined && bearer === organizationToken;
    if (bearer !== undefined && !isSystem && !isOrganization) return unauthorized('Invalid token');
    if (isOrganization && !FOR_ORGANIZATION_TOKENS.test(path)) {
      return { status: 403, json: { detail: 'You do not have permission to perform this action.' } };
    }
    // OrganizationReleasesBaseEndpoint.get_projects: a token without a user has no projects there.
    if (isSystem && organizationToken !== undefined && OF_RELEASES.test(path)) return notFound();

    // The system token has no allowed origins, so that any but "null" is refused (sentry/api/base.py).
    const { origin } = headers;
    if (origin && origin !== 'null') return { status: 400, json: `Invalid origin: ${origin}` };

    const request = {
      method,
      path,
      query: new URLSearchParams(query.join('?')),
      headers,
      body,
      isSystem,
      isOrganization,
    };
    return answer(endpoint, request, sentry);
  }

  server.listen(port, HOST);
  await once(server, 'listening');
  const { port: actualPort } = server.address() as AddressInfo;
  const url = `http://${HOST}:${actualPort}`;
  const sentry: Sentry = {
    url,
    port: actualPort,
    urlPrefix: url,
    uploadUrlPrefix: '',
    chunks: new Map(),
    requests,
    async stop() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return sentry;
}

/** The body as Sentry's application sees it, or undefined if it is too large. */
async function readBody(message: IncomingMessage): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of message) {
    length += piece.length;
    if (length > MAX_BODY) return undefined;
    pieces.push(piece);
  }
  // uWSGI hands Django no length for a chunked body, and Django then takes it for empty.
  return message.headers['transfer-encoding'] === undefined ? Buffer.concat(pieces) : Buffer.alloc(0);
}

function send(message: IncomingMessage, response: ServerResponse, reply: Reply): void {
  const { status, headers = {}, json, text } = reply;
  if (message.url!.startsWith('/api/0/')) {
    response.setHeaders(new Map(Object.entries(COMMON_HEADERS)));
    response.setHeader('Set-Cookie', [
      `sc=${randomBytes(16).toString('hex')}; Max-Age=31449600; Path=/; SameSite=Lax`,
      `sentrysid=${randomBytes(16).toString('hex')}; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax`,
    ]);
    if (headers.Allow) response.setHeader('Access-Control-Allow-Methods', headers.Allow);
  }
  const type = json === undefined ? 'text/plain' : 'application/json';
  const body = json === undefined ? (text ?? '') : JSON.stringify(json);
  if (body) response.setHeader('Content-Type', type);
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.setHeaders(new Map(Object.entries(headers)));
  response.writeHead(status).end(message.method === 'HEAD' ? undefined : body);
}
