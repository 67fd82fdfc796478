import { readFileSync, statSync } from 'node:fs';
import type { Problem, Values } from '../../../src/config.ts';

/** Which variable names the file that another one's value comes from. */
const FILES = [
  { file: 'SENTRY_TOKEN_FILE', variable: 'SENTRY_TOKEN' },
  { file: 'PGX_CONN_FILE', variable: 'PGX_CONN' },
] as const;

/** Variables that name files which are read again when they change. */
const WATCHED = ['SENTRY_TOKEN_FILE', 'PGX_CONN_FILE', 'ALIAS_TOKENS_FILE', 'TLS_CERT', 'TLS_KEY'];

/** Milliseconds between two looks at the files. Looking tells what watching misses: Kubernetes' symlink swap, NFS. */
const LOOK = 500;

/**
 * The values with those in place that files hold.
 * @param isSet whether a variable was set, as opposed to left at its default
 */
export function withSecretFiles(values: Values, isSet: (variable: string) => boolean, problems: Problem[]): Values {
  const result: Record<string, string | undefined> = { ...values };
  for (const { file, variable } of FILES) {
    if (!values[file]) continue;
    if (isSet(variable)) problems.push({ variable: file, text: `and ${variable} are both set; leave one out` });
    result[variable] = readSecret(file, values[file], problems) ?? values[variable];
  }
  if (values.ALIAS_TOKENS_FILE) {
    const text = readSecret('ALIAS_TOKENS_FILE', values.ALIAS_TOKENS_FILE, problems);
    const lines = (text ?? '').split(/\r?\n/).map((line) => line.trim());
    const tokens = lines.filter((line) => line !== '' && !line.startsWith('#'));
    // Taken for "no alias tokens" an empty file would open the proxy to everyone.
    const isWithoutToken = text !== undefined && tokens.length === 0;
    if (isWithoutToken) problems.push({ variable: 'ALIAS_TOKENS_FILE', text: 'names a file without a token in it' });
    result.ALIAS_TOKENS = [values.ALIAS_TOKENS ?? '', ...tokens].filter((piece) => piece !== '').join(';');
  }
  return result;
}

function readSecret(variable: string, path: string, problems: Problem[]): string | undefined {
  try {
    return readFileSync(path, 'utf8').replace(/[\r\n]+$/, '');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    problems.push({ variable, text: `names a file that could not be read (${code})` });
    return undefined;
  }
}

/** Problems of a value that came from a file, as problems of that file. */
export const ofTheirFiles = (problems: readonly Problem[], values: Values): Problem[] =>
  problems.map((problem) => {
    const file = FILES.find(({ variable }) => variable === problem.variable)?.file;
    if (file === undefined || !values[file]) return problem;
    return { variable: file, text: `names a file whose content ${problem.text}` };
  });

/** The configured files that are read again, as they are now. Made before they are read, it misses no change. */
export class WatchedFiles {
  readonly #paths: readonly string[];
  #inForce: string;
  #lastSeen: string;

  constructor(values: Values) {
    this.#paths = WATCHED.map((variable) => values[variable]).filter((path): path is string => !!path);
    this.#inForce = this.#contents();
    this.#lastSeen = this.#inForce;
  }

  /** From now on calls `changed` after the content of one of them has become another. */
  watch(changed: () => void): void {
    if (this.#paths.length === 0) return;
    const timer = setInterval(() => {
      const contents = this.#contents();
      // Two looks have to agree: a file that is being written, or a key that does not yet fit its certificate, is not news.
      const isSettled = contents === this.#lastSeen;
      this.#lastSeen = contents;
      if (!isSettled || contents === this.#inForce) return;
      this.#inForce = contents;
      changed();
    }, LOOK);
    timer.unref();
  }

  #contents(): string {
    const contents = this.#paths.map((path) => {
      try {
        // What is given by a pipe can be read only once.
        return statSync(path).isFile() ? readFileSync(path, 'latin1') : '';
      } catch (error) {
        return `unreadable: ${(error as NodeJS.ErrnoException).code}`;
      }
    });
    return contents.join('\0');
  }
}
