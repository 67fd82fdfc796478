// The list of Sentry's endpoints, as the stand-in and the oracle read it.
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endpointFrom } from '../../tools/endpoints.ts';
import { readSource } from '../../tools/source-row.ts';

/** The list that the proxy's own table is made from, unless a variable names another one. */
export const ENDPOINTS = process.env.SENTRY_ENDPOINTS ?? written();

/** A method of a route. */
export interface Row {
  method: string;
  path: string;
  /** One of these is enough, by Sentry. */
  scopes: string[];
  /** What limits it to projects. */
  limit: string;
  /** Why no scope grants it. */
  needsRule?: string;
}

/** Writes the proxy's own list where the stand-in can read it. */
function written(): string {
  const { siblings, rows } = readSource();
  const path = join(tmpdir(), `sentry-endpoints-${process.pid}.json`);
  const list: Row[] = rows.map((row) => {
    const { scopes, projects, needsRule } = endpointFrom(row);
    const [limit = 'refuse'] = [projects].flat();
    return {
      method: row.method,
      path: row.path,
      scopes: [...scopes],
      limit: limit.replace(/:.*/, ''),
      ...(needsRule !== undefined && { needsRule }),
    };
  });
  writeFileSync(path, JSON.stringify({ siblings, rows: list }));
  return path;
}

/** @param path of a JSON file: a list of rows, or an object that has it as `rows`. */
export function readRows(path: string): Row[] {
  const content = JSON.parse(readFileSync(path, 'utf8')) as Row[] | { rows: Row[] };
  return Array.isArray(content) ? content : content.rows;
}
