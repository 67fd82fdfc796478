import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { encodingFault, UNSENDABLE, withoutLineEnd } from '../../src/config/values.ts';
import { isSendableToken } from '../../src/http/grammar.ts';
import { type TokenSource, unrenewable } from '../../src/tokens/token-source.ts';
import { codeOf } from '../system-token/file-fault.ts';
import { INTERVAL, isFresh, stampOf, WITHOUT_WAITING } from './file-state.ts';

/** Bytes; a larger file holds no token. */
const MAX_SIZE = 64 * 1024;

/** One look at a file. */
interface Look {
  readonly token?: string;
  /** The fault of the file; the text continues the sentence "a setting …" and quotes nothing of its content. */
  readonly fault?: string;
  /** Tells whether the file has changed since; undefined if it has to be read again in any case. */
  readonly stamp?: string;
}

/**
 * A token in a file that is read again when it changes. If the file is gone, is not a regular file or holds no token,
 * there is no token, and no other token replaces it.
 */
export class FileToken {
  readonly path: string;
  readonly #changed: () => void;
  #current: Look;
  #changedAt = performance.now();
  #last: Look;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  private constructor(path: string, isPipe: boolean, first: Look, changed: () => void) {
    this.path = path;
    this.#changed = changed;
    this.#last = first;
    this.#current = first;
    if (!isPipe) this.#schedule();
  }

  /**
   * Reads the file for the first time.
   * @param changed called when the token has changed, or is gone
   */
  static async open(path: string, changed: () => void = () => {}): Promise<FileToken> {
    // A pipe can be read once only: a shell's `<(command)`.
    const isPipe = await stat(path)
      .then((stats) => stats.isFIFO())
      .catch(() => false);
    const first = isPipe ? readFile(path, 'utf8').then(tokenIn).catch(faultOf) : lookAt(path, {});
    return new FileToken(path, isPipe, await first, changed);
  }

  get(): string | undefined {
    return this.#current.token;
  }

  /** The fault of the file; undefined while it has a token. */
  get fault(): string | undefined {
    return this.#current.fault;
  }

  /** Seconds for which the token has been in use; undefined while there is none. */
  get age(): number | undefined {
    return this.#current.token === undefined ? undefined : (performance.now() - this.#changedAt) / 1000;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    this.#timer = setTimeout(() => void this.#look(), INTERVAL);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const look = await lookAt(this.path, this.#last);
    if (this.#isClosed) return;
    // Two looks have to agree: a file may be half written.
    const isSettled = look.token === this.#last.token;
    this.#last = look;
    if (isSettled && look.token !== this.#current.token) {
      this.#current = look;
      this.#changedAt = performance.now();
      this.#changed();
    }
    this.#schedule();
  }
}

/** The same as a source for a proxy whose files were found to be readable before. */
export function fileToken(path: string): TokenSource {
  const opened = FileToken.open(path);
  return unrenewable({ get: async () => (await opened).get(), close: async () => (await opened).close() });
}

async function lookAt(path: string, before: Look): Promise<Look> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, WITHOUT_WAITING);
    const stats = await file.stat({ bigint: true });
    if (!stats.isFile()) return { fault: 'names something that is not a regular file' };
    if (stats.size > MAX_SIZE) return NO_TOKEN_IN_IT;
    const stamp = stampOf(stats);
    if (stamp === before.stamp) return before;
    return { ...tokenIn(await file.readFile('utf8')), ...(!isFresh(stats) && { stamp }) };
  } catch (error) {
    return faultOf(error);
  } finally {
    await file?.close();
  }
}

/** A line end at the end is ignored. */
function tokenIn(text: string): Look {
  const token = withoutLineEnd(text);
  if (token === '') return NO_TOKEN_IN_IT;
  if (isSendableToken(token)) return { token };
  return { fault: `names a file whose content ${encodingFault(text) ?? UNSENDABLE}` };
}

const NO_TOKEN_IN_IT: Look = { fault: 'names a file that contains no token' };

const faultOf = (error: unknown): Look => ({
  fault: `names a file that could not be read (${codeOf(error)})`,
});
