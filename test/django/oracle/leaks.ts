// Judges what the proxy let through of an answer.
import type { Client } from '../clients.ts';
import type { Row } from '../rows.ts';
import type { Understood } from '../start.ts';
import { WORLD } from '../world.ts';
import { organizationsOf, rowOf } from './judge.ts';
import { isFilteredList } from './limits.ts';
import { grantOf } from './rules.ts';

/**
 * What an answer gives away that its client may not see; undefined if it gives nothing away.
 *
 * @param understood of the request that it answers; undefined if none arrived.
 */
export function leak(
  client: Client,
  answer: string,
  understood: Understood | undefined,
  rows: readonly Row[],
): string | undefined {
  const row = understood && rowOf(understood, rows);
  const grant = understood && grantOf(client, understood, row);
  const showsRemoved = typeof grant === 'object' && grant.showsRemoved;
  if (!showsRemoved && answer.includes('"a secret"')) return 'the answer has what is removed for everyone';
  const orgs = organizationsOf(client);
  if (orgs === undefined) return undefined;

  const isHeld = client.projects !== undefined;
  const isWhole = typeof grant === 'object' && grant.isDecided && row?.limits.includes('refuse');
  if (isHeld && !isWhole && answer.includes('"a secret of others"'))
    return 'the answer has what is removed for clients with projects';
  const isFiltered =
    row !== undefined && isFilteredList(row.limits) && (isHeld || understood?.kwargs.org === undefined);
  if (isFiltered && /\r\n(?:link|x-hits):/i.test(answer.slice(0, answer.indexOf('\r\n\r\n') + 2)))
    return 'the answer tells how many entries there were';

  const sees = ({ organization, id, slug }: (typeof WORLD.projects)[number]) =>
    client.orgs?.includes(organization) ||
    [id, slug].some((name) => client.projects?.includes(`${organization}/${name}`));
  const project = WORLD.projects.find(
    (one) => !sees(one) && answer.includes(`"project ${one.organization}/${one.slug}"`),
  );
  if (project !== undefined) return `the answer shows the project ${project.organization}/${project.slug}`;
  const org = WORLD.organizations.find(({ slug }) => !orgs.includes(slug) && answer.includes(`"organization ${slug}"`));
  return org && `the answer shows the organization ${org.slug}`;
}
