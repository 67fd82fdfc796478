import { readBounded } from '../../../src/bodies/read-bounded.ts';
import { asProxyError, ERRORS, type ErrorName } from '../../../src/http/errors.ts';
import { makeUpstream } from '../../../src/http/target-url.ts';
import type { UpstreamResponse } from '../../../src/http/types.ts';
import { readTokens, type TokenEntry } from '../../../src/tokens/tokens-file.ts';
import { reasonOf } from '../../system-token/renewal.ts';
import { FileToken } from '../../token-files/file-token.ts';
import type { Config } from '../config/config.ts';
import { originOf, tokenText } from '../token/token-origin.ts';
import { probeNames } from './probe-names.ts';
import { say } from './say.ts';
import { sentryGet } from './sentry-get.ts';

/** Milliseconds for the limit store to answer. */
const STORE_TIMEOUT = 5000;
/** Bytes of a response that are read at most. */
const MAX_SIZE = 1024 * 1024;

/**
 * Asks Sentry with each token, and the limit store, and says what came of it.
 * @returns whether everything is as it should be
 */
export async function probe(config: Config): Promise<boolean> {
  const isStoreUp = config.limitStore === undefined || (await probeStore(config.limitStore));
  const { token, fault } = await probeDefault(config);
  say('probe', fault ?? 'Sentry accepts the token');
  const tokens = token === undefined || fault !== undefined ? [] : [token];
  let areTokensTaken = true;
  for (const entry of readTokens(config.tokensText ?? '', true).entries) {
    const taken = await probeNamed(config, entry);
    if (taken === undefined) areTokensTaken = false;
    else tokens.push(taken);
  }
  const areNamesKnown = tokens.length === 0 || (await probeNames(config, tokens));
  return isStoreUp && fault === undefined && areTokensTaken && areNamesKnown;
}

async function probeStore(url: string): Promise<boolean> {
  const { storeFault } = await import('../limits/store-fault.ts');
  const fault = await storeFault(url, STORE_TIMEOUT);
  say('limit store', fault === undefined ? 'answers' : `${fault}; check --limit-store`);
  return fault === undefined;
}

/** The default token, and the first fault on the way to a response, as a line that says what to do about it. */
async function probeDefault(config: Config): Promise<{ readonly token?: string; readonly fault?: string | undefined }> {
  const origin = originOf(config.token);
  try {
    const token = await origin.read();
    if (origin.token === undefined) say('system token', tokenText(token));
    return { token, fault: (await ask(config, token, origin.ifRefused)).fault };
  } catch (error) {
    return { fault: `the system token could not be read: ${reasonOf(error)}` };
  }
}

/**
 * Asks with a token of the tokens file, and compares the scopes that Sentry shows with those of the file.
 * @returns the token, if Sentry takes it
 */
async function probeNamed(config: Config, { name, origin, scopes }: TokenEntry): Promise<string | undefined> {
  const token = 'token' in origin ? origin.token : await tokenIn(origin.file);
  const { fault, shown } = await ask(config, token ?? '', 'Sentry refused the token (401): make a new one in Sentry.');
  const isTaken = token !== undefined && fault === undefined;
  const problem = token === undefined ? 'its file contains no token' : fault;
  say(`token ${name}`, problem ?? 'Sentry accepts it');
  if (isTaken && shown !== undefined) {
    const missing = [...scopes].filter((scope) => !shown.includes(scope));
    const further = shown.filter((scope) => !scopes.has(scope));
    if (missing.length > 0) say('', `the file claims scopes that Sentry does not show: ${missing.join(', ')}`);
    if (further.length > 0) say('', `Sentry shows further scopes: ${further.join(', ')}`);
  }
  return isTaken ? token : undefined;
}

async function tokenIn(path: string): Promise<string | undefined> {
  const file = await FileToken.open(path);
  file.close();
  return file.get();
}

/** The outcome of a request with a token. */
interface Asked {
  /** The fault, as a line that says what to do about it. */
  readonly fault?: string;
  /** The scopes of the token, if Sentry shows them. */
  readonly shown?: readonly string[];
}

async function ask(config: Config, token: string, refused: string): Promise<Asked> {
  try {
    return await askSentry(config, token, refused);
  } catch (thrown) {
    const error = asProxyError(thrown);
    const cause = error.message === '' ? '' : ` (${error.message})`;
    const remedy = PLAIN_HTTP.test(cause) ? PLAIN_HTTP_REMEDY : (REMEDIES[error.name] ?? 'check --sentry-uri');
    const [fault = ''] = ERRORS[error.name].detail.split(/\.(?: |$)/);
    return { fault: `${fault}${cause}: ${remedy}.` };
  }
}

/** OpenSSL reads the first bytes of another protocol as a version of TLS. */
const PLAIN_HTTP = /wrong version number|packet length too long/;
const PLAIN_HTTP_REMEDY = 'the server there does not speak TLS; set --sentry-uri to http:// or to the port that does';

const REMEDIES: Partial<Record<ErrorName, string>> = {
  upstream_unknown_host: 'check the host name in --sentry-uri, and that the proxy is on the network where it is known',
  upstream_refused: 'check host and port in --sentry-uri, and that Sentry runs',
  upstream_tls: 'check --sentry-uri, and --sentry-ca if its certificate comes from your own CA',
  upstream_malformed: 'check the scheme and the port in --sentry-uri',
  upstream_timeout: "read Sentry's log: it accepts connections but does not answer",
  upstream_no_port: 'wait a minute, and widen the range of local ports (sysctl net.ipv4.ip_local_port_range)',
  upstream_connect_timeout: 'check --sentry-uri, and that no firewall drops what is sent there',
};

async function askSentry(config: Config, token: string, refused: string): Promise<Asked> {
  const upstream = makeUpstream(config.sentryUri);
  const response = await sentryGet(config, '/api/0/', token);
  const text = await textOf(response);
  if (response.status === 200 && /"version"/.test(text)) return scopesIn(text);
  if (response.status === 401) return { fault: refused };
  if (response.status >= 300 && response.status < 400) {
    const to = redirectionOf(response, upstream.origin);
    return {
      fault: `${upstream.origin} redirects${to} (${response.status}): set --sentry-uri to the address it redirects to.`,
    };
  }
  if (response.status === 200 || response.status === 404) {
    return {
      fault: `the server at ${upstream.origin}${upstream.basePath} is not Sentry's API (status ${response.status}): check --sentry-uri.`,
    };
  }
  return { fault: `Sentry answered with status ${response.status}; its own log says why.` };
}

/** The scopes that `/api/0/` shows of the token that it was asked with. */
function scopesIn(text: string): Asked {
  try {
    const scopes: unknown = JSON.parse(text)?.auth?.scopes;
    return Array.isArray(scopes) ? { shown: scopes.map(String) } : {};
  } catch {
    return {};
  }
}

/** Where a redirection leads, without its query. */
function redirectionOf({ headers }: UpstreamResponse, base: string): string {
  const location = headers.get('location');
  if (location === null || !URL.canParse(location, base)) return '';
  const { origin, pathname } = new URL(location, base);
  return ` to ${origin}${pathname}`;
}

/** The content of a response; empty if it is larger than Sentry's would be. */
async function textOf({ body }: UpstreamResponse): Promise<string> {
  if (body === null) return '';
  const { bytes, body: rest } = await readBounded(body, MAX_SIZE);
  if (bytes === undefined) await rest.cancel();
  return new TextDecoder().decode(bytes);
}
