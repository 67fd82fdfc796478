import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decide } from '../../src/policy/decide.ts';
import type { Decision } from '../../src/policy/decision.ts';
import type { Endpoint } from '../../src/policy/sentry/endpoint.ts';
import { endpointFrom } from '../../tools/endpoints.ts';
import { readSource } from '../../tools/source-row.ts';
import { CASES, CLIENTS } from './cases.ts';
import { clientOf, exampleTarget } from './examples.ts';

const NOW = Date.UTC(2026, 0, 1);

const clients = Object.fromEntries(Object.entries(CLIENTS).map(([name, entry]) => [name, clientOf(entry)]));

/** A decision in the words of the cases. */
function inWords(decision: Decision): string {
  if (decision.kind === 'refuse') return `refuse ${decision.reason}`;
  if (decision.kind === 'conditional') {
    const kinds = decision.conditions.map((one) => (one.kind === 'lookup' ? one.thing.kind : one.kind));
    return `check ${kinds.join(' ')}`;
  }
  if (decision.query !== undefined) return `allow ?${decision.query}`;
  const { keepOnly, listKey } = decision.response ?? {};
  if (keepOnly === undefined) return 'allow';
  const names = keepOnly.map(({ value }) => value).join(',');
  return listKey === undefined ? `allow only ${names}` : `allow ${listKey} only ${names}`;
}

function ask(client: string, request: string): Decision {
  const [method = '', ...target] = request.split(' ');
  return decide(clients[client]!, method, target.join(' '), NOW);
}

for (const [title, cases] of Object.entries(CASES)) {
  describe(title, () => {
    for (const [client, request, expected] of cases) {
      it(`${client}: ${JSON.stringify(request).slice(1, -1)}: ${expected}`, () => {
        assert.equal(inWords(ask(client, request)), expected);
      });
    }
  });
}

describe('the cases', () => {
  it('are at least 200', () => {
    assert.ok(Object.values(CASES).flat().length >= 200);
  });
});

