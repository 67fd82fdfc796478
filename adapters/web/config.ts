import { type CoreConfig, type Problem, readCoreConfig, SYSTEM, type Values } from '../../src/config.ts';

/** Bindings or variables by name; a binding can be other things than text. */
export type Settings = Readonly<Record<string, unknown>>;

const VARIABLES = ['SENTRY_URI', 'SENTRY_TOKEN', 'ALIAS_TOKENS', 'ALLOWED_HOSTS', 'ALLOW_ANY_CLIENT'] as const;

/**
 * Reads the settings of an adapter without a database, at an address that anyone may reach: it has a token of its own,
 * and it serves clients without an alias token only where it is told to.
 *
 * @returns a configuration that is to be used only if no problem was added
 */
export function readEdgeConfig(settings: Settings, problems: Problem[]): CoreConfig {
  const values = readText(settings, problems);
  const coreProblems: Problem[] = [];
  const config = readCoreConfig(values, coreProblems);
  // What is not set at all needs other words than the core's, which knows of defaults and of a database.
  const missing = missingOf(values);
  problems.push(
    ...missing,
    ...coreProblems.filter(({ variable }) => missing.every((own) => own.variable !== variable)),
  );

  const isOpen = !values.ALIAS_TOKENS && values.ALLOW_ANY_CLIENT !== 'true';
  if (isOpen) problems.push({ variable: 'ALIAS_TOKENS', text: OPEN });
  return config;
}

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

function readText(settings: Settings, problems: Problem[]): Values {
  const values: Record<string, string> = {};
  for (const variable of VARIABLES) {
    const value = settings[variable];
    // TOML and JSON know booleans, and who writes one means the word.
    const text = typeof value === 'boolean' ? String(value) : value;
    if (typeof text === 'string') values[variable] = text;
    else if (value !== undefined && value !== null) problems.push({ variable, text: 'is not text' });
  }
  return values;
}
