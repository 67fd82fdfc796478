// The organizations, projects, releases and issues that the stand-in knows.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Named {
  id: string;
  slug: string;
}

interface World {
  organizations: Named[];
  projects: (Named & { organization: string })[];
  releases: { version: string; organization: string; projects: string[] }[];
  issues: { id: string; shortId: string; organization: string; project: string }[];
}

/** The same file as the Django project reads. */
export const WORLD = JSON.parse(readFileSync(join(import.meta.dirname, 'world.json'), 'utf8')) as World;

/** The slug of a project that is named by its slug or id; undefined if there is none. */
export const projectSlug = (org: string, name: string | number): string | undefined =>
  WORLD.projects.find(({ organization, id, slug }) => organization === org && [id, slug].includes(String(name)))?.slug;

/** The slugs of a release's projects; undefined if there is no such release. */
export const projectsOfRelease = (org: string, version: string): string[] | undefined =>
  WORLD.releases.find((one) => one.organization === org && one.version === version)?.projects;

/** The slug of an issue's project; undefined if there is no such issue. A short id names it, whether there is one or not. */
export const projectOfIssue = (org: string, issue: string): string | undefined =>
  WORLD.issues.find(({ organization, id }) => organization === org && id === issue)?.project ??
  /^(\w[\w-]*)-[0-9a-z]+$/i.exec(issue)?.[1]?.toLowerCase();
