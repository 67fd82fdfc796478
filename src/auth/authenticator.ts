import type { Admission, Fields, Identify, IncomingRequest, Principal, Route, Trace } from '../http/types.ts';
import type { Client } from '../policy/client.ts';
import type { Digest } from './client-registry.ts';

const ANYONE: Route = { kind: 'inject', principal: { name: 'anyone', isAnyone: true } };
const BYPASS: Route = { kind: 'bypass' };
const REJECT: Route = { kind: 'reject' };

/** What the principals are made of. */
export interface PrincipalsOptions {
  readonly aliasTokens: readonly string[];
  /** Whether every request gets the token: neither alias tokens nor clients were ever set. */
  readonly isOpen: boolean;
  /** The named clients by the digests of their tokens, in lower-case hex. */
  readonly clients?: ReadonlyMap<string, Client> | undefined;
  /** Whether a request without a known token is refused instead of bypassed. */
  readonly rejectsUnmatched?: boolean | undefined;
  readonly digest: Digest;
  /** Decides whether a client may send a request. */
  readonly admit: (client: Client, request: IncomingRequest, trace: Trace) => Promise<Admission>;
}

/**
 * Finds a token's principal by the token's SHA-256 digest. A look-up costs one hash, however many tokens there are, and
 * its time does not show how close a guess was.
 */
export class Principals implements Identify {
  readonly isOpen: boolean;
  readonly #digest: Digest;
  readonly #unmatched: Route;
  readonly #byDigest: ReadonlyMap<string, Route> | Promise<ReadonlyMap<string, Route>>;

  constructor(options: PrincipalsOptions) {
    const { aliasTokens, isOpen, clients = new Map(), rejectsUnmatched = false, digest } = options;
    this.isOpen = isOpen;
    this.#digest = digest;
    this.#unmatched = rejectsUnmatched ? REJECT : BYPASS;
    const named = [...clients].map(([hex, client]): [string, Principal] => {
      const admit: Principal['admit'] = (request, trace) => options.admit(client, request, trace);
      return [hex, { name: client.name, admit }];
    });
    const digests = [...new Set(aliasTokens)].map(digest);
    this.#byDigest = areReady(digests)
      ? routesOf(digests, named)
      : Promise.all(digests).then((all) => routesOf(all, named));
  }

  /** The principal that a request with these fields belongs to. It is synchronous if the digest is. */
  identify(fields: Fields): Route | Promise<Route> {
    if (this.isOpen) return ANYONE;
    const token = bearerOf(fields.get('authorization'));
    if (token === undefined) return this.#unmatched;
    const digest = this.#digest(token);
    const routes = this.#byDigest;
    if (typeof digest !== 'string' || routes instanceof Promise) return this.#identifyLater(digest, routes);
    return routes.get(digest) ?? this.#unmatched;
  }

  async #identifyLater(
    digest: string | Promise<string>,
    routes: ReadonlyMap<string, Route> | Promise<ReadonlyMap<string, Route>>,
  ): Promise<Route> {
    return (await routes).get(await digest) ?? this.#unmatched;
  }
}

const areReady = (digests: readonly (string | Promise<string>)[]): digests is readonly string[] =>
  digests.every((digest) => typeof digest === 'string');

function routesOf(
  aliases: readonly string[],
  clients: readonly (readonly [string, Principal])[],
): ReadonlyMap<string, Route> {
  const named = aliases.map((digest, index): [string, Principal] => [digest, { name: `alias-${index + 1}` }]);
  return new Map([...named, ...clients].map(([digest, principal]) => [digest, { kind: 'inject', principal }]));
}

/** RFC 9110 section 11.1: the scheme is case-insensitive and one or more spaces follow it. */
function bearerOf(authorization: string | null): string | undefined {
  return authorization === null ? undefined : /^bearer +(\S.*)$/i.exec(authorization)?.[1];
}
