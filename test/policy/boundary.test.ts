import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resolveConditions } from '../../src/enforce/conditions.ts';
import type { Lookups } from '../../src/enforce/lookups/types.ts';
import type { Client } from '../../src/policy/client.ts';
import { decide } from '../../src/policy/decide.ts';
import type { Allowed, Decision, Refused } from '../../src/policy/decision.ts';
import { clientOf } from './examples.ts';
import { filtered } from './filtered.ts';

const ask = (client: Client, request: string): Decision => {
  const [method = '', target = ''] = request.split(' ');
  return decide(client, method, target, 0);
};

const wordOf = (decision: Decision): string =>
  decision.kind === 'refuse' ? `refuse ${decision.reason}` : decision.kind;

describe('an allow rule that spells its path out', () => {
  const O = '/api/0/organizations';
  const held = (...allow: string[]) => clientOf({ allow, projects: ['acme/web'] });

  it('grants what nothing can narrow, to a client with projects as well', () => {
    for (const rule of [`GET ${O}/{org}/repos/`, `GET ${O}/acme/repos/`])
      assert.equal(wordOf(ask(held(rule), `GET ${O}/acme/repos/`)), 'allow', rule);
    // No row of the table.
    assert.equal(wordOf(ask(held(`GET ${O}/{org}/unheard-of/`), `GET ${O}/acme/unheard-of/`)), 'allow');
    assert.equal(wordOf(ask(held(`PUT ${O}/{org}/`), `PUT ${O}/acme/`)), 'allow');
  });

  it('does so for no other rule, method or organization', () => {
    for (const rule of [`GET ${O}/{org}/**`, `GET ${O}/{org}/*/`, `GET ${O}/*/repos/`, `* ${O}/{org}/repos/`])
      assert.equal(wordOf(ask(held(rule), `GET ${O}/acme/repos/`)), 'refuse not_limitable', rule);
    assert.equal(wordOf(ask(held(`GET ${O}/{org}/repos/`), `GET ${O}/other/repos/`)), 'refuse organization');
    assert.equal(wordOf(ask(held(`GET ${O}/{org}/repos/`), `POST ${O}/acme/repos/`)), 'refuse scope');
  });

  it('leaves what can be narrowed narrowed', () => {
    const client = held(`GET ${O}/{org}/issues/`, `GET ${O}/{org}/projects/`, 'GET /api/0/projects/{org}/{project}/');
    assert.equal(wordOf(ask(client, `GET ${O}/acme/issues/`)), 'conditional');
    const list = ask(client, `GET ${O}/acme/projects/`);
    assert.ok(list.kind === 'allow' && list.response?.keepOnly);
    assert.equal(wordOf(ask(client, 'GET /api/0/projects/acme/api/')), 'refuse project');
  });

  it('grants a path without an organization that holds nothing of one', () => {
    const client = clientOf({ allow: ['GET /api/0/internal/health/'], orgs: ['acme'] });
    assert.equal(wordOf(ask(client, 'GET /api/0/internal/health/')), 'allow');
    assert.equal(
      wordOf(ask(clientOf({ scopes: ['*'], orgs: ['acme'] }), 'GET /api/0/internal/health/')),
      'refuse no_rule',
    );
  });
});

