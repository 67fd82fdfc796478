import { cutFields, cutValue } from './cut.ts';

/** From the least to the most important. */
export const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof LEVELS)[number];

/** The fields of an event; undefined ones are left out. */
export type LogFields = Record<string, string | number | boolean | undefined>;

/** The time of log lines. Many events share a second, and formatting a date costs more than the rest of a line. */
export class Clock {
  /** Milliseconds since 1970, and the text of that time up to the dot. */
  #second = 0;
  #upToSecond = '';

  /** The time as in RFC 3339, in UTC with milliseconds. */
  now(): string {
    const now = Date.now();
    const millisecond = now % 1000;
    if (now - millisecond !== this.#second) {
      this.#second = now - millisecond;
      this.#upToSecond = new Date(now).toISOString().slice(0, -4);
    }
    return `${this.#upToSecond}${String(millisecond).padStart(3, '0')}Z`;
  }
}

/** Characters that JSON has to escape, or that are easier to read escaped. */
const UNSAFE = /["\\]|[^\x20-\x7e]/;

/** A line for machines: a JSON object. */
export function jsonLine(time: string, level: Level, event: string, fields: LogFields): string {
  let members = '';
  for (const name in fields) {
    const field = fields[name];
    if (field === undefined) continue;
    if (typeof field !== 'string') {
      members += `,"${name}":${field}`;
      continue;
    }
    const value = cutValue(name, field);
    if (UNSAFE.test(value)) members += `,"${name}":${JSON.stringify(value)}`;
    else members += `,"${name}":"${value}"`;
  }
  return `{"time":"${time}","level":"${level}","event":"${event}"${members}}\n`;
}

/** ANSI SGR codes (ECMA-48 section 8.3.117). */
const COLORS = { red: 31, green: 32, yellow: 33, cyan: 36, dim: 2 } as const;
type Color = keyof typeof COLORS;

const LEVEL_COLORS: Readonly<Record<Level, Color | undefined>> = {
  debug: 'dim',
  info: undefined,
  warn: 'yellow',
  error: 'red',
};
/** By the first digit of the status. */
const STATUS_COLORS: Readonly<Record<string, Color>> = { 2: 'green', 3: 'cyan', 4: 'yellow', 5: 'red' };

/**
 * A line for people: date and time, the level if it matters, the event, its fields. A request's line begins with what
 * readers look for first: status, method, path, duration, client, and what went wrong.
 */
export function textLine(time: string, level: Level, event: string, all: LogFields, isColored: boolean): string {
  const fields = cutFields(all);
  const paint = (text: string, color: Color | undefined): string =>
    isColored && color !== undefined ? `\x1b[${COLORS[color]}m${text}\x1b[0m` : text;
  const mark = level === 'info' ? [] : [paint(level.toUpperCase(), LEVEL_COLORS[level])];
  const shownTime = paint(time.replace('T', ' '), 'dim');
  const { method, path, status, duration_ms, client, ...others } = fields;
  const { route, error, refusal, observed, cause, warning, ...rest } = others;
  // Errors come before the ids, where a terminal still shows them.
  const ordered = { route, error, refusal, observed, cause, warning, ...rest };
  const isRequest = event === 'request' && status !== undefined;
  const first = isRequest
    ? [
        paint(String(status), STATUS_COLORS[String(status).charAt(0)]),
        ...[method, path, `${duration_ms}ms`, client].filter((value) => value !== undefined && value !== '').map(word),
      ]
    : [event];
  const pairs = Object.entries(isRequest ? ordered : fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${word(value)}`);
  return `${[shownTime, ...mark, ...first, ...pairs].join(' ')}\n`;
}

/** A value that stays one word, and on one line. */
function word(value: string | number | boolean | undefined): string {
  const text = typeof value === 'string' && !UNSAFE.test(value) ? value : JSON.stringify(value);
  const needsQuotes = text === '' || (text.includes(' ') && !text.startsWith('"'));
  return needsQuotes ? `"${text}"` : text;
}

/** Whether text is coloured: FORCE_COLOR and NO_COLOR say so, in Node's order; else it is on a terminal. */
export function wantsColor(environment: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  const { FORCE_COLOR, NO_COLOR } = environment;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  // https://no-color.org: present and not empty.
  return isTerminal === true && !NO_COLOR;
}
