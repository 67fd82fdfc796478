import type { Problem } from './config.ts';

interface Mistake {
  /** The setting that is meant. */
  readonly meant: string;
  /** The setting is a protection, so it is safer not to start than to start without it. */
  readonly isError: boolean;
}

/** Variables with nearly our names. Some belong to Sentry's other tools and may be set on the same machine. */
export const MISTAKEN_NAMES: Readonly<Record<string, Mistake>> = {
  ALIAS_TOKEN: { meant: 'ALIAS_TOKENS', isError: true },
  ALIAS_TOKEN_FILE: { meant: 'ALIAS_TOKENS_FILE', isError: true },
  ALIASES: { meant: 'ALIAS_TOKENS', isError: false },
  ALLOWED_HOST: { meant: 'ALLOWED_HOSTS', isError: true },
  LISTEN_ADDR: { meant: 'LISTEN', isError: false },
  LISTEN_ADDRESS: { meant: 'LISTEN', isError: false },
  SENTRY_URL: { meant: 'SENTRY_URI', isError: false },
  SENTRY_AUTH_TOKEN: { meant: 'SENTRY_TOKEN', isError: false },
};

/**
 * Finds mistaken names among the variables that are set; warnings are added to `warnings`, errors to `problems`.
 * @param isSet whether a variable is set, to whatever value
 */
export function findMistakenNames(
  isSet: (variable: string) => boolean,
  problems: Problem[],
  warnings: Problem[],
): void {
  for (const [variable, { meant, isError }] of Object.entries(MISTAKEN_NAMES)) {
    if (isSet(variable)) (isError ? problems : warnings).push({ variable, text: `is no setting; it is ${meant}` });
  }
}
