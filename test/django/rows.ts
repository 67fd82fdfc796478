// The list of Sentry's endpoints, as the stand-in and the oracle read it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The list that the proxy's own table is made from, unless a variable names another one. */
export const ENDPOINTS = process.env.SENTRY_ENDPOINTS ?? join(import.meta.dirname, '../../tools/endpoints.source.json');

/** A method of a route. */
export interface Row {
  method: string;
  path: string;
  /** One of these is enough, by Sentry. */
  scopes: string[];
  /** The same for the proxy, where Sentry checks more inside than its scopes say. */
  proxyScopes?: string[];
  /** What limits it to projects. */
  limit: string;
  limitBasis?: string;
  /** What it gives away, if that is more than its scope tells. */
  secret?: string;
  source?: string;
  verified?: boolean;
}

/** @param path of a JSON file: a list of rows, or an object that has it as `rows`. */
export function readRows(path: string): Row[] {
  const content = JSON.parse(readFileSync(path, 'utf8')) as Row[] | { rows: Row[] };
  return Array.isArray(content) ? content : content.rows;
}

/** Whether the scopes of a row are known well enough to grant by them. */
export const isEnforceable = (row: Row): boolean => row.source === 'openapi' || row.verified === true;