describe('a path without an organization', () => {
  const PROJECTS = { web: { id: '11', slug: 'web' }, secret: { id: '13', slug: 'secret' } };
  const lookups: Lookups = {
    project: async (_, slug) => PROJECTS[slug as 'web'],
    projectsOf: async (org, { id }) => {
      if (org === 'acme' && id === '411') return [PROJECTS.web];
      return org === 'acme' && id === '413' ? [PROJECTS.secret] : undefined;
    },
  };
  const outcome = async (client: Client, request: string): Promise<Allowed | Refused> => {
    const decision = ask(client, request);
    const noBody = async () => new Uint8Array();
    return decision.kind === 'conditional' ? resolveConditions(decision, lookups, noBody) : decision;
  };

  it('that names an issue is looked up in the organizations of the client', async () => {
    const whole = clientOf({ scopes: ['event:write'], orgs: ['other', 'acme'] });
    const held = clientOf({ scopes: ['event:write'], projects: ['other/site', 'acme/web'] });
    for (const path of ['/api/0/issues/411/', '/api/0/groups/411/', '/api/0/issues/411/tags/browser/']) {
      assert.equal((await outcome(whole, `GET ${path}`)).kind, 'allow', path);
      assert.equal((await outcome(held, `GET ${path}`)).kind, 'allow', path);
    }
    assert.equal((await outcome(whole, 'GET /api/0/issues/413/')).kind, 'allow');
    assert.equal(wordOf(await outcome(held, 'GET /api/0/issues/413/')), 'refuse project');
    assert.equal(wordOf(await outcome(held, 'PUT /api/0/issues/413/')), 'refuse project');
    for (const client of [whole, held]) {
      assert.equal(wordOf(await outcome(client, 'GET /api/0/issues/999/')), 'refuse project');
      assert.equal(wordOf(await outcome(client, 'GET /api/0/issues/WEB-1/')), 'refuse organization');
    }
    assert.equal(wordOf(await outcome(held, 'GET /api/0/issues/411/?project=13')), 'refuse query');
  });

  it('that lists all projects keeps those of the client', async () => {
    const list = [
      { id: '11', slug: 'web', organization: { id: '1', slug: 'acme' } },
      { id: '12', slug: 'api', organization: { id: '1', slug: 'acme' } },
      { id: '21', slug: 'web', organization: { id: '2', slug: 'other' } },
      { id: '22', slug: 'web' },
    ];
    const kept = async (entry: Record<string, unknown>) => {
      const decision = ask(clientOf({ scopes: ['project:read'], ...entry }), 'GET /api/0/projects/');
      assert.ok(decision.kind === 'allow');
      const text = JSON.stringify(list);
      const edited = decision.response === undefined ? text : await filtered(decision.response, text);
      return (JSON.parse(edited!) as { id: string }[]).map(({ id }) => id).join();
    };
    assert.equal(await kept({ orgs: ['*'] }), '11,12,21,22');
    assert.equal(await kept({ orgs: ['acme'] }), '11,12');
    assert.equal(await kept({ orgs: ['2'] }), '21');
    assert.equal(await kept({ projects: ['acme/web', 'other/21'] }), '11,21');
    assert.equal(await kept({ projects: ['other/11'] }), '');
  });

  it('that asks for regions is responded to by the proxy', () => {
    for (const client of [
      clientOf({ scopes: ['org:ci'], orgs: ['acme'] }),
      clientOf({ scopes: ['*'], projects: ['a/b'] }),
    ]) {
      const decision = ask(client, 'GET /api/0/users/me/regions/');
      assert.ok(decision.kind === 'allow');
      assert.equal(decision.ownJson, '{"regions":[]}');
      assert.equal(wordOf(ask(client, 'GET /api/0/users/me/')), 'refuse no_rule');
      assert.equal(wordOf(ask(client, 'POST /api/0/users/me/regions/')), 'refuse no_rule');
    }
    const denied = clientOf({ scopes: ['org:ci'], orgs: ['acme'], deny: ['* /api/0/users/**'] });
    assert.equal(wordOf(ask(denied, 'GET /api/0/users/me/regions/')), 'refuse deny_rule');
  });
});

describe('a refusal for a scope', () => {
  it('names the scope that would do', () => {
    const scopeOf = (client: Client, request: string) => {
      const decision = ask(client, request);
      return decision.kind === 'refuse' ? decision.scope : undefined;
    };
    const reader = clientOf({ scopes: ['readonly'], orgs: ['acme'] });
    assert.equal(scopeOf(reader, 'PUT /api/0/organizations/acme/issues/4711/'), 'event:write');
    assert.equal(scopeOf(reader, 'GET /api/0/organizations/acme/releases/1.0/files/5/?download'), 'project:write');
    assert.equal(scopeOf(reader, 'GET /api/0/projects/acme/web/keys/'), undefined);
  });
});
