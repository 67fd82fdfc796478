import {
  type CoreConfig,
  type Problem,
  readClientsText,
  readCoreConfig,
  readDuration,
  readSize,
  readSwitch,
  SYSTEM,
  type Values,
} from '../../src/config.ts';
import { findMistakenNames } from '../../src/mistaken-names.ts';

/** Bindings or variables by name; a binding may be something other than text. */
export type Settings = Readonly<Record<string, unknown>>;

/** The configuration of the adapters without a database. */
export interface EdgeConfig extends CoreConfig {
  /** Bytes. */
  readonly replayLimit: number;
  /** Bytes. */
  readonly replayLimitTotal: number;
  readonly streamChunked: boolean;
  readonly keepInside: boolean;
  /** The text of a clients file; undefined: there are no named clients. */
  readonly clientsText: string | undefined;
  /** Whether every request gets the token. */
  readonly isOpen: boolean;
  /** Milliseconds; 0: no limit. */
  readonly writeTimeout: number;
}

/** Each setting with its default; undefined where there is none. */
const DEFAULTS = {
  SENTRY_URI: undefined,
  SENTRY_TOKEN: undefined,
  ALIAS_TOKENS: undefined,
  CLIENTS: undefined,
  ALLOWED_HOSTS: undefined,
  ALLOW_ANY_CLIENT: 'false',
  PUBLIC_URL: undefined,
  UPSTREAM_HEADERS: undefined,
  KEEP_INSIDE: 'true',
  REPLAY_LIMIT: '1MiB',
  REPLAY_LIMIT_TOTAL: '64MiB',
  STREAM_CHUNKED: 'false',
  WRITE_TIMEOUT: '25s',
} as const;

/**
 * Reads the settings of an adapter without a database, at an address that anyone may reach. It has a static token, and
 * it serves clients without an alias token only if it is set to.
 *
 * @returns a configuration, to use only if no problem was added
 */
export function readEdgeConfig(settings: Settings, problems: Problem[], warnings: Problem[]): EdgeConfig {
  const values = readText(settings, problems);
  const coreProblems: Problem[] = [];
  const core = readCoreConfig(values, coreProblems);
  // A missing setting needs another text than the core's, which mentions defaults and a database.
  const missing = missingOf(values);
  problems.push(
    ...missing,
    ...coreProblems.filter(({ variable }) => missing.every((own) => own.variable !== variable)),
  );
  checkOpenness(values, problems);
  findMistakenNames((name) => typeof settings[name] === 'string', problems, warnings);

  const about = (variable: string) => (text: string) => void problems.push({ variable, text });
  return {
    ...core,
    clientsText: readClientsText(values.CLIENTS, about('CLIENTS')),
    isOpen: values.ALIAS_TOKENS === undefined && values.CLIENTS === undefined,
    replayLimit: readSize(values.REPLAY_LIMIT, about('REPLAY_LIMIT')),
    replayLimitTotal: readSize(values.REPLAY_LIMIT_TOTAL, about('REPLAY_LIMIT_TOTAL')),
    keepInside: readSwitch(values.KEEP_INSIDE, about('KEEP_INSIDE')),
    streamChunked: readSwitch(values.STREAM_CHUNKED, about('STREAM_CHUNKED')),
    writeTimeout: readDuration(values.WRITE_TIMEOUT, about('WRITE_TIMEOUT')),
  };
}

function checkOpenness({ ALIAS_TOKENS, CLIENTS, ALLOW_ANY_CLIENT }: EdgeValues, problems: Problem[]): void {
  const mayServeAnyone = readSwitch(ALLOW_ANY_CLIENT, (text) => {
    problems.push({ variable: 'ALLOW_ANY_CLIENT', text });
  });
  // An empty secret does not mean that everyone should be served.
  if (ALIAS_TOKENS === '') problems.push({ variable: 'ALIAS_TOKENS', text: EMPTY });
  else if (ALIAS_TOKENS === undefined && CLIENTS === undefined && !mayServeAnyone)
    problems.push({ variable: 'ALIAS_TOKENS', text: OPEN });
}

const EMPTY =
  'is set, but empty; put alias tokens in it, or remove it and set ALLOW_ANY_CLIENT to true to serve everyone';

const OPEN =
  'is not set, so that whoever reaches this address would act on Sentry with the token; set alias tokens, or set ' +
  'ALLOW_ANY_CLIENT to true where something else decides who gets here';

function missingOf({ SENTRY_URI, SENTRY_TOKEN }: Values): Problem[] {
  const missing: Problem[] = [];
  const add = (variable: string, text: string) => missing.push({ variable, text });
  if (!SENTRY_URI) add('SENTRY_URI', "is not set; set it to Sentry's base URI");
  if (!SENTRY_TOKEN) add('SENTRY_TOKEN', 'is not set; set it to an auth token of Sentry');
  if (SENTRY_TOKEN === SYSTEM) {
    add(
      'SENTRY_TOKEN',
      "asks for Sentry's own token, which only the Node adapter gets; set it to an auth token of Sentry",
    );
  }
  return missing;
}

type EdgeValues = Values & {
  readonly [Name in keyof typeof DEFAULTS as undefined extends (typeof DEFAULTS)[Name] ? never : Name]: string;
};

function readText(settings: Settings, problems: Problem[]): EdgeValues {
  const values: Record<string, string> = {};
  for (const [variable, fallback] of Object.entries(DEFAULTS)) {
    const value = settings[variable] ?? fallback;
    // TOML and JSON have booleans and numbers, which count as their own text.
    const isPlain = typeof value === 'boolean' || typeof value === 'number';
    const text = isPlain ? String(value) : value;
    if (typeof text === 'string') values[variable] = text;
    else if (value !== undefined) problems.push({ variable, text: 'is not text' });
    if (typeof text !== 'string' && fallback !== undefined) values[variable] = fallback;
  }
  return values as EdgeValues;
}
