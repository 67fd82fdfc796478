import type { Problem } from '../../src/config/values.ts';
import { type LimitStore, LocalLimits } from '../../src/enforce/local-limits.ts';
import { ERRORS, type ErrorName, ProxyError } from '../../src/http/errors.ts';
import { newContext, type RequestContext } from '../../src/http/request-context.ts';
import type { Transport } from '../../src/http/types.ts';
import type { KeysFetched } from '../../src/identity/keys/issuer-keys.ts';
import { answerFetch, type FetchEnv } from '../../src/pipeline/answer.ts';
import { fixedTokens } from '../../src/pipeline/fixed-tokens.ts';
import { answerError } from '../../src/pipeline/handle.ts';
import { makeEnv } from '../../src/pipeline/make-env.ts';
import { staticToken } from '../../src/tokens/token-source.ts';
import { bindingLimits } from './binding-limits.ts';
import { readEdgeConfig, type Settings } from './config.ts';

/** The runtime's two ends of the handler: towards Sentry and towards the client. */
export interface Platform extends Pick<FetchEnv, 'receive' | 'respond'> {
  readonly fetch: Transport;
  /** Sends requests for the keys of issuers to an origin. */
  readonly fetchKeys: (origin: string) => Transport;
  /** Whether the runtime stops a request's code without notice if the client leaves. */
  readonly dropsRequests?: boolean;
}

/** Makes the ends for Sentry's origin, and adds problems with the settings that they need. */
export type PlatformFor = (origin: string, settings: Settings, problems: Problem[]) => Platform;

/** @param inBackground lets work go on after the response, where the runtime would end it */
type EdgeProxy = (request: Request, inBackground?: (work: Promise<unknown>) => void) => Promise<Response>;

/** The proxy as a `fetch` handler: with a static token, and closed until it is configured. */
export function makeProxy(settings: Settings, platformFor: PlatformFor): EdgeProxy {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const config = readEdgeConfig(settings, problems, warnings);
  const ends = platformFor(config.sentryUri.origin, settings, problems);
  for (const warning of warnings) log('config', { warning: textOf(warning) });

  if (problems.length > 0) {
    const error = new ProxyError('not_configured', problems.map(textOf).join('; '));
    log('error', { error: error.name, cause: error.message });
    return async ({ headers }) => answerError(error, headers, ends, newContext());
  }

  const lease = ends.dropsRequests ? config.writeTimeout || LONG : undefined;
  const env = makeEnv(config, {
    ...ends,
    tokens: fixedTokens(config, staticToken(config.token)),
    limits: limitsOf(settings, lease),
    lease,
    // A lookup ends with the request that caused it, and another request that waited for it would wait forever.
    sharesLookups: !ends.dropsRequests,
    keyAccess: {
      transportFor: (_issuer, origin) => ends.fetchKeys(origin),
      isShared: !ends.dropsRequests,
      fetched: logKeys,
    },
  });
  const served: FetchEnv = {
    ...env,
    receive: ends.receive,
    writeTimeout: config.writeTimeout,
    basePath: '',
    onRequest: undefined,
  };
  return async (request, inBackground) => {
    const work = env.authenticator.refresh?.();
    if (work !== undefined) inBackground?.(work);
    const context = newContext();
    const response = await answerFetch(request, served, context);
    logTrace(context);
    return response;
  };
}

/**
 * The same, made at the first request: importing an adapter has no effect.
 * @param settings called once
 */
export function lazyProxy(
  settings: () => Settings,
  platformFor: PlatformFor,
): { fetch(request: Request): Promise<Response>; start(): void } {
  let proxy: ReturnType<typeof makeProxy> | undefined;
  const made = () => {
    proxy ??= makeProxy(settings(), platformFor);
    return proxy;
  };
  return { fetch: (request) => made()(request), start: () => void made() };
}

/** Milliseconds after which a request counts as dropped if there is no other bound. */
const LONG = 5 * 60_000;

/** On a runtime that drops requests, a place is freed after a time, because nothing else may free it. */
function limitsOf(settings: Settings, lease: number | undefined): LimitStore {
  const local = new LocalLimits(() => performance.now(), lease);
  return bindingLimits(settings, local);
}

const textOf = ({ variable, text }: Problem): string => `${variable} ${text}`;

/** Errors that are not the client's fault. The response tells the client about its own errors. */
function logTrace({ error, cause, warning, id }: RequestContext): void {
  if (warning !== undefined) log('response', { warning, id });
  if (error !== undefined && ERRORS[error as ErrorName].status >= 500) log('error', { error, cause, id });
}

/** Fetches that changed something. */
function logKeys({ issuer, result, keys, fault, warnings }: KeysFetched): void {
  if (result === 'same') return;
  const warning = warnings.length === 0 ? undefined : warnings.join('; ');
  log('keys', { issuer, result, keys: String(keys), cause: fault, warning });
}

function log(event: string, fields: Record<string, string | undefined>): void {
  console.error(JSON.stringify({ level: 'warn', event, ...fields }));
}
