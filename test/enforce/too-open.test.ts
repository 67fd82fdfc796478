// Each row that Sentry's source showed to be too open is closed for the clients that it is too open for.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resolveConditions } from '../../src/enforce/conditions.ts';
import type { NamedProject } from '../../src/enforce/lookups/lookup-kinds.ts';
import type { Lookups } from '../../src/enforce/lookups/types.ts';
import { decide } from '../../src/policy/decide.ts';
import type { Allowed, Refused } from '../../src/policy/decision.ts';
import { clientOf, exampleTarget } from '../policy/examples.ts';
import { HOLES, type Hole } from '../policy/too-open.ts';

const WEB = { id: '11', slug: 'web' };
const SECRET = { id: '13', slug: 'secret' };

/** Lookups of a Sentry in which everything that paths name has these projects. */
const lookupsOf = (projects: readonly NamedProject[]): Lookups => ({
  project: async (_, idOrSlug) => [WEB, SECRET].find(({ id, slug }) => id === idOrSlug || slug === idOrSlug),
  projectsOf: async () => projects,
});

const clientFor = ({ client }: Hole) =>
  client === 'projects'
    ? clientOf({ scopes: ['*'], projects: ['acme/web'] })
    : clientOf({ scopes: client, orgs: ['*'] });

async function outcome(hole: Hole, projects: readonly NamedProject[]): Promise<Allowed | Refused> {
  const target = exampleTarget(hole.path) + (hole.query === undefined ? '' : `?${hole.query}`);
  const decision = decide(clientFor(hole), hole.method, target, 0);
  if (decision.kind !== 'conditional') return decision;
  const body = new TextEncoder().encode(JSON.stringify(hole.body ?? hole.harmless ?? {}));
  return resolveConditions(decision, lookupsOf(projects), async () => body);
}

/** Why a row is always refused. */
const CLOSED = /^(?:scope|no_rule|secret|not_limitable)$/;

describe('what a row would grant beyond its path and scope', () => {
  for (const hole of HOLES) {
    const { method, path, client, query, body, is } = hole;
    const sent = [query && `?${query}`, body && JSON.stringify(body)].filter(Boolean).join(' ');
    const to = client === 'projects' ? 'a client with projects' : client.join(' ');
    it(`${method} ${path} ${sent} to ${to}: ${typeof is === 'string' ? is : JSON.stringify(is)}`, async () => {
      // Things of several projects, of which one is the client's.
      const shared = await outcome(hole, [WEB, SECRET]);
      const { query: _, body: __, ...plain } = hole;
      const own = await outcome(plain, [WEB]);
      if (is === 'closed') {
        for (const decision of [shared, own])
          assert.match(decision.kind === 'refuse' ? decision.reason : decision.kind, CLOSED);
        return;
      }
      assert.ok(own.kind === 'allow' || path.endsWith('/artifactbundle/assemble/'), JSON.stringify(own));
      if (is === 'refused') assert.equal(shared.kind, 'refuse');
      else if ('loses' in is) assert.ok(own.kind === 'allow' && own.response?.removeKeys.includes(is.loses));
      else if ('filters' in is) {
        assert.ok(own.kind === 'allow');
        assert.equal(own.response?.listKey, is.filters);
        assert.deepEqual(own.response?.keepOnly, [{ kind: 'slug', value: 'web' }]);
      }
    });
  }
});
