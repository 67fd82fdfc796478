import type { ClientsFileJson } from '../clients/clients-json.ts';
import type { RequestRecord } from '../http/request-context.ts';
import type { Transport } from '../http/types.ts';
import type { TokenSource } from '../tokens/token-source.ts';
import type { TokensFileJson } from '../tokens/tokens-file.ts';
import type { CoreConfig } from './core-settings.ts';
import type { Problem } from './values.ts';

/** The program's settings in camelCase, and options that only the library has. */
export interface ProxyOptions {
  /** Sentry's base URI; a path in it is prepended to every request's path. */
  readonly sentryUri: string | URL;
  /** The Sentry auth token to inject, or a source of one. */
  readonly token: string | TokenSource;
  /** Bearer tokens of clients that get Sentry's token without limits. */
  readonly aliasTokens?: readonly string[] | undefined;
  /** The named clients and their rights: a clients file as an object, or its text. */
  readonly clients?: ClientsFileJson | string | undefined;
  /** Further tokens of Sentry, each for some organizations and scopes: a tokens file as an object, or its text. */
  readonly tokens?: TokensFileJson | string | undefined;
  /** Required without alias tokens and clients: everyone who can connect then uses the token. Default false. */
  readonly allowAnyClient?: boolean | undefined;
  /**
   * The handling of a request without a known token: `bypass` forwards it with its own credentials, `reject` refuses it
   * with 401. Default `bypass`. If `clients` says `reject`, it is refused too.
   */
  readonly unmatched?: 'bypass' | 'reject' | undefined;
  /** Host names to serve, without port. Default: all. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** The URL at which clients reach the proxy. Default: the origin that each request names, and `basePath`. */
  readonly publicUrl?: string | undefined;
  /** Replace Sentry's URLs that clients follow with URLs at the proxy. Default true. */
  readonly keepInside?: boolean | undefined;
  /**
   * Headers that are added to everything that goes to Sentry, for a gateway in front of it: an object, or a text with
   * one `Name: value` a line. They are secrets, and replace what a client sends by these names.
   */
  readonly upstreamHeaders?: Readonly<Record<string, string>> | string | undefined;
  /** How much of one request body is kept: bytes, or a text like `1MiB`, which is the default. */
  readonly replayLimit?: number | string | undefined;
  /** How much of all request bodies together is kept: bytes, or a text like `64MiB`, which is the default. */
  readonly replayLimitTotal?: number | string | undefined;
  /** Pass chunked bodies on as they are, to a Sentry that reads them: one behind nginx or granian. Default false. */
  readonly streamChunked?: boolean | undefined;
  /** From a request's arrival to its response's end: milliseconds, or a text like `25s`, the default. 0: no limit. */
  readonly writeTimeout?: number | string | undefined;
  /** The path at which the proxy is mounted, like `/sentry`. It is removed from each path. Default: the root. */
  readonly basePath?: string | undefined;
  /** Called once for each request, when its response has ended. */
  readonly onRequest?: ((record: RequestRecord) => void) | undefined;
  /** Sends requests to Sentry. Default: the global `fetch`. */
  readonly transport?: Transport | undefined;
}

/** The configuration that `createProxy` makes from its options. */
export interface ProxyConfig extends CoreConfig {
  readonly token: TokenSource;
  /** Without a trailing slash; empty: the root. */
  readonly basePath: string;
  readonly onRequest: ((record: RequestRecord) => void) | undefined;
  readonly transport: Transport | undefined;
}

/** Wrong options: the message names each of them and quotes no value. */
export class OptionsError extends TypeError {
  override readonly name = 'OptionsError';
  readonly problems: readonly string[];

  constructor(problems: readonly Problem[]) {
    const texts = problems.map(({ variable, text }) => `${variable} ${text}`);
    super(`sentry-api-proxy: ${texts.join('; ')}`);
    this.problems = texts;
  }
}
