import type { LogFields } from './log-line.ts';

/** Characters of a field that a client writes, and of any other one. */
const LONGEST_OF: Readonly<Record<string, number>> = { method: 20, path: 512 };
const LONGEST = 2048;

/** Stands where a value was cut off. No request has it in its path: it is not ASCII. */
const MARK = '…';

/**
 * The fields, each no longer than a line should be: the log may be bounded itself, and long lines would drive out all
 * others. What is cut off is marked, with the number of its characters: `/api/0/aaa…[+15000]`.
 */
export function cutFields(fields: LogFields): LogFields {
  let cut: LogFields | undefined;
  for (const name in fields) {
    const value = fields[name];
    if (typeof value !== 'string') continue;
    const longest = LONGEST_OF[name] ?? LONGEST;
    if (value.length <= longest) continue;
    cut ??= { ...fields };
    cut[name] = `${value.slice(0, longest)}${MARK}[+${value.length - longest}]`;
  }
  return cut ?? fields;
}

/** Whether a value of the log was cut. */
export const isCut = (value: string): boolean => value.includes(MARK);
