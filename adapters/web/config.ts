import {
  type Complain,
  type CoreConfig,
  type Problem,
  readClientsText,
  readCoreConfig,
  readDuration,
  readSize,
  readSwitch,
  SYSTEM,
  type Values,
} from '../../src/config/configuration.ts';
import { findMistakenNames } from '../../src/config/mistaken-names.ts';

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
  const about = (variable: string) => (text: string) => void problems.push({ variable, text });
  if (!values.SENTRY_URI) about('SENTRY_URI')("is not set; set it to Sentry's base URI");
  checkToken(values, about('SENTRY_TOKEN'));
  const isOpen = values.ALIAS_TOKENS === undefined && values.CLIENTS === undefined;
  const mayOpen = readSwitch(values.ALLOW_ANY_CLIENT, about('ALLOW_ANY_CLIENT'));
  // An empty secret does not mean that everyone should be served.
  if (values.ALIAS_TOKENS === '') about('ALIAS_TOKENS')(EMPTY);
  else if (isOpen && !mayOpen) about('ALIAS_TOKENS')(OPEN);
  checkNames(settings, problems, warnings);
  const coreProblems: Problem[] = [];
  const core = readCoreConfig(values, coreProblems);
  // The core's texts for what is missing mention defaults and a database.
  const isNew = ({ variable }: Problem) => problems.every((known) => known.variable !== variable);
  problems.push(...coreProblems.filter(isNew));

  return {
    ...core,
    clientsText: readClientsText(values.CLIENTS, about('CLIENTS')),
    isOpen,
    replayLimit: readSize(values.REPLAY_LIMIT, about('REPLAY_LIMIT')),
    replayLimitTotal: readSize(values.REPLAY_LIMIT_TOTAL, about('REPLAY_LIMIT_TOTAL')),
    keepInside: readSwitch(values.KEEP_INSIDE, about('KEEP_INSIDE')),
    streamChunked: readSwitch(values.STREAM_CHUNKED, about('STREAM_CHUNKED')),
    writeTimeout: readDuration(values.WRITE_TIMEOUT, about('WRITE_TIMEOUT')),
  };
}

const isSetting = (name: string): boolean => Object.hasOwn(DEFAULTS, name);

/** Finds variables that are set but not read. Ignored, a protection would leave the proxy open. */
function checkNames(settings: Settings, problems: Problem[], warnings: Problem[]): void {
  for (const variable of Object.keys(settings)) {
    if (typeof settings[variable] !== 'string') continue;
    const content = variable.replace(/_FILE$/, '');
    const isFile = content !== variable && isSetting(content);
    if (isFile) problems.push({ variable, text: `is not read here; put its content into ${content}` });
    else if (variable === 'LIMIT_STORE') warnings.push({ variable, text: 'is not read here' });
    else findMistakenNames([variable], isSetting, problems, warnings);
  }
}

const EMPTY = 'is set, but empty; put alias tokens in it, or remove it and set ALLOW_ANY_CLIENT to true';

const OPEN =
  'is not set, nor is CLIENTS, so everyone would act on Sentry with the token; set one of them, or set ' +
  'ALLOW_ANY_CLIENT to true if something else decides who gets here';

function checkToken({ SENTRY_TOKEN }: Values, complain: Complain): void {
  const remedy = '; set it to an auth token of Sentry';
  if (!SENTRY_TOKEN) complain(`is not set${remedy}`);
  if (SENTRY_TOKEN === SYSTEM) complain(`asks for Sentry's own token, which only the Node adapter gets${remedy}`);
}

type EdgeValues = Values & {
  readonly [Name in keyof typeof DEFAULTS as undefined extends (typeof DEFAULTS)[Name] ? never : Name]: string;
};

function readText(settings: Settings, problems: Problem[]): EdgeValues {
  const values: Record<string, string | undefined> = { ...DEFAULTS };
  for (const variable of Object.keys(values)) {
    const value = settings[variable] ?? undefined;
    if (value === undefined) continue;
    // TOML and JSON have booleans and numbers, which count as their own text.
    if (/^(string|boolean|number)$/.test(typeof value)) values[variable] = String(value);
    else problems.push({ variable, text: 'is not text' });
  }
  return values as EdgeValues;
}
