import type { ClaimRule, ClaimValue } from '../policy/client.ts';
import type { Issuer } from './issuer.ts';

/** An issuer that unrelated people share: the claims have to say whose tokens are meant. */
interface SharedIssuer {
  readonly url: RegExp;
  readonly whose: string;
  /** Claims of which one is required, with values that no one else can register again. */
  readonly pins: readonly string[];
  /** Why names are not enough. */
  readonly reason: string;
}

const SHARED_ISSUERS: readonly SharedIssuer[] = [
  {
    url: /^https:\/\/token\.actions\.(?:githubusercontent\.com|[^/]+\.ghe\.com)(?:\/|$)/i,
    whose: 'GitHub',
    pins: ['repository_id', 'repository_owner_id'],
    reason: 'names of repositories and owners can move to others',
  },
  {
    url: /^https:\/\/gitlab\.com\/?$/i,
    whose: 'gitlab.com',
    pins: ['project_id', 'namespace_id'],
    reason: 'paths of projects and groups can move to others',
  },
  {
    url: /^https:\/\/agent\.buildkite\.com\/?$/i,
    whose: 'Buildkite',
    pins: ['organization_id'],
    reason: 'slugs of organizations can move to others',
  },
  {
    url: /^https:\/\/accounts\.google\.com\/?$/i,
    whose: 'Google',
    pins: ['sub'],
    reason: 'addresses can be given to others',
  },
  {
    // The tenant's id is in the URL as well; the claim shows that it is meant.
    url: /^https:\/\/(?:login\.microsoftonline\.com|sts\.windows\.net)(?:\/|$)/i,
    whose: 'Microsoft Entra',
    pins: ['tid', 'sub', 'oid'],
    reason: 'names and addresses can be given to others',
  },
  {
    url: /^https:\/\/app\.terraform\.io\/?$/i,
    whose: 'HCP Terraform',
    pins: ['terraform_organization_id', 'sub'],
    reason: 'names of organizations can move to others',
  },
];

/** Problems with the claims of an identity: on a shared issuer they have to pin whose tokens are meant. */
export function pinProblems(claims: readonly ClaimRule[], issuer: Issuer): string[] {
  const shared = SHARED_ISSUERS.find(({ url }) => url.test(issuer.url));
  const problems: string[] = [];
  if (shared !== undefined && !shared.pins.some((pin) => isPinned(claims, pin))) {
    const [first, ...others] = shared.pins;
    const names =
      others.length === 0
        ? first
        : `${others.length > 1 ? `one of ${first}, ${others.slice(0, -1).join(', ')}` : first} or ${others.at(-1)}`;
    problems.push(
      `lack ${names} as a string without *: ${shared.reason}, and unrelated people share the issuer of ${shared.whose}`,
    );
  }
  if (isKubernetes(claims, issuer) && !isPinned(claims, 'sub', /^system:serviceaccount:[^:*]+:[^:*]+$/)) {
    problems.push(
      'lack sub as the whole of system:serviceaccount:NAMESPACE:NAME: otherwise any pod of the cluster would match',
    );
  }
  return problems;
}

/** Whether a claim has to be one of some texts, exactly. */
function isPinned(claims: readonly ClaimRule[], name: string, shape = /^[^*]+$/): boolean {
  const rule = claims.find(({ path }) => path.length === 1 && path[0] === name);
  return (
    rule !== undefined && rule.values.length > 0 && rule.values.every((value) => isText(value) && shape.test(value))
  );
}

const isText = (value: ClaimValue): value is string => typeof value === 'string';

/** Where the API servers of clusters are, or those that publish their keys. */
const CLUSTERS =
  /^https:\/\/(?:kubernetes(?:\.default(?:\.svc(?:\.[^/]+)?)?)?(?::\d+)?|oidc(?:-eks)?\.(?:eks\.)?[a-z0-9.-]*amazonaws\.com(?:\.cn)?|container\.googleapis\.com|[a-z0-9-]+\.oic\.prod-aks\.azure\.com)(?:\/|$)/i;

/** Whether the tokens are those of service accounts, by the issuer, the way to its keys, or the claims. */
function isKubernetes(claims: readonly ClaimRule[], { url, ca, bearerFile }: Issuer): boolean {
  const isMounted = [ca, bearerFile].some((path) => path?.includes('kubernetes.io/serviceaccount/'));
  const isInClaims = claims.some(
    ({ path, values }) =>
      path[0] === 'kubernetes.io' ||
      values.some((value) => isText(value) && value.startsWith('system:serviceaccount:')),
  );
  return CLUSTERS.test(url) || isMounted || isInClaims;
}
