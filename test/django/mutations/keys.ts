// Keys of a body that need more than the row, or that the row does not list.
import type { Random } from '../../support/http1-mutations.ts';
import { chance, type Draft, pick } from '../drafts/draft.ts';
import { setAt, someProject, someValueFor } from '../drafts/keys.ts';
import { namesFor } from '../world.ts';

/** Keys that refer to something, or that are harmless in some other body. */
const OTHER_KEYS = [
  ...['discard', 'isPublic', 'copy_from_project', 'workflowIds', 'symbolSources', 'commits', 'refs', 'projects'],
  ...[
    'project',
    'slug',
    'url',
    'method',
    'mode',
    'environmentId',
    'owner',
    'useCase',
    'role',
    'teams',
    'merge',
    'name',
  ],
];

const inSnakeCase = (key: string): string => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A key that the row limits, or one that it does not list. */
export function addLimitedKey(draft: Draft, random: Random): void {
  const data = objectIn(draft.body);
  const { keys = {}, only } = draft.row.body ?? {};
  const limited = Object.keys(keys);
  const isLimited = limited.length > 0 && chance(random, only === undefined ? 90 : 60);
  const key = isLimited ? pick(random, limited) : pick(random, OTHER_KEYS);
  const spelled = pick(random, [key, key, key, inSnakeCase(key), key.toUpperCase()]);
  setAt(data, spelled, someValueFor(random, keys[key], chance(random, 20)), chance(random, 30));
  let text = JSON.stringify(data);
  // As JSON lets any letter be written.
  if (chance(random, 20)) text = text.replace(`"${spelled[0]}`, `"\\u00${spelled.charCodeAt(0).toString(16)}`);
  // Python takes the last of two.
  if (chance(random, 10)) text = text.replace('{', `{"${spelled}":null,`);
  draft.body = Buffer.from(chance(random, 10) ? `[${text}]` : text);
  if (!draft.fields.some(([name]) => name === 'Content-Type')) draft.fields.push(['Content-Type', 'application/json']);
}

function objectIn(body: Buffer | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body?.toString() ?? '{}');
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}

/** Other projects in the keys that name projects, another release in the one that names a release, and nothing else. */
export function nameOthers(draft: Draft, random: Random): void {
  const data = objectIn(draft.body);
  const some = () => (chance(random, 80) ? someProject(random) : pick<unknown>(random, [13, null, '-1', '', ['web']]));
  const keys = [...draft.row.limits, ...Object.keys(draft.row.body?.keys ?? {})].map((name) =>
    name.replace('body:', ''),
  );
  if (keys.includes('projects') && chance(random, 60)) data.projects = Array.from({ length: 1 + random(2) }, some);
  if (keys.includes('project')) data.project = chance(random, 30) ? null : some();
  if (draft.row.body?.keys?.version === 'release' && chance(random, 60))
    data.version = pick(random, namesFor('version')!);
  draft.body = Buffer.from(JSON.stringify(data));
}

/** A form in a string of a body that is JSON. */
export function hideFormInString(draft: Draft, random: Random): void {
  const data = objectIn(draft.body);
  const { keys = {}, only = ['name'] } = draft.row.body ?? {};
  const key = pick(random, [...Object.keys(keys), 'projects', 'project']);
  data[pick(random, only)] = `&${key}=${pick(random, ['true', 'secret', 'x', 'secret@1.0'])}&`;
  draft.body = Buffer.from(JSON.stringify(data));
  draft.fields = draft.fields.filter(([name]) => name !== 'Content-Type');
  draft.fields.push(['Content-Type', 'application/x-www-form-urlencoded']);
}

/** A body with a limited key as a form: where keys are checked, a form would hide them. */
export function writeAsForm(draft: Draft, random: Random): void {
  if (chance(random, 70)) addLimitedKey(draft, random);
  const data = objectIn(draft.body);
  const isMultipart = chance(random, 40);
  const pairs = Object.entries(data).map(([key, value]) => [key, [value].flat().map(String).join()] as const);
  draft.fields = draft.fields.filter(([name]) => name !== 'Content-Type');
  if (isMultipart) {
    const parts = pairs.map(
      ([key, value]) => `--b\r\nContent-Disposition: form-data; name="${key}"\r\n\r\n${value}\r\n`,
    );
    draft.body = Buffer.from(`${parts.join('')}--b--\r\n`);
    draft.fields.push(['Content-Type', 'multipart/form-data; boundary=b']);
  } else {
    draft.body = Buffer.from(new URLSearchParams(pairs as unknown as string[][]).toString());
    draft.fields.push(['Content-Type', 'application/x-www-form-urlencoded']);
  }
}
