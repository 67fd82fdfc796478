import type { Problem } from '../../../src/config/values.ts';
import { SETTINGS } from './settings.ts';

/** A setting by its flag and its variable; a variable that is not a setting by its name. */
export function settingName(variable: string): string {
  const flag = SETTINGS.find((setting) => setting.variable === variable)?.flag;
  return flag === undefined ? variable : `--${flag} (${variable})`;
}

/** A problem with the flag and the variable it is about. */
export const problemText = ({ variable, text }: Problem): string =>
  variable === '' ? text : `${settingName(variable)} ${text}`;

/** All problems for a terminal, one a line. */
export const problemLines = (problems: readonly Problem[]): string =>
  problems.map((problem) => `sentry-api-proxy: ${problemText(problem)}\n`).join('');
