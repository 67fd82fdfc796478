import { existsSync } from 'node:fs';
import { styleText } from 'node:util';
import type { Problem } from '../../../src/config/values.ts';
import { isGiven, type RawSettings, type SettingSource, textOf } from '../config/raw-settings.ts';
import type { Setting } from '../config/setting.ts';
import { SETTINGS } from '../config/settings.ts';

/** Settings whose value is in the file that another setting names. */
const FROM_FILE: Readonly<Record<string, string>> = {
  SENTRY_TOKEN: 'SENTRY_TOKEN_FILE',
  PGX_CONN: 'PGX_CONN_FILE',
  CLIENTS: 'CLIENTS_FILE',
};

const COLUMNS = { flag: 24, value: 28 };

/** Every setting with a mark that says whether it is valid, its value unless that is a secret, and its source. */
export function settingsTable(given: RawSettings, problems: readonly Problem[]): string {
  const wrong = new Set(problems.map(({ variable }) => variable));
  return SETTINGS.map((setting) => row(setting, given, wrong.has(setting.variable))).join('');
}

function row(setting: Setting, given: RawSettings, isWrong: boolean): string {
  const mark = isWrong ? paint('red', '✗') : paint('green', '✓');
  const flag = `--${setting.flag}`.padEnd(COLUMNS.flag);
  const value =
    isWrong && !isHarmless(setting, textOf(given, setting.variable)) ? NOT_SHOWN : shownValue(setting, given);
  return `${mark} ${flag}${value.padEnd(COLUMNS.value)} ${paint('dim', originText(setting, given))}\n`;
}

const NOT_SHOWN = 'wrong, not shown';

/** Texts that can be no secret: numbers with a unit, short words, ports and addresses, URLs without credentials. */
const HARMLESS = [
  /^-?[0-9]{1,12}(?:\.[0-9]{1,3})?[a-z]{0,3}$/i,
  /^[a-z]{0,8}$/,
  /^(?:[0-9.]{0,15}|\[[0-9a-f:]{2,39}\]|localhost)?:[0-9]{0,9}$/,
  /^[a-z]{2,8}:\/\/[a-z0-9.:-]{0,60}\/?$/,
];

/** A wrong value may be a secret that was given to the wrong flag, so it is shown only if it can't be one. */
function isHarmless({ isSecret, files }: Setting, text: string): boolean {
  if (isSecret === true) return false;
  return files === undefined ? HARMLESS.some((shape) => shape.test(text)) : existsSync(text);
}

function shownValue({ variable, isSecret, default: fallback }: Setting, given: RawSettings): string {
  const text = textOf(given, variable);
  if (isFromFile(variable, given)) return 'in a file';
  if (text === '') return 'empty';
  return isSecret && text !== fallback ? 'hidden' : text;
}

function originText({ variable }: Setting, given: RawSettings): string {
  if (isFromFile(variable, given)) return `file ${textOf(given, FROM_FILE[variable]!)}`;
  return SOURCES[given[variable]?.source ?? 'default'](variable);
}

const SOURCES: Readonly<Record<SettingSource, (variable: string) => string>> = {
  flag: () => 'flag',
  variable: (variable) => `variable ${variable}`,
  '.env': (variable) => `.env ${variable}`,
  default: () => 'default',
};

function isFromFile(variable: string, given: RawSettings): boolean {
  const file = FROM_FILE[variable];
  return file !== undefined && textOf(given, file) !== '' && !isGiven(given, variable);
}

/** Coloured on a terminal, as NO_COLOR and FORCE_COLOR say. */
const paint = (style: 'red' | 'green' | 'dim', text: string): string =>
  styleText(style, text, { stream: process.stdout });
