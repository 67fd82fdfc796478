import type { Fields } from '../../src/env.ts';

/** Fields read once: each look at workerd's own costs a way out of JavaScript and back. */
export class ReadFields implements Fields {
  readonly #lines: [string, string][];

  /** @param headers whose names come in lower case, and each but Set-Cookie once */
  constructor(headers: Headers) {
    this.#lines = [...headers];
  }

  get(name: string): string | null {
    for (const line of this.#lines) if (line[0] === name) return line[1];
    return null;
  }

  [Symbol.iterator](): Iterator<[string, string]> {
    return this.#lines[Symbol.iterator]();
  }
}

/** The form of fields that workerd takes fastest; lines of one name need the other. */
export function record(lines: readonly [string, string][]): HeadersInit {
  const fields: Record<string, string> = Object.create(null);
  for (const line of lines) {
    if (fields[line[0]] !== undefined) return lines as [string, string][];
    fields[line[0]] = line[1];
  }
  return fields;
}
