import type { Problem } from '../../../src/config.ts';
import { SETTINGS } from '../config/settings.ts';

/** A problem with the flag and the variable it is about. */
export function problemText({ variable, text }: Problem): string {
  if (variable === '') return text;
  const flag = SETTINGS.find((setting) => setting.variable === variable)?.flag;
  return flag === undefined ? `${variable} ${text}` : `--${flag} (${variable}) ${text}`;
}

/** All problems for a terminal, one a line. */
export const problemLines = (problems: readonly Problem[]): string =>
  problems.map((problem) => `sentry-api-proxy: ${problemText(problem)}\n`).join('');