describe('every row of the table', () => {
  const { rows, guarded } = readSource();
  const guardedRequests = guarded.flatMap(({ path }) =>
    // Everything below the bare list of projects is known.
    [path, ...(path === '/api/0/projects/' ? [] : [`${path}{id}/`])].flatMap((below) =>
      ['GET', 'POST'].map((method) => ({ method, path: below })),
    ),
  );
  const PREFIXES = /^\/api\/0\/sentry-app/;

  it('is asked with GET or HEAD alone by a client that may read', () => {
    for (const { method, path } of rows) {
      const isRead = method === 'GET' || method === 'HEAD';
      const decision = decide(clients.everywhere!, method, exampleTarget(path), NOW);
      if (!isRead) assert.equal(decision.kind, 'refuse', `${method} ${path}`);
    }
  });

  it('is granted by * unless it reveals a secret', () => {
    for (const row of rows) {
      const { method, path } = row;
      const isGiven = path === '/api/0/' || (endpointFrom(row).needsRule === undefined && !PREFIXES.test(path));
      const decision = decide(clients.star!, method, exampleTarget(path), NOW);
      assert.equal(decision.kind !== 'refuse', isGiven, `${method} ${path}`);
    }
  });

  it('is given by a rule that is its own method and path', () => {
    for (const { method, path } of [...rows, ...guardedRequests]) {
      const client = clientOf({ allow: [`${method} ${path}`], orgs: ['*'] });
      assert.notEqual(decide(client, method, exampleTarget(path), NOW).kind, 'refuse', `${method} ${path}`);
    }
  });

  it('is not granted by a rule that does not name it, if it reveals a secret', () => {
    for (const { method, path } of [
      ...rows.filter((row) => row.path !== '/api/0/' && endpointFrom(row).needsRule),
      ...guardedRequests,
    ]) {
      // All names left open, and each of them by itself.
      const names = [...new Set(path.split('/').slice(3))].filter((name) => /^[^{]/.test(name));
      for (const open of [names, ...names.map((name) => [name])]) {
        const isOpen = (segment: string) => open.includes(segment);
        for (const wild of ['*', '{name}']) {
          const rule = path.replaceAll(/[^/]+/g, (segment) => (isOpen(segment) ? wild : segment));
          const client = clientOf({ allow: [`${method} ${rule}`], orgs: ['*'] });
          assert.equal(decide(client, method, exampleTarget(path), NOW).kind, 'refuse', `${method} ${path} by ${rule}`);
        }
      }
    }
  });

  it('is refused by a deny rule that is its own path, even if everything else is granted', () => {
    for (const { method, path } of rows) {
      const client = clientOf({ allow: ['* /**'], orgs: ['*'], deny: [`* ${path}`] });
      assert.equal(inWords(decide(client, method, exampleTarget(path), NOW)), 'refuse deny_rule', `${method} ${path}`);
    }
  });

  it('is refused to a client of another organization', () => {
    const stranger = clientOf({ scopes: ['*'], orgs: ['stranger'] });
    for (const row of rows) {
      const { method, path } = row;
      const decision = decide(stranger, method, exampleTarget(path), NOW);
      // Lists are filtered; the rest holds nothing of an organization.
      const isFiltered = method === 'GET' && (path === '/api/0/organizations/' || path === '/api/0/projects/');
      const isHarmless =
        !path.includes('{org}') && row.projects === 'none' && endpointFrom(row).needsRule === undefined;
      const isOpen = path === '/api/0/' || isFiltered || isHarmless;
      assert.equal(decision.kind === 'allow', isOpen, `${method} ${path}`);
    }
  });

  it('is limited to projects as its row says', () => {
    const narrow = clientOf({
      allow: ['* /api/0/organizations/{org}/**', '* /api/0/projects/{org}/**'],
      projects: ['acme/web'],
    });
    for (const row of rows) {
      const { method, path } = row;
      if (!path.includes('{org}') || path.startsWith('/api/0/teams/')) continue;
      const endpoint = endpointFrom(row);
      const limits = [endpoint.projects].flat();
      const name = `${method} ${path}`;
      const own = inWords(decide(narrow, method, exampleTarget(path), NOW));
      const other = inWords(decide(narrow, method, exampleTarget(path, { project: 'api' }), NOW));
      if (limits.includes('refuse')) {
        assert.equal(own, 'refuse not_limitable', name);
        continue;
      }
      const looked = limits
        .filter((limit) => limit.startsWith('lookup:'))
        .map((limit) => limit.slice('lookup:'.length));
      const conditions = [
        ...looked,
        ...(limits.includes('query') ? ['query'] : []),
        ...(isBodyChecked(endpoint) ? ['body'] : []),
      ];
      const filter = limits.find((limit) => limit.startsWith('filter'))?.slice('filter:'.length);
      if (conditions.length > 0) assert.equal(own, `check ${conditions.join(' ')}`, name);
      else if (filter === undefined) assert.equal(own, 'allow', name);
      else assert.equal(own, filter === '' ? 'allow only web' : `allow ${filter} only web`, name);
      if (limits.includes('path')) assert.equal(other, 'refuse project', name);
    }
  });
});

/** Whether the body of a client with projects is read, though a rule ends in `**`. */
function isBodyChecked({ projects, body }: Endpoint): boolean {
  if ([projects].flat().some((limit) => limit.startsWith('body:')) || body?.only !== undefined) return true;
  const needs = Object.values(body?.keys ?? {}).map((rule) => (typeof rule === 'string' ? rule : rule.needs));
  return needs.some((need) => /^(?:never|projects$|release$)/.test(need));
}

describe('a refusal', () => {
  const detail = (client: string, request: string): string => {
    const decision = ask(client, request);
    assert.equal(decision.kind, 'refuse');
    return decision.kind === 'refuse' ? decision.detail : '';
  };

  it('names the client and the scopes that would do, the least of them first', () => {
    assert.equal(
      detail('ci', 'DELETE /api/0/organizations/acme/releases/1.0/'),
      'client robot needs one of the scopes project:releases, project:admin for DELETE /api/0/organizations/{org}/releases/{version}/',
    );
    assert.equal(
      detail('ci', 'GET /api/0/organizations/acme/projects/'),
      'client robot needs the scope org:read for GET /api/0/organizations/{org}/projects/',
    );
    assert.equal(
      detail('ci', 'PUT /api/0/projects/acme/web/issues/'),
      'client robot needs the scope event:write for PUT /api/0/projects/{org}/{project}/issues/',
    );
  });

  it('names the rule to write for a path that the table does not have', () => {
    assert.equal(
      detail('ci', 'GET /api/0/organizations/acme/unheard-of/'),
      'client robot needs an allow rule: "GET /api/0/organizations/{org}/unheard-of/"',
    );
  });

  it('names the slash that a path lacks at its end', () => {
    assert.equal(
      detail('reader', 'GET /api/0/organizations/acme/issues'),
      'client robot must end the path with a slash: "GET /api/0/organizations/{org}/issues/"',
    );
  });

  it('names the methods that there are', () => {
    assert.equal(
      detail('ci', 'get /api/0/'),
      'client robot may only use GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, in capitals',
    );
  });

  it('quotes nothing of the request', () => {
    for (const [client, request] of Object.values(CASES).flat()) {
      const decision = ask(client, request.replace('acme', 'hunter2').replace('web', 'hunter2'));
      if (decision.kind === 'refuse') assert.doesNotMatch(decision.detail, /hunter2/);
    }
  });

  it('is client_expired from the moment that the file names, for every request', () => {
    const client = clientOf({ allow: ['* /**'], orgs: ['*'], expires: '2026-01-01' });
    const last = decide(client, 'GET', '/api/0/', Date.UTC(2026, 0, 2) - 1);
    const next = decide(client, 'GET', '/api/0/', Date.UTC(2026, 0, 2));
    assert.equal(last.kind, 'allow');
    assert.ok(next.kind === 'refuse' && next.error === 'client_expired');
  });
});

describe('details of a project', () => {
  const without = (client: string, request: string): readonly string[] | undefined => {
    const decision = ask(client, request);
    if (decision.kind === 'refuse') assert.fail(decision.detail);
    const { response } = decision.kind === 'conditional' ? decision.allowed : decision;
    return response?.removeKeys;
  };
  const SECRETS = ['securityToken', 'securityTokenHeader', 'symbolSources', 'doc'];

  it('come without the tokens in them, when read and when changed', () => {
    assert.deepEqual(without('reader', 'GET /api/0/projects/acme/web/'), SECRETS);
    assert.deepEqual(without('writer', 'PUT /api/0/projects/acme/web/'), SECRETS);
    assert.deepEqual(without('triage', 'GET /api/0/projects/acme/web/'), SECRETS);
  });

  it('come with them for a client that was given the whole tree', () => {
    assert.equal(without('tree', 'GET /api/0/projects/acme/web/'), undefined);
  });
});
