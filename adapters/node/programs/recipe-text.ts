import type { NewToken } from '../cli/token.ts';
import type { Grant, Missing } from './program.ts';
import { entryOf, grantedBy, type Recipe } from './recipe.ts';

/** The text that `token --for` prints in addition to the token. */
export function recipeText(recipe: Recipe, { digest }: NewToken): string {
  const { program, reach } = recipe;
  const { scopes, allow, whole } = grantedBy(recipe);
  return [
    `The entry of "clients" in the clients file for ${program.name}, ${program.is}:`,
    '',
    JSON.stringify(entryOf(recipe, digest), null, 2),
    '',
    'What each right is for; leave out those that you do not need:',
    ...rows([...scopes, ...allow]),
    ...(whole.length === 0
      ? []
      : [
          '',
          'These grant data of all projects of the organization, because the proxy cannot narrow them:',
          ...lines(whole),
        ]),
    ...missingLines(program.missing.filter(({ as }) => as === 'all' || 'projects' in reach)),
    '',
    `Settings:  ${program.settings}`,
    '',
    'The token is shown only once. Without a clients file yet, save {"clients": [ENTRY]} as clients.json, and',
    'start the proxy with --clients-file clients.json. docs/works-with.md says more about each program.',
    '',
  ].join('\n');
}

const rows = (grants: readonly Grant[]): string[] => {
  const width = Math.max(...grants.filter(isShort).map(({ right }) => right.length));
  return grants.flatMap((grant) =>
    isShort(grant) ? [`  ${grant.right.padEnd(width)}  ${grant.why}`] : [`  ${grant.right}`, `      ${grant.why}`],
  );
};

const isShort = ({ right }: Grant): boolean => !right.includes(' ');

const lines = (grants: readonly Grant[]): string[] => grants.map(({ right }) => `  ${right}`);

function missingLines(missing: readonly Missing[]): string[] {
  if (missing.length === 0) return [];
  const whys = new Set(missing.map(({ why }) => why));
  const texts = [...whys].flatMap((why) => {
    const whats = missing.filter((one) => one.why === why).map(({ what }) => what);
    const isPaths = whats.some((what) => what.includes('/'));
    return isPaths ? [`  ${why}:`, ...whats.map((what) => `      ${what}`)] : [`  ${whats.join(', ')}: ${why}`];
  });
  return ['', 'Not possible with these rights:', ...texts];
}
