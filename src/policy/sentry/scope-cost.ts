/** A weight for how much a scope opens, by what follows its colon. */
const COST: Readonly<Record<string, number>> = {
  read: 1,
  ci: 2,
  releases: 2,
  distribution: 2,
  integrations: 2,
  invite: 3,
  write: 4,
  admin: 8,
};

/** How much a scope opens: `suggest` picks the scopes with the smallest sum, and a refusal names the cheapest first. */
export const costOf = (scope: string): number => COST[scope.split(':')[1]!] ?? 8;
