// Requests as they go onto the wire.
import type { Random } from '../../support/http1-mutations.ts';
import type { Row } from '../rows.ts';

/** A request's parts, each written as it goes onto the wire. Texts are bytes, as in latin1. */
export interface Draft {
  /** The row that it was written for. */
  row: Row;
  method: string;
  path: string;
  /** Without the question mark; undefined where there is none either. */
  query?: string | undefined;
  fields: [name: string, value: string][];
  body?: Buffer | undefined;
}

/** One of a list. */
export const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)]!;

/** True in so many of a hundred cases. */
export const chance = (random: Random, percent: number): boolean => random(100) < percent;

/** Adds a pair to a query, before or after the others. */
export function addToQuery(draft: Draft, random: Random, pair: string): void {
  const { query } = draft;
  draft.query = query === undefined ? pair : chance(random, 50) ? `${query}&${pair}` : `${pair}&${query}`;
}

/** The bytes of a request. */
export function wire(draft: Draft, own: readonly (readonly [string, string])[]): Buffer {
  const target = draft.query === undefined ? draft.path : `${draft.path}?${draft.query}`;
  const lengthIsGiven = draft.fields.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
  const length = draft.body === undefined || lengthIsGiven ? [] : [['Content-Length', String(draft.body.length)]];
  const fields = [...own, ...draft.fields, ...length].map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const head = `${draft.method} ${target} HTTP/1.1\r\n${fields}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), draft.body ?? Buffer.alloc(0)]);
}
