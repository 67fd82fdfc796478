import type { Problem } from './values.ts';

/**
 * Variables with nearly our names. Some belong to Sentry's other tools and may be set on the same machine. For a setting
 * that keeps others out it is safer not to start than to start without it.
 */
const MISTAKES: readonly (readonly [names: RegExp, meant: string, isError: boolean])[] = [
  [/^CLIENTS?(_?(FILES?|PATH|JSON))?$/, 'CLIENTS', true],
  [/^ALIAS(ES|_?TOKENS?)(_?(FILES?|PATH))?$/, 'ALIAS_TOKENS', true],
  [/^ALLOW(ED)?_?HOSTS?$/, 'ALLOWED_HOSTS', true],
  [/^ADMIN_ALLOW(ED)?_?HOSTS?$/, 'ADMIN_ALLOWED_HOSTS', false],
  [/^UNMATCH(ED)?_?(CLIENTS?|REQUESTS?)?$/, 'UNMATCHED', true],
  [/^LISTEN_ADDR(ESS)?$/, 'LISTEN', false],
  [/^SENTRY_URL$/, 'SENTRY_URI', false],
  [/^SENTRY_(AUTH_TOKEN|TOKENS)$|^TOKEN_FILE$/, 'SENTRY_TOKEN', false],
  [/^UPSTREAM_HEADER$/, 'UPSTREAM_HEADERS', false],
];

/**
 * Finds mistaken names among the variables that are set; warnings are added to `warnings`, errors to `problems`.
 * @param isSetting whether the adapter reads a variable
 */
export function findMistakenNames(
  variables: readonly string[],
  isSetting: (variable: string) => boolean,
  problems: Problem[],
  warnings: Problem[],
): void {
  for (const variable of variables) {
    // The names of most settings that name a file end in _FILE, but not of all.
    const byName = variable.replace(/_?(FILE|PATH)$/, '');
    const [, setting = byName, isError] = MISTAKES.find(([names]) => names.test(variable) || names.test(byName)) ?? [];
    const file = `${setting}_FILE`;
    const meant = /FILE|PATH/.test(variable) && isSetting(file) ? file : setting;
    const isMistake = isSetting(meant) && !isSetting(variable);
    if (isMistake) (isError ? problems : warnings).push({ variable, text: `is not a setting; did you mean ${meant}?` });
  }
}
