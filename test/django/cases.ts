// The cases of the fuzzer, each made from a seed.
import { type Random, randomOf } from '../support/http1-mutations.ts';
import { CLIENTS, type Client } from './clients.ts';
import { chance, type Draft, pick } from './drafts/draft.ts';
import { type Meant, meant } from './drafts/meant.ts';
import { MUTATIONS, MUTATIONS_OF_BODIES, mutationsFor } from './mutations/mutations.ts';
import { violation } from './oracle/judge.ts';
import { isAbout } from './oracle/rules.ts';
import type { Row } from './rows.ts';

/** A request of a client. */
export interface Case {
  seed: number;
  client: Client;
  /** Has no mutation, and the client may do it. */
  isHonest: boolean;
  draft: Draft;
  /** How many mutations there are to leave out. */
  mutations: number;
}

/** Makes the case of a seed. @param without the index of a mutation to leave out. */
export function caseOf(seed: number, rows: readonly Row[], without: readonly number[] = []): Case {
  const random = randomOf(seed);
  const client = pick(random, CLIENTS);
  const { draft, understood } = chance(random, 80) ? permitted(random, client, rows) : any(random, client, rows);
  const mutations = chance(random, 30) ? 0 : 1 + random(3);
  const isHonest = mutations === 0 && violation(client, understood, rows) === undefined;
  const likely = draft.body === undefined ? MUTATIONS : MUTATIONS_OF_BODIES;
  const suited = mutationsFor(draft.row);
  for (let index = 0; index < mutations; index++) {
    // Each has its own numbers, so that one can be left out without changing the others.
    const own = randomOf(seed * 31 + index);
    const mutation = pick(own, suited.length > 0 && chance(own, 50) ? suited : likely);
    if (!without.includes(index)) mutation(draft, own, rows);
  }
  return { seed, client, isHonest, draft, mutations };
}

/** Rows that a client's rules are about. */
const rowsOfRules = (rules: readonly string[], rows: readonly Row[]): Row[] =>
  rows.filter((row) => rules.some((rule) => isAbout(rule, row)));

/** A request for any row, or for one that the client's rules are about. */
function any(random: Random, client: Client, rows: readonly Row[]): Meant {
  const named = chance(random, 50) ? rowsOfRules([...(client.allow ?? []), ...(client.deny ?? [])], rows) : [];
  return meant(random, pick(random, named.length > 0 ? named : rows), client);
}

const LIMITS = [
  ...[
    'query',
    'query',
    'body:projects',
    'body:project',
    'body:project',
    'filter',
    'filter:projects',
    'filter:[].projects',
    'none',
  ],
  ...['issue', 'release', 'monitor', 'rule', 'alert-rule', 'detector', 'replay', 'snapshot', 'notification-action'].map(
    (kind) => `lookup:${kind}`,
  ),
];
/** What a key may need. */
const NEEDS = ['never', 'never with projects', 'rule', 'projects', 'release', 'ok', 'a scope'];
const needsOf = ({ query, body }: Row): string[] =>
  [query, body].flatMap((columns) =>
    Object.values(columns?.keys ?? {}).map((rule) => {
      const need = typeof rule === 'string' ? rule : rule.needs;
      return need.includes(':') ? 'a scope' : need;
    }),
  );
/** Rows where more than the path decides: there is more to misread, and of some kinds there are few. */
const KINDS: readonly ((row: Row) => boolean)[] = [
  ...LIMITS.map((limit) => (row: Row) => row.limits.includes(limit)),
  ...Array.from({ length: 3 }, () => (row: Row) => row.body !== undefined),
  ...[...NEEDS, ...NEEDS].map((need) => (row: Row) => needsOf(row).includes(need)),
  ...Array.from({ length: 2 }, () => (row: Row) => (row.removed ?? row.removedWithProjects) !== undefined),
];

/** A request that the client may send, if one is soon found: what is nearly allowed is the hardest to refuse. */
function permitted(random: Random, client: Client, rows: readonly Row[]): Meant {
  for (let kinds = 0; kinds < 4; kinds++) {
    const named = chance(random, 15) ? rowsOfRules(client.allow ?? [], rows) : [];
    const others = chance(random, 65) ? rows.filter(pick(random, KINDS)) : rows;
    const candidates = named.length > 0 ? named : others;
    for (let attempt = 0; attempt < 15; attempt++) {
      const one = meant(random, pick(random, candidates), client);
      if (violation(client, one.understood, rows) === undefined) return one;
    }
  }
  return any(random, client, rows);
}
