import type { Problem } from '../../../src/config.ts';
import { SETTINGS, type Setting } from '../config/settings.ts';
import { likeliest } from './suggestion.ts';

/** Every command with its lines in `--help`. */
export const COMMANDS = {
  run: { usage: 'run', help: 'serve; this is what happens without a command' },
  check: {
    usage: 'check [--probe]',
    help: 'say what is wrong with the configuration, or what it does; --probe: also read the token and ask Sentry with it',
  },
  healthcheck: { usage: 'healthcheck', help: 'exit with 0 if the proxy that runs with this configuration answers' },
} as const;

export type Command = keyof typeof COMMANDS;

/** What the command line asks for. */
export interface CommandLine {
  readonly command: Command;
  /** `check --probe`. */
  readonly probe: boolean;
  readonly help: boolean;
  readonly version: boolean;
  /** The text of each flag, by variable. */
  readonly values: Readonly<Record<string, string>>;
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
      const isNextValue = inline === undefined && isValueOf(setting, args[i + 1]);
      const value = inline ?? (isNextValue ? args[++i] : setting.isSwitch ? 'true' : undefined);
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

const isCommand = (arg: string): arg is Command => Object.hasOwn(COMMANDS, arg);

/** A value that starts with `--` has to be given with `=`: taken as one, the next flag would be lost. */
function isValueOf({ isSwitch }: Setting, next: string | undefined): boolean {
  if (next === undefined || next.startsWith('--')) return false;
  return !isSwitch || next === 'true' || next === 'false';
}

/** An argument that is no flag is never quoted: it may be a secret that lost its flag. */
function unknownArgument(arg: string, index: number): string {
  const flag = /^--[A-Za-z][\w-]{0,30}/.exec(arg)?.[0];
  if (flag !== undefined) {
    const known = likeliest(
      flag,
      SETTINGS.map((setting) => setting.flag),
    );
    return `unknown flag ${flag}; ${known === undefined ? '--help lists the flags' : `did you mean --${known}?`}`;
  }
  const where = `argument ${index + 1} is not a flag`;
  if (isCommand(arg)) return `${where}; the command ${arg} has to come first`;
  const command = likeliest(arg, Object.keys(COMMANDS));
  return command === undefined ? `${where}; --help lists them` : `${where}; did you mean the command ${command}?`;
}
