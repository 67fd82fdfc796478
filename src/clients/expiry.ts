const DAY = 24 * 60 * 60 * 1000;

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME = /^(\d{4}-\d{2}-\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/**
 * When a client expires: a date, which lasts to the end of that day in UTC, or a time as in RFC 3339.
 * @returns milliseconds since 1970; undefined if it is neither, or no day of the calendar
 */
export function parseExpiry(text: string): number | undefined {
  const startOfDay = dayOf(text);
  if (startOfDay !== undefined) return startOfDay + DAY;
  const date = TIME.exec(text)?.[1];
  return date !== undefined && dayOf(date) !== undefined ? Date.parse(text) : undefined;
}

/** Date.UTC takes the 31st of February for a day in March. */
function dayOf(text: string): number | undefined {
  const [, year, month, day] = DATE.exec(text) ?? [];
  if (year === undefined) return undefined;
  const start = Date.UTC(Number(year), Number(month) - 1, Number(day));
  return new Date(start).toISOString().startsWith(text) ? start : undefined;
}
