import { readFileSync } from 'node:fs';
import type { Problem, Values } from '../../src/config.ts';

/** Which variable names the file that another one's value comes from. */
const FILES = [
  { file: 'SENTRY_TOKEN_FILE', variable: 'SENTRY_TOKEN' },
  { file: 'PGX_CONN_FILE', variable: 'PGX_CONN' },
] as const;

/** Variables that name files which are read again when they change. */
const WATCHED = ['SENTRY_TOKEN_FILE', 'PGX_CONN_FILE', 'ALIAS_TOKENS_FILE', 'TLS_CERT', 'TLS_KEY'];

/** Milliseconds between two looks at the files. Looking tells what watching misses: Kubernetes' symlink swap, NFS. */
const LOOK = 1000;

/**
 * The values with those in place that files hold.
 * @param isSet whether a variable was set, as opposed to left at its default
 */
export function withSecretFiles(values: Values, isSet: (variable: string) => boolean, problems: Problem[]): Values {
  const result: Record<string, string | undefined> = { ...values };
  for (const { file, variable } of FILES) {
    if (!values[file]) continue;
    if (isSet(variable)) problems.push({ variable: file, text: `and ${variable} are both set; leave one out` });
    result[variable] = readSecret(file, values[file], problems);
  }
  if (values.ALIAS_TOKENS_FILE) {
    const lines = readSecret('ALIAS_TOKENS_FILE', values.ALIAS_TOKENS_FILE, problems).split(/\r?\n/);
    const tokens = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
    // Taken for "no alias tokens" an empty file would open the proxy to everyone.
    if (tokens.length === 0)
      problems.push({ variable: 'ALIAS_TOKENS_FILE', text: 'names a file without a token in it' });
    result.ALIAS_TOKENS = [values.ALIAS_TOKENS ?? '', ...tokens].filter((piece) => piece !== '').join(';');
  }
  return result;
}

function readSecret(variable: string, path: string, problems: Problem[]): string {
  try {
    return readFileSync(path, 'utf8').replace(/[\r\n]+$/, '');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    problems.push({ variable, text: `names a file that could not be read (${code})` });
    return '';
  }
}

/**
 * Calls `changed` after the content of one of the configured files has become another.
 * @returns how to stop; undefined where there is no file to look at
 */
export function watchFiles(values: Values, changed: () => void): (() => void) | undefined {
  const paths = WATCHED.map((variable) => values[variable]).filter((path): path is string => !!path);
  if (paths.length === 0) return undefined;
  let seen = contentsOf(paths);
  const timer = setInterval(() => {
    const now = contentsOf(paths);
    if (now === seen) return;
    seen = now;
    changed();
  }, LOOK);
  timer.unref();
  return () => clearInterval(timer);
}

function contentsOf(paths: readonly string[]): string {
  const contents = paths.map((path) => {
    try {
      return readFileSync(path, 'latin1');
    } catch (error) {
      return `unreadable: ${(error as NodeJS.ErrnoException).code}`;
    }
  });
  return contents.join('\0');
}
