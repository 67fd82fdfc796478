const MILLISECONDS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds in `25`, `25s`, `500ms`, `5m`, `1h` or `0`; a number alone is seconds. Undefined for any other text. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit = 's'] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)?$/.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * MILLISECONDS[unit]!;
}

const BYTES: Record<string, number> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Bytes in `65536`, `64KiB`, `1MiB` or `0`. Undefined for any other text. */
export function parseSize(text: string): number | undefined {
  const [, amount, factor = ''] = /^(\d{1,10})(?:([kmg])(?:i?b)?|b)?$/i.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * BYTES[factor.toLowerCase()]!;
}
