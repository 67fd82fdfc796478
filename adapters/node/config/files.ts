import { readFile, stat } from 'node:fs/promises';
import type { Problem } from '../../../src/config/configuration.ts';
import { type Contents, type Given, textOf } from './given.ts';
import { type FileGroup, SETTINGS } from './settings.ts';

/** A file that a setting names. */
export interface ConfiguredFile {
  readonly variable: string;
  readonly path: string;
  readonly group: FileGroup;
}

/** The files that these settings name. */
export const configuredFiles = (given: Given): ConfiguredFile[] =>
  SETTINGS.flatMap(({ variable, files }) => {
    const path = textOf(given, variable);
    return files === undefined || path === '' ? [] : [{ variable, path, group: files }];
  });

/** Reads files concurrently. A file that can't be read is added to the problems and left out of the result. */
export async function readFiles(files: readonly ConfiguredFile[], problems: Problem[]): Promise<Contents> {
  const contents: Record<string, string> = {};
  const read = async ({ variable, path }: ConfiguredFile) => {
    try {
      contents[variable] = await readFile(path, 'utf8');
    } catch (error) {
      problems.push({ variable, text: `names a file that could not be read (${codeOf(error)})` });
    }
  };
  await Promise.all(files.map(read));
  return contents;
}

/** Milliseconds after a change in which another one may leave the same time on the file; NFS counts in seconds. */
const FRESH = 2000;
/** After so many looks a file is read even if it seems unchanged, because clocks may be wrong. */
const MAX_TRUSTED = 25;

/** Reads a file again and again, but only if it may have changed: a clients file can be large. */
export class WatchedFile {
  readonly file: ConfiguredFile;
  readonly #atStart: string;
  #known: { readonly stamp: string; readonly text: string } | undefined;
  #trusted = 0;

  /** @param atStart the content that was read before */
  constructor(file: ConfiguredFile, atStart: string) {
    this.file = file;
    this.#atStart = atStart;
  }

  /** The content now; undefined if it can't be read, which is added to the problems. */
  async read(problems: Problem[]): Promise<string | undefined> {
    const { variable, path } = this.file;
    const stats = await stat(path, { bigint: true }).catch(() => undefined);
    // A shell's `<(command)` is a pipe, which can be read only once.
    const isPipe = stats !== undefined && (stats.isFIFO() || stats.isCharacterDevice());
    if (isPipe) return this.#atStart;
    const stamp = stats && [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join();
    const known = this.#known;
    if (known !== undefined && known.stamp === stamp && ++this.#trusted < MAX_TRUSTED) return known.text;
    const text = (await readFiles([this.file], problems))[variable];
    const isFresh = stats === undefined || Date.now() - Number(stats.ctimeMs) < FRESH;
    this.#known = text === undefined || stamp === undefined || isFresh ? undefined : { stamp, text };
    this.#trusted = 0;
    return text;
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown error';
