import type { Fields } from '../../src/types.ts';

/** A request's fields, read at once: each look at workerd's own costs a way out of JavaScript and back. */
export class ReadFields implements Fields {
  readonly #lines: [string, string][] = [];

  /** @param headers whose names come in lower case, and each but Set-Cookie once */
  constructor(headers: Headers) {
    headers.forEach((value, name) => {
      this.#lines.push([name, value]);
    });
  }

  get(name: string): string | null {
    for (const line of this.#lines) if (line[0] === name) return line[1];
    return null;
  }

  [Symbol.iterator](): Iterator<[string, string]> {
    return this.#lines[Symbol.iterator]();
  }
}

/** A response's fields, left where they are: the response to the client is made of this one, and they are edited there. */
export class ResponseFields implements Fields {
  readonly response: Response;

  constructor(response: Response) {
    this.response = response;
  }

  get(name: string): string | null {
    return this.response.headers.get(name);
  }

  [Symbol.iterator](): Iterator<[string, string]> {
    return this.response.headers.entries();
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
