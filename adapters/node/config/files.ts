import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Problem } from '../../../src/config/values.ts';
import { fileFault } from '../../system-token/file-fault.ts';
import { isFresh, stampOf, WITHOUT_WAITING } from '../../token-files/file-state.ts';
import { type Contents, type RawSettings, textOf } from './raw-settings.ts';
import type { FileGroup } from './setting.ts';
import { SETTINGS } from './settings.ts';

/** A file that a setting names. */
interface ConfiguredFile {
  readonly variable: string;
  readonly path: string;
  readonly group: FileGroup;
}

/** The files that these settings name. */
export const configuredFiles = (given: RawSettings): ConfiguredFile[] =>
  SETTINGS.flatMap(({ variable, files }) => {
    const path = textOf(given, variable);
    return files === undefined || path === '' ? [] : [{ variable, path, group: files }];
  });

/** Reads files concurrently. One without a content is left out of the result. */
export async function readAll(
  files: readonly WatchedFile[],
  read: (file: WatchedFile) => Promise<string | undefined>,
): Promise<Contents> {
  const texts = await Promise.all(files.map(async (file) => [file.file.variable, await read(file)] as const));
  return Object.fromEntries(texts.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Bytes of a file at most: more than a hundred thousand clients, and an end for /dev/zero. */
const MAX_SIZE = 64 * 1024 * 1024;
/** After so many looks a file is read even if it seems unchanged, because clocks may be wrong. */
const MAX_TRUSTED = 25;

/** Reads a file once as the program starts, and then again and again, but only if it may have changed. */
export class WatchedFile {
  readonly file: ConfiguredFile;
  /** A pipe that was named at the start, such as a shell's `<(command)`, with its content: it can be read only once. */
  #pipe: { readonly id: string; readonly text: string } | undefined;
  #known: { readonly stamp: string; readonly text: string } | undefined;
  #trusted = 0;

  constructor(file: ConfiguredFile) {
    this.file = file;
  }

  /**
   * The content at the start, for which a pipe is waited for; undefined if there is none, which is added to the
   * problems.
   */
  async readFirst(problems: Problem[]): Promise<string | undefined> {
    return this.#open(constants.O_RDONLY, problems, async (handle) => {
      const stats = await handle.stat({ bigint: true });
      const text = await this.#textOf(handle, problems);
      if (text !== undefined && !stats.isFile()) this.#pipe = { id: idOf(stats), text };
      return text;
    });
  }

  /**
   * The content now; undefined if there is none, which is added to the problems. What is no file any more has none: its
   * content at the start would bring back credentials that were removed since.
   * @param isForced whether the file is read even if it seems unchanged
   */
  async read(problems: Problem[], isForced: boolean): Promise<string | undefined> {
    const stats = await stat(this.file.path, { bigint: true }).catch(() => undefined);
    if (stats !== undefined && !stats.isFile()) {
      return this.#pipe?.id === idOf(stats) ? this.#pipe.text : this.#complainOf(stats, problems);
    }
    if (stats !== undefined) this.#pipe = undefined;
    const known = this.#known;
    const isKnown = stats !== undefined && known?.stamp === stampOf(stats);
    if (isKnown && !isForced && ++this.#trusted < MAX_TRUSTED) return known?.text;
    this.#known = undefined;
    this.#trusted = 0;
    return this.#open(WITHOUT_WAITING, problems, (handle) => this.#readAgain(handle, problems));
  }

  async #readAgain(handle: FileHandle, problems: Problem[]): Promise<string | undefined> {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile()) return this.#complainOf(stats, problems);
    const text = await this.#textOf(handle, problems);
    if (text !== undefined && !isFresh(stats)) this.#known = { stamp: stampOf(stats), text };
    return text;
  }

  async #open<T>(
    flags: number,
    problems: Problem[],
    use: (handle: FileHandle) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const { variable, path } = this.file;
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, flags);
      return await use(handle);
    } catch (error) {
      problems.push({ variable, text: `names a file that could not be read (${fileFault(error, path)})` });
      return undefined;
    } finally {
      await handle?.close();
    }
  }

  async #textOf(handle: FileHandle, problems: Problem[]): Promise<string | undefined> {
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of handle.createReadStream({ autoClose: false })) {
      pieces.push(piece);
      size += piece.length;
      if (size <= MAX_SIZE) continue;
      problems.push({ variable: this.file.variable, text: `names a file of more than ${MAX_SIZE >> 20} MiB` });
      return undefined;
    }
    return Buffer.concat(pieces).toString('utf8');
  }

  #complainOf(stats: BigIntStats, problems: Problem[]): undefined {
    const text = `now names ${kindOf(stats)} instead of a file, so its last content stays in use`;
    problems.push({ variable: this.file.variable, text });
    return undefined;
  }
}

const idOf = ({ dev, ino, rdev }: BigIntStats): string => [dev, ino, rdev].join();

function kindOf(stats: BigIntStats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a pipe';
  return stats.isSocket() ? 'a socket' : 'a device';
}
