import type { Fields } from '../../../src/http/types.ts';

/** A response's fields, not copied: the client's response is made from this one, and they are edited there. */
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

/** The form of fields that workerd takes fastest. Several lines with one name need the other form. */
export function record(lines: readonly [string, string][]): HeadersInit {
  const fields: Record<string, string> = Object.create(null);
  for (const line of lines) {
    if (fields[line[0]] !== undefined) return lines as [string, string][];
    fields[line[0]] = line[1];
  }
  return fields;
}
