import {
  CORE_NAMES,
  CORE_SETTINGS,
  type CoreConfig,
  type CoreName,
  type CoreValues,
} from '../../src/config/core-settings.ts';
import { checkCredentials } from '../../src/config/credentials.ts';
import { findMistakenNames } from '../../src/config/mistaken-names.ts';
import {
  type Problem,
  type Report,
  rejectsNobody,
  SYSTEM,
  type Values,
  variableText,
} from '../../src/config/values.ts';

/** Bindings or variables by name; a binding may be something other than text. */
export type Settings = Readonly<Record<string, unknown>>;

/** The configuration of the adapters without a database. */
interface EdgeConfig extends CoreConfig {
  readonly token: string;
}

/** Settings whose defaults are for a program next to Sentry. Here they have none. */
const WITHOUT_DEFAULT: readonly CoreName[] = ['sentryUri', 'token', 'tokens', 'aliasTokens', 'clients', 'allowedHosts'];

/** Each setting with its default; undefined where there is none. */
const DEFAULTS: Values = Object.fromEntries(
  CORE_NAMES.map((name) => {
    const { variable, default: text } = CORE_SETTINGS[name];
    return [variable, WITHOUT_DEFAULT.includes(name) ? undefined : text];
  }),
);

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
  const mayOpen = values.ALLOW_ANY_CLIENT === 'true';
  // An empty secret does not mean that everyone should be served.
  if (values.ALIAS_TOKENS === '') about('ALIAS_TOKENS')(EMPTY);
  else if (isOpen && !mayOpen) about('ALIAS_TOKENS')(OPEN);
  else if (isOpen && values.UNMATCHED === 'reject') about('UNMATCHED')(rejectsNobody('CLIENTS', 'ALIAS_TOKENS'));
  checkNames(settings, problems, warnings);
  const coreProblems: Problem[] = [];
  const { clients: _, tokens: __, allowAnyClient: ___, ...core } = readCore(values, coreProblems);
  // The core's texts for what is missing mention defaults and a database.
  const isNew = ({ variable }: Problem) => problems.every((known) => known.variable !== variable);
  problems.push(...coreProblems.filter(isNew));

  const { CLIENTS: clientsText, TOKENS: tokensText, SENTRY_TOKEN: defaultToken } = values;
  checkCredentials({ aliasTokens: core.aliasTokens, clientsText, tokensText, defaultToken }, NAMES, problems);
  return { ...core, clientsText, tokensText, isOpen };
}

const NAMES = { aliasTokens: 'ALIAS_TOKENS', clients: 'CLIENTS', tokens: 'TOKENS' };

function readCore(values: Values, problems: Problem[]): CoreValues {
  const read = CORE_NAMES.map((name) => {
    const { variable, parse } = CORE_SETTINGS[name];
    return [name, parse(values[variable] ?? '', (text: string) => void problems.push({ variable, text }))];
  });
  return Object.fromEntries(read);
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
  'ALLOW_ANY_CLIENT to true if something else decides who can connect';

function checkToken({ SENTRY_TOKEN }: Values, report: Report): void {
  const remedy = '; set it to an auth token of Sentry';
  if (!SENTRY_TOKEN) report(`is not set${remedy}`);
  if (SENTRY_TOKEN === SYSTEM) report(`asks for Sentry's own token, which only the Node adapter gets${remedy}`);
}

function readText(settings: Settings, problems: Problem[]): Values {
  const values: Record<string, string | undefined> = { ...DEFAULTS };
  for (const variable of Object.keys(values)) {
    const value = settings[variable] ?? undefined;
    if (value === undefined) continue;
    // TOML and JSON have booleans and numbers, which count as their own text.
    if (/^(string|boolean|number)$/.test(typeof value)) values[variable] = variableText(String(value));
    else problems.push({ variable, text: 'is not text' });
  }
  return values;
}
