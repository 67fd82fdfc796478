// Values for the parameters and keys that a row names.
import type { Random } from '../../support/http1-mutations.ts';
import type { KeyRule } from '../rows.ts';
import { namesFor, WORLD } from '../world.ts';
import { chance, pick } from './draft.ts';

/** Any project of any organization, by slug or id. */
export const someProject = (random: Random): string => {
  const { id, slug } = pick(random, WORLD.projects);
  return chance(random, 50) ? id : slug;
};

/** A value for a key by what it needs. @param isHarmless whether one that needs nothing is wanted, if there is one. */
export function someValueFor(random: Random, rule: KeyRule | undefined, isHarmless: boolean): unknown {
  const { needs, unless } = typeof rule === 'object' ? rule : { needs: rule, unless: [] };
  if (isHarmless && unless === 'number') return '101';
  if (isHarmless && unless.length > 0) return pick(random, [...unless]);
  if (needs === 'release') return pick(random, [...namesFor('version')!, 'new@1.0']);
  if (needs === 'projects') return Array.from({ length: 1 + random(2) }, () => someProject(random));
  return pick<unknown>(random, ['x', '1', 'true', true, 103, ['x'], { a: 'x' }]);
}

/** Writes a value at a dotted path into an object. @param isListed whether a list stands between the keys. */
export function setAt(data: Record<string, unknown>, path: string, value: unknown, isListed = false): void {
  const [key = '', ...rest] = path.split('.');
  if (rest.length === 0) {
    data[key] = value;
    return;
  }
  const inner = typeof data[key] === 'object' && !Array.isArray(data[key]) && data[key] !== null ? data[key] : {};
  setAt(inner as Record<string, unknown>, rest.join('.'), value, isListed);
  data[key] = isListed ? [{}, inner] : inner;
}
