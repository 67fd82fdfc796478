import type { Problem } from '../../../src/config/values.ts';
import { nearest } from '../../../src/nearest-name.ts';
import type { Asked } from '../check/check-as.ts';
import { SETTINGS } from '../config/settings.ts';
import { PROGRAMS } from '../programs/programs.ts';
import type { RecipeOptions } from '../programs/recipe.ts';

/** Every command with the ways to use it, as `--help` shows them. */
export const COMMANDS = {
  run: [{ usage: 'run', help: 'serve; the default without a command' }],
  check: [
    {
      usage: 'check [--probe]',
      help: 'say what is wrong with the configuration, or what it does; --probe: also try each token on Sentry, look up the organizations and projects of the clients file, try the limit store, and fetch the keys of issuers',
    },
    {
      usage: 'check --as NAME METHOD PATH',
      help: 'say whether the client may make this request, and by which scope or rule; exit with 0 if it may, 1 if not',
    },
    {
      usage: 'check --as-token FILE',
      help: 'say which client the token in the file identifies, or which check or claim fails; exit with 0 for a client, 1 for none',
    },
  ],
  token: [
    {
      usage: 'token [--json]',
      help: 'make a token for a client: print it, and on standard error its digest for the clients file; --json: print both as JSON',
    },
    {
      usage: 'token --for PROGRAM (--org ORG | --project ORG/PROJECT)...',
      help: `the same, and the whole entry for the clients file with the rights that PROGRAM needs: ${PROGRAMS.map(({ name }) => name).join(', ')}; --write: also those to change things; --name NAME: the name of the client, if it is not PROGRAM; --json: print token, digest and client as JSON`,
    },
  ],
  suggest: [
    {
      usage: 'suggest [--clients-file FILE] < LOG',
      help: "read the proxy's JSON log, and print a clients file with the least rights that the clients' requests need; the rest of FILE is kept",
    },
  ],
  healthcheck: [{ usage: 'healthcheck', help: 'exit with 0 if the proxy that runs with this configuration answers' }],
} as const;

type Command = keyof typeof COMMANDS;

/** The request of a command line. */
interface CommandLine {
  readonly command: Command;
  /** `check --probe`. */
  readonly probe: boolean;
  /** `token --json`. */
  readonly json: boolean;
  /** `token --for PROGRAM` and its options. */
  readonly recipe: RecipeOptions | undefined;
  /** `check --as NAME METHOD PATH`. */
  readonly as: Asked | undefined;
  /** The path of `check --as-token FILE`. */
  readonly asToken: string | undefined;
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
  let json = false;
  const ofToken: Record<TokenOption, string[]> = { for: [], org: [], project: [], name: [] };
  let write = false;
  let as: Asked | undefined;
  let asToken: string | undefined;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    const [, name, , inline] = /^--([a-z][a-z-]*)(=([\s\S]*))?$/.exec(arg) ?? [];
    if (name === 'help' || arg === '-h') help = true;
    else if (name === 'version' || arg === '-V') version = true;
    else if (i === 0 && isCommand(arg)) command = arg;
    else if (arg === '--probe' && command === 'check') probe = true;
    else if (arg === '--json' && command === 'token') json = true;
    else if (arg === '--write' && command === 'token') write = true;
    else if (command === 'token' && isTokenOption(name)) {
      const value = inline ?? (isValue(args[i + 1]) ? args[++i] : undefined);
      // Without a program, the list of all programs says more.
      if (value !== undefined || name === 'for') ofToken[name].push(value ?? '');
      else problems.push({ variable: '', text: `token --${name} is given without a value` });
    } else if (name === 'as-token' && command === 'check') {
      const isFile = inline === undefined && args[i + 1]?.startsWith('--') === false;
      const path = inline ?? (isFile ? args[++i] : undefined);
      if (!path) problems.push({ variable: '', text: 'check --as-token needs FILE' });
      if (asToken !== undefined) problems.push({ variable: '', text: 'check --as-token is given twice' });
      asToken = path ?? '';
    } else if (name === 'as' && command === 'check') {
      const operands = inline === undefined ? [] : [inline];
      while (operands.length < 3 && args[i + 1]?.startsWith('--') === false) operands.push(args[++i]!);
      if (operands.length < 3) problems.push({ variable: '', text: 'check --as needs NAME METHOD PATH' });
      if (as !== undefined) problems.push({ variable: '', text: 'check --as is given twice' });
      const [asked = '', method = '', target = ''] = operands;
      as = { name: asked, method, target };
    } else {
      const setting = SETTINGS.find(({ flag }) => flag === name);
      if (setting === undefined) {
        problems.push({ variable: '', text: unknownArgument(arg, i, command) });
        // The argument after an unknown flag is taken for its value.
        if (arg.startsWith('--') && !arg.includes('=') && isValue(args[i + 1])) i++;
        continue;
      }
      const isNextValue = inline === undefined && isValue(args[i + 1]);
      const value = inline ?? (isNextValue ? args[++i] : setting.isSwitch ? 'true' : undefined);
      if (value === undefined) {
        problems.push({ variable: setting.variable, text: 'is given without a value' });
        continue;
      }
      const { variable, listSeparator } = setting;
      const earlier = values[variable];
      if (earlier === undefined) values[variable] = value;
      else if (listSeparator !== undefined) values[variable] = earlier + listSeparator + value;
      else problems.push({ variable, text: 'is given twice' });
    }
  }
  if (as !== undefined && asToken !== undefined) {
    problems.push({ variable: '', text: 'check --as and --as-token are both given' });
  }
  const isFor = ofToken.for.length > 0;
  if (!isFor && (write || Object.values(ofToken).some((texts) => texts.length > 0))) {
    problems.push({ variable: '', text: 'token takes --org, --project, --name and --write with --for PROGRAM alone' });
  }
  const recipe = isFor ? { ...ofToken, write } : undefined;
  return { command, probe, json, recipe, as, asToken, help, version, values };
}

