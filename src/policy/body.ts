import { parseStrictJson } from './json.ts';
import { isProjectValue } from './parameters.ts';

/**
 * The projects that a body names, by slug or id.
 * @param bytes of the whole body
 * @param key `projects`, a list, or `project`, a single one
 * @returns the result, or a string that says what is wrong
 */
export function checkBody(bytes: Uint8Array, key: 'project' | 'projects'): readonly string[] | string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return 'it is not UTF-8';
  }
  // JSON.parse refuses a byte order mark as well, but would not say so.
  if (text.startsWith('\ufeff')) return 'it begins with a byte order mark';
  const json = parseStrictJson(text);
  if ('problem' in json) return `it ${json.problem}`;
  const { value, fractions } = json;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'it is not a JSON object';
  const hasTwin = Object.keys(value).some((name) => name !== key && plainName(name) === key);
  if (hasTwin) return `it has ${key} in another spelling`;
  if (!Object.hasOwn(value, key)) return `it lacks ${key}`;
  const named = (value as Record<string, unknown>)[key];
  if (key === 'projects' && !Array.isArray(named)) return `${key} is not a list`;
  const entries: readonly unknown[] = key === 'projects' ? (named as unknown[]) : [named];
  if (entries.length === 0) return `${key} is empty`;
  if (fractions.has(key)) return NO_PROJECT;
  const projects = entries.map(projectFrom);
  return projects.every((project) => project !== undefined) ? projects : NO_PROJECT;
}

const NO_PROJECT = 'a project in it is neither a slug nor an id';

/** Serializers of Sentry's turn camelCase into snake_case, so that spellings may meet. */
const plainName = (name: string): string => name.toLowerCase().replaceAll(/[^a-z]/g, '');

function projectFrom(entry: unknown): string | undefined {
  const isText = typeof entry === 'string' || (typeof entry === 'number' && Number.isSafeInteger(entry));
  return isText && isProjectValue(String(entry)) ? String(entry) : undefined;
}
