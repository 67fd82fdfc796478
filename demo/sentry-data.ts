// The data of the Sentry stand-in: invented, in the shape of responses of Sentry 25.x.

const BACKEND_TEAM = { id: '2', slug: 'backend', name: 'Backend' };
const CLIENTS_TEAM = { id: '3', slug: 'clients', name: 'Clients' };

/** As of `SENTRY_SCOPES`: the system token has them all. */
export const SCOPES = [
  'org:read',
  'org:write',
  'org:admin',
  'org:integrations',
  'member:read',
  'member:write',
  'member:admin',
  'team:read',
  'team:write',
  'team:admin',
  'project:read',
  'project:write',
  'project:admin',
  'project:releases',
  'event:read',
  'event:write',
  'event:admin',
  'alerts:read',
  'alerts:write',
];

/** @param urlPrefix Sentry's option `system.url-prefix`, without a slash at its end. */
export function organizations(urlPrefix: string) {
  return [organization('1', 'acme', 'Acme', urlPrefix), organization('2', 'acme-labs', 'Acme Labs', urlPrefix)];
}

export function hasOrganization(slug: string): boolean {
  return organizations('').some((each) => each.slug === slug);
}

function organization(id: string, slug: string, name: string, urlPrefix: string) {
  return {
    id,
    slug,
    status: { id: 'active', name: 'active' },
    name,
    dateCreated: '2024-02-12T09:14:27.311402Z',
    isEarlyAdopter: false,
    require2FA: false,
    requireEmailVerification: false,
    avatar: { avatarType: 'letter_avatar', avatarUuid: null, avatarUrl: null },
    links: { organizationUrl: `${urlPrefix}/organizations/${slug}`, regionUrl: urlPrefix },
    features: ['discover-basic', 'event-attachments', 'performance-view', 'symbol-sources'],
    hasAuthProvider: false,
  };
}

const PROJECTS = [
  project('2', 'checkout', 'Checkout', 'python-django', 'acme', BACKEND_TEAM),
  project('3', 'storefront', 'Storefront', 'javascript-react', 'acme', CLIENTS_TEAM),
  project('4', 'courier-app', 'Courier App', 'apple-ios', 'acme', CLIENTS_TEAM),
  project('5', 'route-planner', 'Route Planner', 'rust', 'acme-labs', BACKEND_TEAM),
];

function project(
  id: string,
  slug: string,
  name: string,
  platform: string,
  organizationSlug: string,
  team: typeof BACKEND_TEAM,
) {
  return {
    id,
    slug,
    name,
    platform,
    dateCreated: '2024-02-12T09:20:05.118930Z',
    isBookmarked: false,
    isMember: false,
    hasAccess: true,
    features: ['alert-filters', 'minidump', 'releases'],
    firstEvent: '2024-02-12T10:01:44Z',
    firstTransactionEvent: true,
    status: 'active',
    organizationSlug,
    team,
    teams: [team],
  };
}

/** All projects, each with its organization: the answer of `/api/0/projects/`. */
export function allProjects(urlPrefix: string) {
  const known = organizations(urlPrefix);
  return PROJECTS.map(({ organizationSlug, team: _team, teams: _teams, ...rest }) => ({
    ...rest,
    organization: known.find(({ slug }) => slug === organizationSlug),
  }));
}

/** The projects of one organization: the answer of `/api/0/organizations/{slug}/projects/`. */
export function projectsOf(organization: string) {
  return PROJECTS.filter(({ organizationSlug }) => organizationSlug === organization).map(
    ({ organizationSlug: _organization, ...rest }) => rest,
  );
}

const ISSUE_KINDS = [
  { title: 'ConnectionError: redis: connection refused', culprit: 'checkout.cart.sessions in load', level: 'error' },
  { title: "KeyError: 'shipping_address'", culprit: 'checkout.orders.views in create_order', level: 'error' },
  { title: 'IntegrityError: duplicate key value', culprit: 'checkout.payments.tasks in capture', level: 'error' },
  { title: 'TimeoutError: payment provider', culprit: 'checkout.payments.client in post', level: 'error' },
  { title: 'Slow DB Query', culprit: 'GET /orders/history/', level: 'info' },
  { title: 'N+1 Query', culprit: 'GET /cart/', level: 'info' },
  { title: 'Deprecated currency code: XBA', culprit: 'checkout.money in parse', level: 'warning' },
];
const NEWEST_ISSUE = Date.parse('2025-09-01T12:00:00Z');
const MINUTE = 60_000;

/** Fifty-eight issues of a project, newest first: three pages of Sentry's usual 25. */
export function issuesOf(organization: string, projectSlug: string, urlPrefix: string) {
  const found = projectsOf(organization).find(({ slug }) => slug === projectSlug);
  if (!found) return undefined;
  return Array.from({ length: 58 }, (_, index) => {
    const number = 58 - index;
    const id = String(1000 * Number(found.id) + number);
    const kind = ISSUE_KINDS[number % ISSUE_KINDS.length]!;
    const [type, value] = kind.title.split(': ');
    return {
      id,
      shareId: null,
      shortId: `${projectSlug.toUpperCase()}-${number.toString(16).toUpperCase()}`,
      title: kind.title,
      culprit: kind.culprit,
      permalink: `${urlPrefix}/organizations/${organization}/issues/${id}/`,
      logger: null,
      level: kind.level,
      status: number % 5 === 0 ? 'resolved' : 'unresolved',
      statusDetails: {},
      isPublic: false,
      platform: found.platform.split('-')[0],
      project: { id: found.id, name: found.name, slug: found.slug, platform: found.platform },
      type: value === undefined ? 'default' : 'error',
      metadata: value === undefined ? { title: kind.title } : { type, value },
      numComments: 0,
      assignedTo: null,
      isBookmarked: false,
      hasSeen: false,
      count: String(number * 37),
      userCount: number * 3,
      firstSeen: new Date(NEWEST_ISSUE - (index + 1) * 600 * MINUTE).toISOString(),
      lastSeen: new Date(NEWEST_ISSUE - index * 47 * MINUTE).toISOString(),
    };
  });
}
