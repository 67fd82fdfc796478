import type { ClaimRule, ClaimValue, Client, Identity } from '../policy/client.ts';
import { matchesPattern } from './claims.ts';
import type { Issuer } from './issuer.ts';

/** Warnings about the identities of a valid clients file. */
export function identityWarnings(clients: readonly Client[], issuers: readonly Issuer[]): string[] {
  const identities = clients.flatMap(({ name, identities = [] }) =>
    identities.map((identity) => ({ name, identity, issuer: issuers.find((one) => one.name === identity.issuer)! })),
  );
  const loose = identities.flatMap(({ name, identity, issuer }) =>
    loosenessOf(identity, issuer).map((text) => `${name} ${text}`),
  );
  const pairs = identities.flatMap((one, index) =>
    identities
      .slice(index + 1)
      .filter((other) => other.name !== one.name && overlap(one.identity, other.identity))
      .map((other) => `${one.name} and ${other.name}`),
  );
  const overlapping = [...new Set(pairs)].map(
    (pair) => `${pair} have no claim that tells them apart: a token that fits both is refused`,
  );
  return [...new Set(loose), ...overlapping];
}

function loosenessOf({ claims }: Identity, issuer: Issuer): string[] {
  const has = (...names: string[]) => claims.some(({ path }) => path.length === 1 && names.includes(path[0]!));
  const isGitHub = /^https:\/\/token\.actions\.|\/_services\/token$/.test(issuer.url);
  if (isGitHub && !has('ref', 'environment', 'job_workflow_ref') && !hasPlaceInSubject(claims)) {
    return ['has neither ref, environment nor job_workflow_ref: every workflow on every branch is this client'];
  }
  const isGitLab =
    /^https:\/\/gitlab\b/i.test(issuer.url) || has('project_path', 'namespace_path', 'ci_config_ref_uri');
  if (isGitLab && !has('ref_protected')) {
    return ['does not require ref_protected: everyone who may push a branch is this client'];
  }
  return [];
}

/** GitHub writes the ref or the environment into `sub`, so a client that pins the whole `sub` pins that as well. */
const hasPlaceInSubject = (claims: readonly ClaimRule[]): boolean =>
  claims.some(
    ({ path, values }) =>
      path.join() === 'sub' && values.every((value) => /:(?:ref|environment|job_workflow_ref):/.test(String(value))),
  );

/** Whether a token may have the claims of both: no claim that both name has different values. */
function overlap(one: Identity, other: Identity): boolean {
  if (one.issuer !== other.issuer) return false;
  return one.claims.every((rule) => {
    const same = other.claims.find(({ path }) => path.join('\0') === rule.path.join('\0'));
    return same === undefined || rule.values.some((value) => same.values.some((another) => mayBeBoth(value, another)));
  });
}

function mayBeBoth(one: ClaimValue, other: ClaimValue): boolean {
  if (typeof one !== 'string' || typeof other !== 'string') return one === other;
  const [hasStar, hasOtherStar] = [one.includes('*'), other.includes('*')];
  if (!hasStar) return hasOtherStar ? matchesPattern(other, one) : one === other;
  if (!hasOtherStar) return matchesPattern(one, other);
  // Two patterns differ for certain if they begin differently.
  const [start, otherStart] = [one.split('*')[0]!, other.split('*')[0]!];
  return start.startsWith(otherStart) || otherStart.startsWith(start);
}
