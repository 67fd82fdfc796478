import { readFile } from 'node:fs/promises';
import { encodingFault, type Problem, variableText } from '../../../src/config/values.ts';
import { codeOf, fileFault } from '../../system-token/file-fault.ts';
import type { RawSettings, SettingSource } from './raw-settings.ts';
import { SETTINGS } from './settings.ts';

/** The settings as given on the command line and around it. */
export interface Collected {
  readonly given: RawSettings;
  /** The environment on top of the `.env` file. */
  readonly environment: NodeJS.ProcessEnv;
}

/** The text of every setting: a flag wins over its variable, that over the `.env` file in the working folder. */
export async function collectSettings(
  flags: Readonly<Record<string, string>>,
  variables: NodeJS.ProcessEnv,
  problems: Problem[],
): Promise<Collected> {
  const dotEnv = await readDotEnv(problems);
  const given: Record<string, { text: string; source: SettingSource }> = {};
  for (const { variable, default: fallback } of SETTINGS) {
    const fromVariable = variables[variable];
    const sources: [string | undefined, SettingSource][] = [
      [flags[variable], 'flag'],
      // Read like the same secret in a file.
      [fromVariable === undefined ? undefined : variableText(fromVariable), 'variable'],
      [dotEnv[variable], '.env'],
    ];
    const [text = fallback, source = 'default'] = sources.find(([value]) => value !== undefined) ?? [];
    given[variable] = { text, source };
  }
  return { given, environment: { ...dotEnv, ...variables } };
}

async function readDotEnv(problems: Problem[]): Promise<Record<string, string>> {
  try {
    const text = await readFile('.env', 'utf8');
    // Windows' editors add the mark, which dotenv leaves out.
    const fault = encodingFault(text.replace(/^\ufeff/, ''));
    // All settings would be missing, and the proxy open.
    if (fault !== undefined) problems.push({ variable: '', text: `the file .env in the working folder ${fault}` });
    const { parse } = await import('dotenv');
    return parse(text);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return {};
    const text = `the file .env in the working folder could not be read (${fileFault(error, '.env')})`;
    problems.push({ variable: '', text });
    return {};
  }
}
