import { costOf } from '../../../src/policy/sentry/scope-cost.ts';
import { SCOPES, scopesOf } from '../../../src/policy/sentry/scopes.ts';

/** The scopes with the smallest sum of costs that include, or imply, one of each list. */
export function leastScopes(lists: readonly (readonly string[])[]): string[] {
  const gives = new Map(SCOPES.map((scope) => [scope, new Set(scopesOf(scope))]));
  let best: readonly string[] | undefined;
  let bestCost = Number.POSITIVE_INFINITY;
  const search = (chosen: readonly string[], cost: number): void => {
    if (cost >= bestCost) return;
    const open = lists.find((anyOf) => !anyOf.some((scope) => chosen.some((held) => gives.get(held)!.has(scope))));
    if (open === undefined) {
      best = chosen;
      bestCost = cost;
      return;
    }
    for (const scope of open) search([...chosen, scope], cost + costOf(scope));
  };
  search([], 0);
  const scopes = best ?? [];
  return scopes.filter((scope) => !scopes.some((other) => other !== scope && gives.get(other)!.has(scope))).sort();
}
