import type { ClientJson } from '../../../src/clients/clients-json.ts';
import { NAME } from '../../../src/clients/read-client.ts';
import type { Problem } from '../../../src/config/values.ts';
import { suggestion } from '../../../src/nearest-name.ts';
import { isReservedName } from '../../../src/policy/client.ts';
import { SLUG_OR_ID } from '../../../src/policy/sentry/parameters.ts';
import { type Scope, scopesOf } from '../../../src/policy/sentry/scopes.ts';
import type { Grant, Program, Rights } from './program.ts';
import { PROGRAMS } from './programs.ts';

/** The options of `token --for` as they were written. */
export interface RecipeOptions {
  readonly for: readonly string[];
  readonly org: readonly string[];
  readonly project: readonly string[];
  readonly name: readonly string[];
  readonly write: boolean;
}

export type Reach = { readonly orgs: readonly string[] } | { readonly projects: readonly string[] };

/** A program, and the client to make for it. */
export interface Recipe {
  readonly program: Program;
  readonly name: string;
  readonly reach: Reach;
  /** Whether it may change things too. */
  readonly write: boolean;
}

/** Reads the options. Adds everything that is wrong with them to the problems, without quoting them. */
export function readRecipe(options: RecipeOptions, problems: Problem[]): Recipe | undefined {
  const add = (text: string) => problems.push({ variable: '', text });
  const [programName = ''] = options.for;
  const program = PROGRAMS.find(({ name }) => name === programName);
  if (options.for.length > 1) add('token --for is given twice');
  if (program === undefined) {
    const names = PROGRAMS.map(({ name }) => name);
    const says = programName === '' ? 'needs PROGRAM:' : 'is not';
    add(`token --for ${says} one of ${names.join(', ')}${hint(programName, names)}`);
  }
  const [name = program?.name ?? ''] = options.name;
  if (options.name.length > 1) add('token --name is given twice');
  if (options.name.length > 0 && !NAME.test(name)) {
    add('token --name is not 1 to 32 lower-case letters, digits and hyphens, or starts with a hyphen');
  }
  if (isReservedName(name)) add('token --name is a name that is reserved for the log and the metrics');
  const hasWrite = program?.write !== undefined;
  if (options.write && program !== undefined && !hasWrite) {
    add(`token --write adds nothing for ${program.name}: its rights are the same without it`);
  }
  const reach = readReach(options, add);
  return program && { program, name, reach, write: options.write };
}

function hint(written: string, names: readonly string[]): string {
  const meant = PROGRAMS.find(({ otherNames = [] }) => otherNames.includes(written.toLowerCase()));
  return meant === undefined ? suggestion(written, names) : `; did you mean ${meant.name}?`;
}

function readReach({ org, project }: RecipeOptions, add: (text: string) => void): Reach {
  if (org.length === 0 && project.length === 0) add('token --for needs --org ORG or --project ORG/PROJECT');
  if (org.some((slug) => !SLUG_OR_ID.test(slug))) add('token --org is neither the slug nor the id of an organization');
  // A slug alone is clear if there is one organization.
  const projects = project.map((text) => (text.includes('/') || org.length !== 1 ? text : `${org[0]}/${text}`));
  if (projects.some((text) => !isProject(text))) {
    add('token --project is not ORG/PROJECT, each a slug or an id; next to one --org, PROJECT is enough');
  }
  const hasOthers = projects.some((text) => isProject(text) && org.length > 0 && !org.includes(text.split('/')[0]!));
  if (hasOthers) add('token --project is in another organization than --org');
  const isBare = org.some((slug) => !projects.some((text) => text.startsWith(`${slug}/`)));
  if (projects.length > 0 && projects.every(isProject) && isBare && !hasOthers) {
    add('token --org names an organization without a --project: a client is limited to organizations or to projects');
  }
  return projects.length > 0 ? { projects: [...new Set(projects)] } : { orgs: [...new Set(org)] };
}

const isProject = (text: string): boolean => {
  const parts = text.split('/');
  return parts.length === 2 && parts.every((part) => SLUG_OR_ID.test(part));
};

/** The rights of a recipe, each with its reason. */
interface Granted {
  readonly scopes: readonly Grant<Scope>[];
  readonly allow: readonly Grant[];
  /** Those of the rules that grant data of all projects of an organization. */
  readonly whole: readonly Grant[];
}

export function grantedBy({ program, reach, write }: Pick<Recipe, 'program' | 'reach' | 'write'>): Granted {
  const parts: Rights[] = [program.rights, ...(write && program.write !== undefined ? [program.write] : [])];
  const scopes = parts.flatMap((part) => part.scopes ?? []);
  const whole = 'projects' in reach ? parts.flatMap((part) => part.allowWithProjects ?? []) : [];
  const isImplied = ({ right }: Grant) => scopes.some((other) => impliesMore(other.right, right));
  return {
    scopes: scopes.filter((scope) => !isImplied(scope)),
    allow: [...parts.flatMap((part) => part.allow ?? []), ...whole],
    whole,
  };
}

const impliesMore = (scope: string, implied: string): boolean =>
  scope !== implied && (scopesOf(scope) ?? []).includes(implied);

/** The entry for the clients file. */
export function entryOf(recipe: Recipe, digest: string): ClientJson {
  const { scopes, allow } = grantedBy(recipe);
  const { rate, concurrency } = recipe.program;
  return {
    name: recipe.name,
    token: digest,
    scopes: scopes.map(({ right }) => right),
    ...recipe.reach,
    ...(allow.length > 0 && { allow: allow.map(({ right }) => right) }),
    ...(rate !== undefined && { rate }),
    ...(concurrency !== undefined && { concurrency }),
  };
}
