// The recipes of docs/clients.md, and the table of what they leave out in docs/works-with.md: the data of `token --for`.
import type { Grant, Rights } from '../adapters/node/programs/program.ts';
import { PROGRAMS } from '../adapters/node/programs/programs.ts';
import { entryOf, type Reach, type Recipe } from '../adapters/node/programs/recipe.ts';

/** The limit that the recipe of a program is shown with; an organization, if it is not named here. */
const SHOWN: Readonly<Record<string, Reach>> = {
  'sentry-cli': { projects: ['acme/web'] },
  bundler: { projects: ['acme/web'] },
  agent: { projects: ['acme/web', 'acme/api'] },
};

const WIDTH = 118;

const code = (text: string): string => `\`${text}\``;

/** The entry of a program, as `token --for` prints it. */
export function recipeBlock(name: string): string {
  const program = PROGRAMS.find((one) => one.name === name)!;
  const recipe: Recipe = { program, name, reach: SHOWN[name] ?? { orgs: ['acme'] }, write: false };
  const members = Object.entries(entryOf(recipe, 'sha256:<digest>')).map(([key, value]) => member(key, value));
  return `{\n${members.join(',\n')}\n}`;
}

function member(key: string, value: unknown): string {
  const inline = Array.isArray(value)
    ? `[${value.map((one) => JSON.stringify(one)).join(', ')}]`
    : JSON.stringify(value);
  const line = `  "${key}": ${inline}`;
  if (line.length <= WIDTH || !Array.isArray(value)) return line;
  return `  "${key}": [\n${value.map((one) => `    ${JSON.stringify(one)}`).join(',\n')}\n  ]`;
}

/** The cells of the rights of a program: the right, what it is for, and when the entry has it. */
export function rightRows(name: string): string[][] {
  const { rights, write } = PROGRAMS.find((one) => one.name === name)!;
  return [...rowsOf(rights), ...(write === undefined ? [] : rowsOf(write, '`--write`'))];
}

function rowsOf({ scopes = [], allow = [], allowWithProjects = [] }: Rights, when = ''): string[][] {
  const cells = ({ right, why }: Grant, more: string) => [code(right), why, [when, more].filter(Boolean).join(', ')];
  return [
    ...[...scopes, ...allow].map((grant) => cells(grant, '')),
    ...allowWithProjects.map((grant) => cells(grant, 'with `projects`')),
  ];
}

/** The cells of what the recipes leave out. */
export const missingRows = (): string[][] =>
  PROGRAMS.flatMap(({ name, missing }) =>
    missing.map(({ what, as, why }) => [name, code(what), as === 'all' ? 'both' : '`projects`', why]),
  );

export const programNames = (): string[] => PROGRAMS.map(({ name }) => name);
