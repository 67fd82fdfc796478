import { isObject } from '../json/members.ts';
import { parseStrictJson } from '../json/strict.ts';
import { isProjectValue } from '../policy/sentry/parameters.ts';

/** Projects that a body may name: more than any organization has is an attempt to keep the proxy busy. */
const MAX_PROJECTS = 1000;

/** What a body names. */
export interface NamedInBody {
  /** By slug or id, each once. */
  readonly projects: ReadonlySet<string>;
  /** The release, if the body names one. */
  readonly version: string | undefined;
}

/**
 * The projects and the release that a body names.
 * @param bytes of the whole body
 * @param key `projects`, a list, or `project`, a single one
 * @returns the result, or a string that says what is wrong
 */
export function checkBody(bytes: Uint8Array, key: 'project' | 'projects'): NamedInBody | string {
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
  if (!isObject(value)) return 'it is not a JSON object';
  for (const own of [key, 'version']) {
    const hasTwin = Object.keys(value).some((name) => name !== own && plainName(name) === own);
    if (hasTwin) return `it has ${own} in another spelling`;
  }
  if (!Object.hasOwn(value, key)) return `it lacks ${key}`;
  const named = value[key];
  if (key === 'projects' && !Array.isArray(named)) return `${key} is not a list`;
  const entries: readonly unknown[] = key === 'projects' ? (named as unknown[]) : [named];
  if (entries.length === 0) return `${key} is empty`;
  if (entries.length > MAX_PROJECTS) return `${key} has more than ${MAX_PROJECTS} entries`;
  if (fractions.has(key)) return NO_PROJECT;
  const projects = new Set<string>();
  for (const entry of entries) {
    const project = projectFrom(entry);
    if (project === undefined) return NO_PROJECT;
    projects.add(project);
  }
  const { version } = value;
  if (version !== undefined && !isVersion(version)) return 'version is not a string that Sentry takes as it is';
  return { projects, version };
}

/** Sentry trims blanks off, so that another text would name the same release. */
const isVersion = (version: unknown): version is string =>
  typeof version === 'string' && version !== '' && !/^\s|\s$|[\x00-\x1f\x7f-\x9f]/.test(version);

const NO_PROJECT = 'a project in it is neither a slug nor an id';

/** Serializers of Sentry's turn camelCase into snake_case, so that spellings may meet. */
const plainName = (name: string): string => name.toLowerCase().replaceAll(/[^a-z]/g, '');

function projectFrom(entry: unknown): string | undefined {
  const isText = typeof entry === 'string' || (typeof entry === 'number' && Number.isSafeInteger(entry));
  return isText && isProjectValue(String(entry)) ? String(entry) : undefined;
}
