import { existsSync, readFileSync } from 'node:fs';
import type { Problem, Values } from '../../../src/config.ts';
import { SETTINGS } from '../config/settings.ts';

const COMMANDS = ['run', 'check', 'healthcheck'] as const;
export type Command = (typeof COMMANDS)[number];

/** What the command line asks for. */
export interface CommandLine {
  readonly command: Command;
  /** `check --probe`. */
  readonly probe: boolean;
  readonly help: boolean;
  readonly version: boolean;
  /** By variable. */
  readonly values: Record<string, string>;
}

/** Reads `--flag value` and `--flag=value`; adds what is wrong to `problems` without quoting a value. */
export function parseCommandLine(args: readonly string[], problems: Problem[]): CommandLine {
  const values: Record<string, string> = {};
  let help = false;
  let version = false;
  let command: Command = 'run';
  let probe = false;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    const [, name, , inline] = /^--([a-z][a-z-]*)(=([\s\S]*))?$/.exec(arg) ?? [];
    if (name === 'help' || arg === '-h') help = true;
    else if (name === 'version' || arg === '-V') version = true;
    else if (i === 0 && isCommand(arg)) command = arg;
    else if (arg === '--probe' && command === 'check') probe = true;
    else {
      const setting = SETTINGS.find(({ flag }) => flag === name);
      if (setting === undefined) {
        problems.push({ variable: '', text: unknownArgument(arg, i) });
        continue;
      }
      const value = inline ?? (setting.isSwitch ? 'true' : args[++i]);
      if (value === undefined) {
        problems.push({ variable: setting.variable, text: 'is given without a value' });
        continue;
      }
      const earlier = setting.isList ? values[setting.variable] : undefined;
      values[setting.variable] = earlier === undefined ? value : `${earlier};${value}`;
    }
  }
  return { command, probe, help, version, values };
}

const isCommand = (arg: string): arg is Command => (COMMANDS as readonly string[]).includes(arg);

/** An argument that is no flag may be a secret that lost its flag. */
function unknownArgument(arg: string, index: number): string {
  const flag = /^--[A-Za-z][\w-]{0,30}/.exec(arg)?.[0];
  if (flag === undefined) return `argument ${index + 1} is not a flag; --help lists them`;
  const known = SETTINGS.find((setting) => isAlike(`--${setting.flag}`, flag));
  const hint = known === undefined ? '--help lists the flags' : `did you mean --${known.flag}?`;
  return `unknown flag ${flag}; ${hint}`;
}

/** The same but for one character more, less or other, or for dashes and case. */
function isAlike(flag: string, typed: string): boolean {
  const bare = (text: string) => text.toLowerCase().replace(/[-_]/g, '');
  const [a, b] = [bare(flag), bare(typed)];
  if (a === b || a === `${b}s` || b === `${a}s`) return true;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  const rest = (text: string, skip: number) => text.slice(start + skip);
  return rest(a, 1) === rest(b, 1) || rest(a, 1) === rest(b, 0) || rest(a, 0) === rest(b, 1);
}

/** The settings by variable: a flag wins over its variable, that over the `.env` file in the working folder. */
export async function gatherValues(
  flags: Record<string, string>,
  environment: NodeJS.ProcessEnv,
  problems: Problem[],
): Promise<{ values: Values; environment: NodeJS.ProcessEnv; isSet: (variable: string) => boolean }> {
  const withFile = { ...(await readDotEnv(problems)), ...environment };
  const values: Record<string, string> = {};
  for (const setting of SETTINGS) {
    values[setting.variable] = flags[setting.variable] ?? withFile[setting.variable] ?? setting.default;
  }
  const isSet = (variable: string) => flags[variable] !== undefined || withFile[variable] !== undefined;
  return { values, environment: withFile, isSet };
}

async function readDotEnv(problems: Problem[]): Promise<Record<string, string>> {
  if (!existsSync('.env')) return {};
  try {
    const text = readFileSync('.env', 'utf8');
    const { parse } = await import('dotenv');
    return parse(text);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    problems.push({ variable: '', text: `the file .env in the working folder could not be read (${code})` });
    return {};
  }
}

export function helpText(): string {
  const rows = SETTINGS.map(({ flag, variable, placeholder, help, default: fallback }) => [
    `  --${flag} ${placeholder}`,
    `      ${variable}, default ${fallback === '' ? 'empty' : fallback}`,
    `      ${help}`,
  ]);
  return [
    "sentry-api-proxy: puts a Sentry token on what it forwards to a self-hosted Sentry's API.",
    '',
    'Usage: sentry-api-proxy [COMMAND] [--FLAG VALUE | --FLAG=VALUE]...',
    '',
    'Commands:',
    '  run           serve; what is done without a command',
    '  check         say what is wrong with the configuration, or what it would do',
    '  check --probe also get the token and ask Sentry with it',
    '  healthcheck   exit with 0 if the proxy that runs with this configuration answers',
    '',
    'Flags:',
    ...rows.flat(),
    '  --help, -h',
    '      this text',
    '  --version, -V',
    '      the version',
    '',
    'A flag wins over its variable, a variable over the file .env in the working folder.',
    '',
  ].join('\n');
}

/** Each problem with the flag and the variable it is about. */
export function problemTexts(problems: readonly Problem[]): string[] {
  return problems.map(({ variable, text }) => {
    const flag = SETTINGS.find((setting) => setting.variable === variable)?.flag;
    if (variable === '') return text;
    return flag === undefined ? `${variable} ${text}` : `--${flag} (${variable}) ${text}`;
  });
}

/** All problems, one a line. */
export const problemText = (problems: readonly Problem[]): string =>
  problemTexts(problems)
    .map((line) => `sentry-api-proxy: ${line}\n`)
    .join('');
