import type { Problem } from '../../../src/config/values.ts';
import { NAMED_SETTINGS, type Settings } from './settings.ts';

/** Where the value of a setting came from. */
export type SettingSource = 'flag' | 'variable' | '.env' | 'default';

/** The text of every setting and its source, by variable. */
export type RawSettings = Readonly<Record<string, { readonly text: string; readonly source: SettingSource }>>;

/** The text of a setting. */
export const textOf = (given: RawSettings, variable: string): string => given[variable]?.text ?? '';

/** Whether a setting was given, even if empty, rather than left at its default. */
export const isGiven = (given: RawSettings, variable: string): boolean =>
  given[variable] !== undefined && given[variable].source !== 'default';

/** The contents of files, by the variable of the setting that names the file. One that could not be read is missing. */
export type Contents = Readonly<Record<string, string>>;

/**
 * Parses every setting by itself and adds faults to `problems`.
 * @param contents of the files that settings name
 */
export function parseSettings(given: RawSettings, contents: Contents, problems: Problem[]): Settings {
  const parsed = NAMED_SETTINGS.map(([name, { variable, files, parse }]) => {
    const complain = (text: string) => void problems.push({ variable, text });
    if (files === undefined) return [name, parse(textOf(given, variable), complain)];
    const content = contents[variable];
    return [name, content === undefined ? undefined : parse(content, (text) => complain(inFile(text)))];
  });
  return Object.fromEntries(parsed);
}

/** The text of a problem with a value, as a problem of the file that holds it. */
export const inFile = (problem: string): string => `names a file whose content ${problem}`;
