import { styleText } from 'node:util';
import type { Problem } from '../../../src/config/values.ts';
import { type Given, isGiven, type Origin, textOf } from '../config/given.ts';
import { SETTINGS, type Setting } from '../config/settings.ts';

/** Settings whose value is in the file that another setting names. */
const FROM_FILE: Readonly<Record<string, string>> = {
  SENTRY_TOKEN: 'SENTRY_TOKEN_FILE',
  PGX_CONN: 'PGX_CONN_FILE',
  CLIENTS: 'CLIENTS_FILE',
};

const COLUMNS = { flag: 24, value: 28 };

/** Every setting with a mark that says whether it is valid, its value unless that is a secret, and its origin. */
export function settingsTable(given: Given, problems: readonly Problem[]): string {
  const wrong = new Set(problems.map(({ variable }) => variable));
  return SETTINGS.map((setting) => row(setting, given, wrong.has(setting.variable))).join('');
}

function row(setting: Setting, given: Given, isWrong: boolean): string {
  const mark = isWrong ? paint('red', '✗') : paint('green', '✓');
  const flag = `--${setting.flag}`.padEnd(COLUMNS.flag);
  // A wrong value may be a secret that was given to the wrong flag.
  const value = isWrong ? 'wrong, not shown' : shownValue(setting, given);
  return `${mark} ${flag}${value.padEnd(COLUMNS.value)} ${paint('dim', originText(setting, given))}\n`;
}

function shownValue({ variable, isSecret, default: fallback }: Setting, given: Given): string {
  const text = textOf(given, variable);
  if (isFromFile(variable, given)) return 'in a file';
  if (text === '') return 'empty';
  return isSecret && text !== fallback ? 'hidden' : text;
}

function originText({ variable }: Setting, given: Given): string {
  if (isFromFile(variable, given)) return `file ${textOf(given, FROM_FILE[variable]!)}`;
  return ORIGINS[given[variable]?.origin ?? 'default'](variable);
}

const ORIGINS: Readonly<Record<Origin, (variable: string) => string>> = {
  flag: () => 'flag',
  variable: (variable) => `variable ${variable}`,
  '.env': (variable) => `.env ${variable}`,
  default: () => 'default',
};

function isFromFile(variable: string, given: Given): boolean {
  const file = FROM_FILE[variable];
  return file !== undefined && textOf(given, file) !== '' && !isGiven(given, variable);
}

/** Coloured on a terminal, as NO_COLOR and FORCE_COLOR say. */
const paint = (style: 'red' | 'green' | 'dim', text: string): string =>
  styleText(style, text, { stream: process.stdout });
