import { asProxyError } from '../../../src/http/errors.ts';
import type { Config } from '../config/config.ts';
import { clientsFileOf } from './configured.ts';
import { say } from './say.ts';
import { sentryGet } from './sentry-get.ts';

/** Organizations and projects that are asked for, and how many of them at a time. */
const MAX_NAMES = 1000;
const AT_A_TIME = 4;

/** An organization or a project of the clients file. */
interface Named {
  /** `organization acme`, `project acme/web` */
  readonly title: string;
  readonly path: string;
  readonly clients: readonly string[];
}

/**
 * Asks Sentry for the organizations and projects that the clients file names, and says which it does not have.
 * @param tokens that Sentry takes; each may see other organizations
 * @returns whether Sentry has all of them
 */
export async function probeNames(config: Config, tokens: readonly string[]): Promise<boolean> {
  const all = namesIn(config);
  if (all.length === 0) return true;
  const asked = all.slice(0, MAX_NAMES);
  const faults: string[] = [];
  for (let start = 0; start < asked.length; start += AT_A_TIME) {
    const batch = asked.slice(start, start + AT_A_TIME);
    const found = await Promise.all(batch.map((named) => faultOf(config, tokens, named)));
    faults.push(...found.filter((fault) => fault !== undefined));
  }
  for (const fault of faults) say('clients file', fault);
  const more = all.length - asked.length;
  if (more > 0) say('clients file', `${more} more organizations and projects were not looked up`);
  if (faults.length === 0)
    say('clients file', `Sentry has the ${asked.length} organizations and projects that it names`);
  return faults.length === 0;
}

async function faultOf(config: Config, tokens: readonly string[], { title, path, clients }: Named) {
  const outcomes: (number | string)[] = [];
  for (const token of tokens) {
    const outcome = await statusOf(config, path, token);
    if (outcome === 200) return undefined;
    outcomes.push(outcome);
  }
  const isAbsent = outcomes.every((outcome) => typeof outcome === 'number' && ABSENT.has(outcome));
  const what = isAbsent ? `Sentry has no such ${title.split(' ')[0]}` : 'could not be looked up';
  return `${title} of ${listed(clients)}: ${what} (${[...new Set(outcomes)].join(', ')})`;
}

/** A redirect leads from an old slug to a new one. */
const ABSENT: ReadonlySet<number> = new Set([301, 302, 307, 308, 404]);

async function statusOf(config: Config, path: string, token: string): Promise<number | string> {
  try {
    const { status, body } = await sentryGet(config, path, token);
    await body?.cancel();
    return status;
  } catch (error) {
    return asProxyError(error).name;
  }
}

function namesIn(config: Config): Named[] {
  const names = new Map<string, { title: string; path: string; clients: string[] }>();
  const add = (title: string, path: string, client: string) => {
    const known = names.get(title) ?? { title, path, clients: [] };
    known.clients.push(client);
    names.set(title, known);
  };
  const addOrganization = (org: string, client: string) =>
    // Sentry leaves out what takes it longest.
    add(`organization ${org}`, `/api/0/organizations/${org}/?detailed=0`, client);
  for (const { name, boundary } of clientsFileOf(config)?.clients ?? []) {
    if (boundary.kind === 'organizations') for (const org of boundary.organizations) addOrganization(org, name);
    if (boundary.kind !== 'projects') continue;
    for (const [org, projects] of boundary.projects) {
      for (const { value } of projects) add(`project ${org}/${value}`, `/api/0/projects/${org}/${value}/`, name);
    }
  }
  return [...names.values()];
}

/** Clients that one line names. */
const MAX_CLIENTS = 5;

function listed(clients: readonly string[]): string {
  const more = clients.length - MAX_CLIENTS;
  return clients.slice(0, MAX_CLIENTS).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
