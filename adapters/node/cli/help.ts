import type { Setting } from '../config/setting.ts';
import { SETTINGS } from '../config/settings.ts';
import { COMMANDS } from './command-line.ts';

/** Columns of a terminal that has not been made wider. */
const WIDTH = 80;
const COLUMN = 20;

/** The text of `--help`. */
export function helpText(): string {
  return [
    "sentry-api-proxy: adds a Sentry token to requests to a self-hosted Sentry's API.",
    '',
    'Usage: sentry-api-proxy [COMMAND] [--FLAG VALUE | --FLAG=VALUE]...',
    '',
    'Commands:',
    ...Object.values(COMMANDS).flatMap((ways) => ways.flatMap(({ usage, help }) => row(usage, help))),
    '',
    'Flags:',
    ...SETTINGS.flatMap(flagLines),
    '  --help, -h',
    '      show this text',
    '  --version, -V',
    '      show the version, and the Node and the platform it runs on',
    '',
    ...wrapped(
      'A flag wins over its variable, a variable over the file .env in the working folder. ' +
        'Times are seconds, or 500ms, 25s, 5m; sizes are bytes, or 64KiB, 1MiB.',
      0,
    ),
    '',
    'Examples:',
    ...EXAMPLES,
    '',
  ].join('\n');
}

const EXAMPLES = [
  '  # a static token and alias tokens from files',
  '  sentry-api-proxy --sentry-uri https://sentry.example \\',
  '    --token-file ./token --alias-token-file ./aliases',
  '',
  "  # Sentry's own token, read from its PostgreSQL",
  '  sentry-api-proxy --sentry-uri http://web:9000 \\',
  "    --pgx-conn 'host=pgbouncer user=postgres dbname=postgres' \\",
  '    --alias-token-file ./aliases',
  '',
  '  # what this configuration does, and whether Sentry accepts the token',
  '  sentry-api-proxy check --probe --token-file ./token',
];

function flagLines({ flag, variable, placeholder, help, default: fallback }: Setting): string[] {
  return [
    `  --${flag} ${placeholder}`,
    `      ${variable}, default ${fallback === '' ? 'empty' : fallback}`,
    ...wrapped(help, 6),
  ];
}

function row(name: string, help: string): string[] {
  if (name.length > COLUMN - 4) return [`  ${name}`, ...wrapped(help, COLUMN)];
  const [first = '', ...rest] = wrapped(help, COLUMN);
  return [`  ${name.padEnd(COLUMN - 2)}${first.trimStart()}`, ...rest];
}

/** The text in lines that fit the width, each after so many spaces. */
function wrapped(text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const isFull = line !== '' && indent + line.length + 1 + word.length > WIDTH;
    if (isFull) lines.push(line);
    line = isFull || line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((one) => ' '.repeat(indent) + one);
}
