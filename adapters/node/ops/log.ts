import { writeSync } from 'node:fs';

/** From the least to the most important. */
export const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof LEVELS)[number];

export type LogFormat = 'json' | 'text';

export type LogFields = Record<string, string | number | boolean | undefined>;

export type Log = (level: Level, event: string, fields: LogFields) => void;

/** Milliseconds for which lines are gathered before they are written together. */
const GATHER = 50;
/** Bytes held while the reader of the log does not keep up; what comes above them is counted and dropped. */
const MAX_HELD = 1024 * 1024;
/** Bytes that are made room for at first. */
const PAGE = 64 * 1024;

const STDOUT = 1;

/**
 * The log: a line per event on standard output. Writing never holds up a request: lines are gathered, written together,
 * and dropped (which a later line tells) when nobody takes them or the disk is full.
 */
export class LogWriter {
  readonly #format: LogFormat;
  readonly #threshold: number;
  /** Bytes and not a string, which would keep every line alive until it is written, and so age it into the old heap. */
  #held = Buffer.allocUnsafe(PAGE);
  #size = 0;
  #dropped = 0;
  /** Milliseconds since 1970, and the text of that time up to the dot. */
  #second = 0;
  #upToSecond = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(format: LogFormat, leastLevel: Level) {
    this.#format = format;
    this.#threshold = LEVELS.indexOf(leastLevel);
    // Node makes a pipe non-blocking along with its stream: writing to a full one fails at once, and is tried again.
    void process.stdout;
  }

  /** Whether anything of this level is written at all. */
  writes(level: Level): boolean {
    return LEVELS.indexOf(level) >= this.#threshold;
  }

  readonly log: Log = (level, event, fields) => {
    if (!this.writes(level)) return;
    if (!this.#hold(this.#line(level, event, fields))) this.#dropped++;
    this.#timer ??= setTimeout(this.#flush, GATHER);
  };

  /** Writes what is held before the process ends. */
  flushSync(): void {
    this.#flush();
    clearTimeout(this.#timer);
  }

  #line(level: Level, event: string, fields: LogFields): string {
    if (this.#format === 'text') return textLine(this.#time(), level, event, fields);
    return `{"time":"${this.#time()}","level":"${level}","event":"${event}"${membersOf(fields)}}\n`;
  }

  #hold(line: string): boolean {
    // A UTF-16 unit is three bytes of UTF-8 at most.
    const needed = this.#size + 3 * line.length;
    if (needed > MAX_HELD) return false;
    if (needed > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#held.length));
      this.#held.copy(larger, 0, 0, this.#size);
      this.#held = larger;
    }
    this.#size += this.#held.write(line, this.#size);
    return true;
  }

  readonly #flush = (): void => {
    this.#timer = undefined;
    if (this.#dropped > 0 && this.#hold(this.#line('warn', 'log', { dropped: this.#dropped }))) this.#dropped = 0;
    const written = this.#write();
    // Lines are never cut: the rest of one is the first to be written next time.
    this.#held.copyWithin(0, written, this.#size);
    this.#size -= written;
    if (this.#size > 0) this.#timer = setTimeout(this.#flush, GATHER);
    else if (this.#held.length > PAGE) this.#held = Buffer.allocUnsafe(PAGE);
  };

  /** @returns how much is dealt with: what can't be written at all, to a full disk say, is dropped */
  #write(): number {
    try {
      return writeSync(STDOUT, this.#held, 0, this.#size);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
      this.#dropped++;
      return this.#size;
    }
  }

  /** Many events share a second, and formatting a date costs more than the rest of a line. */
  #time(): string {
    const now = Date.now();
    const millisecond = now % 1000;
    if (now - millisecond !== this.#second) {
      this.#second = now - millisecond;
      this.#upToSecond = new Date(now).toISOString().slice(0, -4);
    }
    return `${this.#upToSecond}${String(millisecond).padStart(3, '0')}Z`;
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
    // What has no value may itself be one: a token that was pasted behind the question mark.
    .map((pair) => (pair.includes('=') ? pair.slice(0, pair.indexOf('=')) : pair && '-'));
  return `${target.slice(0, queryStart)}?${keys.join('&')}`;
}
