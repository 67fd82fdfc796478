import { readFileSync } from 'node:fs';
import { createSecureContext, getCACertificates, rootCertificates, type SecureContext } from 'node:tls';
import { type CoreConfig, type Problem, readCoreConfig, SYSTEM, type Values } from '../../../src/config.ts';
import { LEVELS, type Level, type LogFormat } from '../ops/log.ts';
import { type ConnInfo, parseConnInfo } from '../postgres/conninfo.ts';
import type { ConnectionLimits } from '../server/connection.ts';
import { type ListenAddress, readListenAddress } from './listen-address.ts';

export interface Config extends CoreConfig {
  readonly listen: ListenAddress;
  /** Bytes. */
  readonly replayLimit: number;
  readonly limits: ConnectionLimits;
  /** Where the system token is read, when it is the one to inject. */
  readonly connInfo: ConnInfo | undefined;
  readonly secureContext: SecureContext | undefined;
  /** Milliseconds. */
  readonly drainDelay: number;
  /** The certificate and key to listen with TLS. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly reusePort: boolean;
  readonly adminListen: ListenAddress | undefined;
  readonly logFormat: LogFormat;
  readonly logLevel: Level;
}

/**
 * Reads all settings and adds what is wrong with them to `problems`.
 * @returns a configuration that is to be used only if no problem was added
 */
export function readConfig(values: Values, environment: NodeJS.ProcessEnv, problems: Problem[]): Config {
  const core = readCoreConfig(values, problems);
  const duration = (variable: string) => readDuration(variable, values[variable] ?? '', problems);
  const size = (variable: string, max: number) => readSize(variable, values[variable] ?? '', max, problems);
  return {
    ...core,
    listen: readListenAddress('LISTEN', values.LISTEN ?? '', problems),
    replayLimit: size('REPLAY_LIMIT', 1024 ** 3),
    limits: {
      readHeader: duration('READ_HEADER_TIMEOUT'),
      read: duration('READ_TIMEOUT'),
      write: duration('WRITE_TIMEOUT'),
      maxHead: size('MAX_HEADER_SIZE', 1024 ** 2),
    },
    connInfo: core.token === SYSTEM ? readConnInfo(values.PGX_CONN ?? '', environment, problems) : undefined,
    secureContext: readSecureContext(core.sentryUri, values, problems),
    drainDelay: duration('DRAIN_DELAY'),
    tls: readTls(values, problems),
    reusePort: readChoice('REUSE_PORT', values, ['true', 'false'], problems) === 'true',
    adminListen: values.ADMIN_LISTEN ? readListenAddress('ADMIN_LISTEN', values.ADMIN_LISTEN, problems) : undefined,
    logFormat: readLogFormat(values, problems),
    logLevel: readChoice('LOG_LEVEL', values, LEVELS, problems),
  };
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds. */
function readDuration(variable: string, value: string, problems: Problem[]): number {
  const [, amount, unit = 's'] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)?$/.exec(value) ?? [];
  if (amount === undefined) problems.push({ variable, text: 'is not a time like 25, 25s, 500ms, 5m or 0' });
  return Number(amount ?? 0) * UNITS[unit]!;
}

const FACTORS: Record<string, number> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Bytes. */
function readSize(variable: string, value: string, max: number, problems: Problem[]): number {
  const [, amount, factor = ''] = /^(\d{1,10})(?:([kmg])(?:i?b)?|b)?$/i.exec(value) ?? [];
  const bytes = Number(amount) * FACTORS[factor.toLowerCase()]!;
  if (amount === undefined) problems.push({ variable, text: 'is not a size like 65536, 64KiB or 1MiB' });
  else if (bytes > max) problems.push({ variable, text: `is more than ${max} bytes` });
  return bytes;
}

function readConnInfo(value: string, environment: NodeJS.ProcessEnv, problems: Problem[]): ConnInfo | undefined {
  const result = parseConnInfo(value, environment);
  if ('info' in result) return result.info;
  for (const text of result.problems) problems.push({ variable: 'PGX_CONN', text });
  return undefined;
}

function readSecureContext(sentryUri: URL, values: Values, problems: Problem[]): SecureContext | undefined {
  const ca = readPem('SENTRY_CA', values, problems);
  const cert = readPem('SENTRY_CERT', values, problems);
  const key = readPem('SENTRY_KEY', values, problems);
  if (!values.SENTRY_CERT !== !values.SENTRY_KEY) {
    problems.push({ variable: 'SENTRY_CERT', text: 'and --sentry-key (SENTRY_KEY) belong together; one is not set' });
  }
  if (sentryUri.protocol !== 'https:') return undefined;
  // Node by itself trusts the list that it brings along, but not the CAs that an operator gave the machine.
  const trusted = ca ?? [...rootCertificates, ...getCACertificates('system')];
  try {
    return createSecureContext({ ca: trusted, ...(cert && { cert }), ...(key && { key }) });
  } catch {
    const variable = cert === undefined ? 'SENTRY_CA' : 'SENTRY_CERT';
    problems.push({ variable, text: 'or what belongs to it is not PEM that TLS can use' });
    return undefined;
  }
}

function readTls(values: Values, problems: Problem[]): Config['tls'] {
  const cert = readPem('TLS_CERT', values, problems);
  const key = readPem('TLS_KEY', values, problems);
  if (!values.TLS_CERT !== !values.TLS_KEY) {
    problems.push({ variable: 'TLS_CERT', text: 'and --tls-key (TLS_KEY) belong together; one is not set' });
  }
  if (cert === undefined || key === undefined) return undefined;
  try {
    createSecureContext({ cert, key });
  } catch {
    problems.push({ variable: 'TLS_CERT', text: 'and --tls-key (TLS_KEY) are not a certificate and its key' });
  }
  return { cert, key };
}

function readLogFormat(values: Values, problems: Problem[]): LogFormat {
  const format = readChoice('LOG_FORMAT', values, ['auto', 'json', 'text'], problems);
  if (format !== 'auto') return format;
  return process.stdout.isTTY ? 'text' : 'json';
}

function readChoice<T extends string>(variable: string, values: Values, choices: readonly T[], problems: Problem[]): T {
  const choice = choices.find((one) => one === values[variable]);
  if (choice === undefined) problems.push({ variable, text: `is not one of ${choices.join(', ')}` });
  return choice ?? choices[0]!;
}

function readPem(variable: string, values: Values, problems: Problem[]): string | undefined {
  const path = values[variable];
  if (!path) return undefined;
  try {
    const text = readFileSync(path, 'utf8');
    if (!text.includes('-----BEGIN ')) problems.push({ variable, text: 'names a file without PEM in it' });
    return text;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    problems.push({ variable, text: `names a file that could not be read (${code})` });
    return undefined;
  }
}
