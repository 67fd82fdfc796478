import { writeSync } from 'node:fs';
import { LineBuffer } from './line-buffer.ts';
import { Clock, jsonLine, LEVELS, type Level, type LogFields, textLine, wantsColor } from './log-line.ts';

export { LEVELS, type Level } from './log-line.ts';

export type LogFormat = 'json' | 'text';

/** Writes an event to the log, if its level is important enough. */
export type Log = (level: Level, event: string, fields: LogFields) => void;

/** Milliseconds for which lines are gathered before they are written together. */
const GATHER = 50;
/** Bytes kept while the reader of the log does not keep up; lines above that are counted and dropped. */
const MAX_WAITING = 1024 * 1024;
/** Milliseconds, and how often, for a reader to make room when the process ends. */
const LAST_WAIT = 10;
const LAST_ATTEMPTS = 30;

const STDOUT = 1;

/**
 * The log: a line for each event on standard output. Writing never holds up a request: lines are gathered and written
 * together. If they are not read or the disk is full, they are dropped, and a later line says how many.
 */
export class LogWriter {
  /** Called when lines are lost, with their number. */
  onLoss: ((lines: number) => void) | undefined;

  readonly #format: LogFormat;
  readonly #threshold: number;
  readonly #isColored: boolean;
  readonly #clock = new Clock();
  readonly #waiting = new LineBuffer(MAX_WAITING);
  /** Lines lost that no written line has reported. */
  #lost = 0;
  /** The report that waits to be written: how many lines it speaks of, and how many bytes are left to its end. */
  #report: { readonly lost: number; bytesToEnd: number } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(format: LogFormat, leastLevel: Level) {
    this.#format = format;
    this.#threshold = LEVELS.indexOf(leastLevel);
    // Reading process.stdout has an effect too: Node makes a pipe non-blocking, so that a write to a full one fails at
    // once, and can be repeated later.
    this.#isColored = wantsColor(process.env, process.stdout.isTTY);
  }

  /** Whether events of this level are written at all. */
  writes(level: Level): boolean {
    return LEVELS.indexOf(level) >= this.#threshold;
  }

  readonly log: Log = (level, event, fields) => {
    if (!this.writes(level)) return;
    if (!this.#waiting.add(this.#line(level, event, fields))) this.#lose(1);
    this.#timer ??= setTimeout(this.#flush, GATHER);
  };

  /** Writes everything that waits, because the process ends. A reader that makes no room gets a third of a second. */
  flushSync(): void {
    for (let attempt = 0; attempt < LAST_ATTEMPTS; attempt++) {
      if (attempt > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LAST_WAIT);
      this.#flush();
      clearTimeout(this.#timer);
      if (this.#waiting.size === 0) return;
    }
  }

  #line(level: Level, event: string, fields: LogFields): string {
    if (this.#format === 'json') return jsonLine(this.#clock.now(), level, event, fields);
    return textLine(this.#clock.now(), level, event, fields, this.#isColored);
  }

  readonly #flush = (): void => {
    this.#timer = undefined;
    if (this.#lost > 0 && this.#report === undefined) this.#addReport();
    this.#write();
    if (this.#waiting.size > 0) this.#timer = setTimeout(this.#flush, GATHER);
  };

  #addReport(): void {
    const isAdded = this.#waiting.add(this.#line('warn', 'log', { dropped: this.#lost }));
    if (isAdded) this.#report = { lost: this.#lost, bytesToEnd: this.#waiting.size };
  }

  #write(): void {
    if (this.#waiting.size === 0) return;
    try {
      this.#written(writeSync(STDOUT, this.#waiting.bytes));
    } catch (error) {
      const isPipeFull = (error as NodeJS.ErrnoException).code === 'EAGAIN';
      if (!isPipeFull) this.#giveUp();
    }
  }

  /** No line is ever cut: the rest of a line is written first the next time. */
  #written(bytes: number): void {
    this.#waiting.remove(bytes);
    if (this.#report === undefined) return;
    this.#report.bytesToEnd -= bytes;
    if (this.#report.bytesToEnd > 0) return;
    this.#lost -= this.#report.lost;
    this.#report = undefined;
  }

  /** Lines that cannot be written at all, for example to a full disk, are lost. A lost report has reported nothing. */
  #giveUp(): void {
    const reports = this.#report === undefined ? 0 : 1;
    this.#report = undefined;
    this.#lose(this.#waiting.countLines() - reports);
    this.#waiting.remove(this.#waiting.size);
  }

  #lose(lines: number): void {
    this.#lost += lines;
    if (lines > 0) this.onLoss?.(lines);
  }
}
