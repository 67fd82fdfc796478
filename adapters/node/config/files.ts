import { readFile, stat } from 'node:fs/promises';
import type { Problem } from '../../../src/config.ts';
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

/** Reads files, all at once. One that can't be read is a problem, and missing in the result. */
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

/** Whether the file can be read more than once: a shell's `<(command)` is a pipe, which gives its content once. */
export const isRereadable = ({ path }: ConfiguredFile): Promise<boolean> =>
  stat(path).then(
    (stats) => !stats.isFIFO() && !stats.isCharacterDevice(),
    () => true,
  );

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown error';