/** Options of `token` that take a value. */
const TOKEN_OPTIONS = ['for', 'org', 'project', 'name'] as const;

type TokenOption = (typeof TOKEN_OPTIONS)[number];

const isTokenOption = (name: string | undefined): name is TokenOption =>
  TOKEN_OPTIONS.some((option) => option === name);

const isCommand = (arg: string): arg is Command => Object.hasOwn(COMMANDS, arg);

/** A value that starts with `--` has to be given with `=`. Otherwise the next flag would be taken for the value. */
const isValue = (next: string | undefined): boolean => next !== undefined && !next.startsWith('--');

/** An argument that is not a flag is never quoted, because it may be a secret whose flag is missing. */
function unknownArgument(arg: string, index: number, command: Command): string {
  const flag = /^--([A-Za-z][\w-]{0,30})/.exec(arg)?.[1];
  if (flag !== undefined && switchesOf(command).includes(flag)) return `${command} --${flag} takes no value`;
  if (flag !== undefined) return `unknown flag --${flag}; ${flagHint(flag, command) ?? '--help lists the flags'}`;
  const single = /^-([A-Za-z][\w-]{0,30})$/.exec(arg)?.[1];
  const meant = single && flagHint(single, command);
  if (meant !== undefined) return `argument ${index + 1} is not a flag; ${meant}`;
  if (command === 'suggest') return 'suggest reads the log from standard input: suggest < FILE';
  const where = `argument ${index + 1} is not a flag`;
  if (isCommand(arg)) return `${where}; the command ${arg} has to come first`;
  const known = likeliest(arg, Object.keys(COMMANDS));
  return known === undefined ? `${where}; --help lists them` : `${where}; did you mean the command ${known}?`;
}

/** Words for a setting in other programs. */
const OTHER_WORDS: readonly (readonly [words: RegExp, flags: readonly string[]])[] = [
  [/^(?:p|port|host|bind|addr|address)$/, ['listen']],
  [/^(?:url|target|upstream|backend|sentry|sentry-host)$/, ['sentry-uri']],
  [/^(?:auth-token|token-path|secret)$/, ['token-file', 'token']],
  [/^(?:config|c|acl|policy|clients-path)$/, ['clients-file']],
  [/^(?:v|verbose|debug|quiet|q)$/, ['log-level']],
  [/^(?:timeout)$/, ['write-timeout', 'read-timeout']],
  [/^(?:cert|certificate|key)$/, ['tls-cert', 'tls-key']],
  [/^(?:metrics|metrics-port|admin|admin-port)$/, ['admin-listen']],
  [/^(?:database|db|dsn|postgres|pg-conn)$/, ['pgx-conn-file', 'pgx-conn']],
  [/^(?:redis|redis-url|store)$/, ['limit-store']],
];

/** The flags that may be meant: the nearest one, those that begin with what was typed, or another program's word. */
function flagHint(typed: string, command: Command): string | undefined {
  const flags = flagsOf(command);
  const near = likeliest(typed, flags);
  const words = OTHER_WORDS.find(([words]) => words.test(typed))?.[1];
  const longer = flags.filter((flag) => flag.startsWith(`${typed}-`));
  const meant = near !== undefined ? [near] : (words ?? longer);
  return meant.length === 0 ? undefined : `did you mean ${meant.map((flag) => `--${flag}`).join(' or ')}?`;
}

const flagsOf = (command: Command): string[] => [
  ...SETTINGS.map(({ flag }) => flag),
  ...switchesOf(command),
  ...(command === 'check' ? ['as', 'as-token'] : []),
  ...(command === 'token' ? TOKEN_OPTIONS : []),
  ...['help', 'version'],
];

/** The options of a command that take no value. */
function switchesOf(command: Command): string[] {
  if (command === 'check') return ['probe'];
  return command === 'token' ? ['json', 'write'] : [];
}

/** The name that is nearest to what was typed; of several, the one that starts most like it. */
function likeliest(typed: string, names: readonly string[]): string | undefined {
  const ranked = names.toSorted((a, b) => sharedStart(typed, b) - sharedStart(typed, a));
  return nearest(typed, ranked);
}

function sharedStart(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return length;
}
