/** Characters of a field that a client writes, and of any other one. */
const LONGEST_OF: Readonly<Record<string, number>> = { method: 20, path: 512 };
const LONGEST = 2048;
const SHORTEST = Math.min(LONGEST, ...Object.values(LONGEST_OF));

/** Stands where a value was cut off. No request has it in its path: it is not ASCII. */
const MARK = '…';

/**
 * The value of a field, no longer than a line should be: the log may be bounded itself, and long lines would drive out all
 * others. What is cut off is marked, with the number of its characters: `/api/0/aaa…[+15000]`.
 */
export function cutValue(name: string, value: string): string {
  if (value.length <= SHORTEST) return value;
  const longest = LONGEST_OF[name] ?? LONGEST;
  return value.length <= longest ? value : `${value.slice(0, longest)}${MARK}[+${value.length - longest}]`;
}

/** The same of each field. */
export const cutFields = <T>(fields: Readonly<Record<string, T>>): Record<string, T | string> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? cutValue(name, value) : value]),
  );

/** Whether a value of the log was cut. */
export const isCut = (value: string): boolean => value.includes(MARK);
