// The list of Sentry's endpoints, as the stand-in and the oracle read it.
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endpointFrom } from '../../tools/endpoints.ts';
import { readSource } from '../../tools/source-row.ts';

/** The list that the proxy's own table is made from, unless a variable names another one. */
export const ENDPOINTS = process.env.SENTRY_ENDPOINTS ?? written();

/** What a key of a query or a body needs, or needs unless its value is one of these. */
export type KeyRule = string | { needs: string; unless: 'number' | (string | number | boolean | null)[] };

/** Keys of a query or a body. A dotted name is a key within a key; lists between them do not count. */
export interface Keys {
  keys?: Record<string, KeyRule>;
  /** With those of `keys`, all that a client with projects may send. */
  only?: string[];
}

/** A method of a route. */
export interface Row {
  method: string;
  path: string;
  /** One of these is enough, by Sentry. */
  scopes: string[];
  /** What limits it to projects: all of these. */
  limits: string[];
  query?: Keys;
  body?: Keys;
  /** Keys that no answer may have. */
  removed?: string[];
  /** Keys that no answer to a client with projects may have. */
  removedWithProjects?: string[];
  /** Why no scope grants it. */
  needsRule?: string;
}

/** Writes the proxy's own list where the stand-in can read it. */
function written(): string {
  const { siblings, rows } = readSource();
  const path = join(tmpdir(), `sentry-endpoints-${process.pid}.json`);
  const list = rows.map((row) => {
    const { projects, ...columns } = endpointFrom(row);
    return { method: row.method, path: row.path, limits: [projects].flat(), ...columns };
  });
  writeFileSync(path, JSON.stringify({ siblings, rows: list }));
  return path;
}

/** @param path of a JSON file: a list of rows, or an object that has it as `rows`. */
export function readRows(path: string): Row[] {
  const content = JSON.parse(readFileSync(path, 'utf8')) as Row[] | { rows: Row[] };
  return Array.isArray(content) ? content : content.rows;
}
