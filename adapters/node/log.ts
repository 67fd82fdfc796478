import { write, writeSync } from 'node:fs';

/** From the least to the most important. */
export const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof LEVELS)[number];

export type LogFormat = 'json' | 'text';

export type LogFields = Record<string, string | number | boolean | undefined>;

export type Log = (level: Level, event: string, fields: LogFields) => void;

/** Milliseconds for which lines are gathered before they are written together. */
const GATHER = 50;
/** Characters held while the reader of the log does not keep up; what comes above them is counted and dropped. */
const MAX_HELD = 1024 * 1024;

const STDOUT = 1;

/**
 * The log: a line per event on standard output. Writing never holds up a request: lines are gathered, written in the
 * background, and dropped (which a later line tells) when nobody takes them or the disk is full.
 */
export class LogWriter {
  readonly #format: LogFormat;
  readonly #threshold: number;
  #held = '';
  #dropped = 0;
  #isWriting = false;
  #formattedAt = 0;
  #formatted = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(format: LogFormat, leastLevel: Level) {
    this.#format = format;
    this.#threshold = LEVELS.indexOf(leastLevel);
    // Node makes a pipe non-blocking along with its stream. A write that blocks for a reader that stands still would keep
    // a thread, and so the process from its end.
    void process.stdout;
  }

  /** Whether anything of this level is written at all. */
  writes(level: Level): boolean {
    return LEVELS.indexOf(level) >= this.#threshold;
  }

  readonly log: Log = (level, event, fields) => {
    if (!this.writes(level)) return;
    const line = this.#line(level, event, fields);
    if (this.#held.length + line.length > MAX_HELD) {
      this.#dropped++;
      return;
    }
    this.#held += line;
    this.#timer ??= setTimeout(this.#flush, GATHER);
  };

  #line(level: Level, event: string, fields: LogFields): string {
    if (this.#format === 'text') return textLine(this.#time(), level, event, fields);
    return `{"time":"${this.#time()}","level":"${level}","event":"${event}"${membersOf(fields)}}\n`;
  }

  /** Writes what is held before the process ends. */
  flushSync(): void {
    try {
      writeSync(STDOUT, this.#takeHeld());
    } catch {
      // There is nowhere left to say it.
    }
  }

  readonly #flush = (): void => {
    this.#timer = undefined;
    if (this.#isWriting || this.#held === '') return;
    this.#isWriting = true;
    this.#write(Buffer.from(this.#takeHeld()));
  };

  #write(bytes: Buffer): void {
    write(STDOUT, bytes, (error, written) => {
      const isBusy = error?.code === 'EAGAIN';
      if (error !== null && !isBusy) this.#dropped++;
      const rest = isBusy ? bytes : bytes.subarray(error === null ? written : bytes.length);
      if (rest.length > 0) {
        // A partial line is finished before any other is begun.
        setTimeout(() => this.#write(rest), isBusy ? GATHER : 0);
        return;
      }
      this.#isWriting = false;
      if (this.#held !== '') this.#timer ??= setTimeout(this.#flush, GATHER);
    });
  }

  /** Many events share a millisecond, and formatting one costs more than the rest of a line. */
  #time(): string {
    const now = Date.now();
    if (now !== this.#formattedAt) {
      this.#formattedAt = now;
      this.#formatted = new Date(now).toISOString();
    }
    return this.#formatted;
  }

  #takeHeld(): string {
    const dropped = this.#dropped;
    const told = dropped === 0 ? '' : this.#line('warn', 'log', { dropped });
    const held = told + this.#held;
    this.#held = '';
    this.#dropped = 0;
    return held;
  }
}

/** What JSON has to escape, or may be better read escaped. */
const UNSAFE = /["\\]|[^\x20-\x7e]/;

/** The members of a JSON object, with a comma before each; most strings of a log line need no escaping. */
function membersOf(fields: LogFields): string {
  let members = '';
  for (const name in fields) {
    const value = fields[name];
    if (value === undefined) continue;
    const isPlainText = typeof value === 'string' && !UNSAFE.test(value);
    members += isPlainText ? `,"${name}":"${value}"` : `,"${name}":${JSON.stringify(value)}`;
  }
  return members;
}

/** A line for people: the time of the day, the level if it matters, the event, then what there is to say of it. */
function textLine(time: string, level: Level, event: string, fields: LogFields): string {
  const mark = level === 'info' ? '' : `${level.toUpperCase()} `;
  const words = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      const text = typeof value === 'string' && !UNSAFE.test(value) ? value : JSON.stringify(value);
      return `${name}=${text.includes(' ') && !text.startsWith('"') ? `"${text}"` : text}`;
    });
  return `${time.slice(11, 23)} ${mark}${event} ${words.join(' ')}\n`;
}

/** A request target for the log: the keys of its query are kept, the values are not. */
export function loggedTarget(target: string): string {
  const queryStart = target.indexOf('?');
  if (queryStart === -1) return target;
  const keys = target
    .slice(queryStart + 1)
    .split('&')
    .map((pair) => pair.split('=', 1)[0]);
  return `${target.slice(0, queryStart)}?${keys.join('&')}`;
}
