// The organizations, the projects and the things in them that the stand-in knows.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Named {
  id: string;
  slug: string;
}

/** Something that belongs to projects. */
interface Thing {
  /** An issue that moved has its former short id as well. */
  names: string[];
  organization: string;
  projects: string[];
}

const KINDS = [
  'issues',
  'releases',
  'monitors',
  'rules',
  'alert-rules',
  'detectors',
  'replays',
  'snapshots',
  'notification-actions',
] as const;

type Kind = (typeof KINDS)[number];

interface World extends Record<Kind, Thing[]> {
  organizations: Named[];
  projects: (Named & { organization: string })[];
}

/** The same file as the Django project reads. */
export const WORLD = JSON.parse(readFileSync(join(import.meta.dirname, 'world.json'), 'utf8')) as World;

/** The slug of a project that is named by its slug or id; undefined if there is none. */
export const projectSlug = (org: string, name: string | number): string | undefined =>
  WORLD.projects.find(({ organization, id, slug }) => organization === org && [id, slug].includes(String(name)))?.slug;

/** By the parameters of paths that name them. */
const PARAMETERS: Record<string, Kind> = {
  issue_id: 'issues',
  version: 'releases',
  monitor_id_or_slug: 'monitors',
  rule_id: 'rules',
  alert_rule_id: 'alert-rules',
  detector_id: 'detectors',
  replay_id: 'replays',
  snapshot_id: 'snapshots',
  action_id: 'notification-actions',
};

/** The things that a parameter may name, of any organization. */
export const namesFor = (parameter: string): string[] | undefined => {
  const kind = PARAMETERS[parameter];
  return kind && WORLD[kind].flatMap(({ names }) => names);
};

/** The thing that a parameter of a path names; undefined if there is none. Without an organization: in any of them. */
export function thingNamed(parameter: string, value: string, org?: string): Thing | undefined {
  const isNamed = (name: string) => name === value || (parameter !== 'version' && plain(name) === plain(value));
  const kind = PARAMETERS[parameter];
  return kind && WORLD[kind].find((one) => (org ?? one.organization) === one.organization && one.names.some(isNamed));
}

/** Numbers may begin with zeros, UUIDs may have dashes, and short ids may be in lower case. */
const plain = (name: string): string =>
  /^\d+$/.test(name)
    ? String(BigInt(name))
    : /^[0-9a-f-]{32,36}$/i.test(name)
      ? name.replaceAll('-', '').toLowerCase()
      : name.toUpperCase();
