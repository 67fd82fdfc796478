import { accessSync, constants } from 'node:fs';
import { examineClients, settingProblem } from '../../src/clients/clients-file.ts';
import { OptionsError, type ProxyConfig, type ProxyOptions } from '../../src/config/option-types.ts';
import { LISTENER_OPTIONS, type OwnOptions, readOptions } from '../../src/config/options.ts';
import { type Problem, SYSTEM } from '../../src/config/values.ts';
import { NO_TOKEN } from '../../src/tokens/token-choice.ts';
import type { TokenSource } from '../../src/tokens/token-source.ts';
import { readTokens } from '../../src/tokens/tokens-file.ts';
import { issuerFileProblems } from '../http1/client/key-access.ts';
import { TlsTrust } from '../http1/client/tls-trust.ts';
import { codeOf } from '../system-token/file-fault.ts';
import { type ConnInfo, parseConnInfo } from '../system-token/postgres/conninfo.ts';
import type { TokenRead } from '../system-token/source.ts';

/** The options of `createProxy`, and options for Node only. */
export interface ListenerOptions extends Omit<ProxyOptions, 'token'> {
  /** An auth token of Sentry, a source of one, or `system` for Sentry's own. Default with `pgxConn`: `system`. */
  readonly token?: string | TokenSource | undefined;
  /**
   * Where Sentry's own token is read: a connection string of libpq, as a URI or as `host=… user=…`. What is not in it
   * comes from the PG… variables.
   */
  readonly pgxConn?: string | undefined;
  /** Certificate authorities to trust for Sentry, PEM. Default: those that Node and the machine trust. */
  readonly sentryCa?: string | undefined;
  /** A client certificate for Sentry, PEM. */
  readonly sentryCert?: string | undefined;
  /** The key of that certificate, PEM. */
  readonly sentryKey?: string | undefined;
  /** Called after every attempt to read Sentry's own token. */
  readonly onTokenRead?: ((read: TokenRead) => void) | undefined;
}

/** The configuration that `createListener` makes of its options. */
interface ListenerConfig extends Omit<ProxyConfig, 'token'> {
  /** A source of tokens, or where to read Sentry's own. */
  readonly token: TokenSource | ConnInfo;
  readonly trust: TlsTrust | undefined;
  readonly onTokenRead: ((read: TokenRead) => void) | undefined;
}

const OWN: OwnOptions = {
  names: LISTENER_OPTIONS satisfies readonly (keyof ListenerOptions)[],
  missingToken: "is empty; set a Sentry auth token, or pgxConn for Sentry's own token",
  mayNameFiles: true,
};

/**
 * Reads all options.
 * @throws OptionsError that names every wrong option
 */
export function readListenerOptions(options: ListenerOptions, environment: NodeJS.ProcessEnv): ListenerConfig {
  const problems: Problem[] = [];
  // A caller without types may leave the options out.
  const { pgxConn, sentryCa, sentryCert, sentryKey, onTokenRead, ...shared } = options ?? {};
  const isSystem = shared.token === SYSTEM || (shared.token === undefined && pgxConn !== undefined);
  const config = readOptions({ ...shared, token: isSystem ? NO_TOKEN : (shared.token ?? '') }, problems, OWN);

  checkText('pgxConn', pgxConn, problems);
  for (const problem of issuerFileProblems(issuersOf(config.clientsText))) {
    problems.push({ variable: 'clients', text: settingProblem(problem) });
  }
  // It more likely comes from a variable that is not set than from the wish to take all of it from the PG… variables.
  const isEmpty = typeof pgxConn === 'string' && pgxConn.trim() === '';
  if (isEmpty) problems.push({ variable: 'pgxConn', text: EMPTY });
  for (const [variable, value] of Object.entries({ sentryCa, sentryCert, sentryKey })) {
    checkText(variable, value, problems);
    // OpenSSL skips text that is not a certificate, and would then trust no authority.
    if (value?.includes?.('-----BEGIN ') === false) problems.push({ variable, text: 'is not PEM' });
  }
  const isCallback = onTokenRead === undefined || typeof onTokenRead === 'function';
  if (!isCallback) problems.push({ variable: 'onTokenRead', text: 'is not a function' });
  if (pgxConn !== undefined && !isSystem) {
    problems.push({ variable: 'pgxConn', text: 'and token are both set; leave one out' });
  }
  const connInfo =
    isSystem && typeof (pgxConn ?? '') === 'string' ? readConnInfo(pgxConn ?? '', environment, problems) : undefined;
  const isSecure = config.sentryUri.protocol === 'https:';
  const trust = isSecure ? readTrust({ sentryCa, sentryCert, sentryKey }, problems) : undefined;

  checkTokenFiles(config, problems);
  if (problems.length > 0) throw new OptionsError(problems);
  return { ...config, token: connInfo ?? config.token, trust, onTokenRead };
}

/** A file that cannot be read now more likely comes from a slip than from a secret that is still to come. */
function checkTokenFiles({ tokensText = '' }: ProxyConfig, problems: Problem[]): void {
  for (const { name, origin } of readTokens(tokensText, true).entries) {
    if (!('file' in origin)) continue;
    try {
      accessSync(origin.file, constants.R_OK);
    } catch (error) {
      const fault = `whose file could not be read (${codeOf(error)})`;
      problems.push({ variable: 'tokens', text: `has the token ${name}, ${fault}` });
    }
  }
}

const EMPTY = "is empty; set a connection string of libpq, or set token to 'system' to take it from the PG… variables";

function checkText(variable: string, value: unknown, problems: Problem[]): void {
  const isText = value === undefined || typeof value === 'string';
  if (!isText) problems.push({ variable, text: 'is not a string' });
}

function readConnInfo(value: string, environment: NodeJS.ProcessEnv, problems: Problem[]): ConnInfo | undefined {
  const result = parseConnInfo(value, environment);
  if ('info' in result) return result.info;
  problems.push(...result.problems.map((text) => ({ variable: 'pgxConn', text })));
  return undefined;
}

const issuersOf = (clientsText: string | undefined) =>
  clientsText === undefined ? [] : (examineClients(clientsText).file?.issuers ?? []);

type Pem = Pick<ListenerOptions, 'sentryCa' | 'sentryCert' | 'sentryKey'>;

function readTrust({ sentryCa, sentryCert, sentryKey }: Pem, problems: Problem[]): TlsTrust | undefined {
  const isHalf = (sentryCert === undefined) !== (sentryKey === undefined);
  if (isHalf) problems.push({ variable: 'sentryCert', text: 'and sentryKey belong together; one is not set' });
  try {
    return new TlsTrust({ ca: sentryCa, cert: sentryCert, key: sentryKey });
  } catch {
    const variable = sentryCert === undefined ? 'sentryCa' : 'sentryCert';
    problems.push({ variable, text: 'or its counterpart is not PEM that TLS can use' });
    return undefined;
  }
}
