// The oracle has to find what it is there for: an oracle that allows everything would find no proxy wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLIENTS } from './clients.ts';
import { arrivalViolation, flaw, leak, lookUpViolation, violation } from './oracle.ts';
import { ENDPOINTS, readRows } from './rows.ts';
import type { Arrival, Understood } from './start.ts';

const rows = readRows(ENDPOINTS);
const WEB = { org: 'acme', project: 'web' };
const SECRET = { org: 'acme', project: 'secret' };
const ACME = { org: 'acme' };
const O = '/api/0/organizations/{org}';
const P = '/api/0/projects/{org}/{project}';

type Case = readonly [client: string, method: string, template: string, rest: Partial<Understood>];

const judge = ([name, method, template, rest]: Case): string | undefined => {
  const client = CLIENTS.find((one) => one.name === name)!;
  return violation(client, { method, template, kwargs: {}, query: {}, projects: 'all', data: {}, ...rest }, rows);
};
const titleOf = ([client, method, template, rest]: Case): string =>
  `${client}: ${method} ${template} ${JSON.stringify(rest)}`;

const ALLOWED: readonly Case[] = [
  ['grafana', 'GET', `${P}/`, { kwargs: SECRET }],
  ['grafana', 'HEAD', `${O}/issues/`, { kwargs: ACME }],
  ['ci-web', 'GET', '/api/0/', {}],
  ['ci-web', 'POST', `${P}/files/difs/assemble/`, { kwargs: WEB }],
  ['ci-web', 'POST', `${P}/files/difs/assemble/`, { kwargs: { org: 'acme', project: '11' } }],
  ['ci-web', 'POST', `${O}/releases/`, { kwargs: ACME, bodyProjects: { projects: ['web'] } }],
  ['ci-web', 'PUT', `${O}/releases/{version}/`, { kwargs: { org: 'acme', version: 'web@1.0' } }],
  ['triage-agent', 'GET', `${O}/issues/`, { kwargs: ACME, projects: [11, 'api'] }],
  ['triage-agent', 'GET', `${O}/issues/{issue_id}/`, { kwargs: { org: 'acme', issue_id: 'API-1' } }],
  ['triage-agent', 'GET', `${O}/issues/{issue_id}/`, { kwargs: { org: 'acme', issue_id: 'web-9z' } }],
  ['all-of-web', 'GET', '/api/0/organizations/', {}],
  ['keys-of-web', 'GET', `${P}/keys/`, { kwargs: WEB }],
  ['reader', 'GET', `${O}/teams/`, { kwargs: { org: 'other' } }],
];
for (const one of ALLOWED) test(`allows ${titleOf(one)}`, () => assert.equal(judge(one), undefined));

const VIOLATIONS: readonly Case[] = [
  ['grafana', 'GET', `${O}/issues/`, { kwargs: { org: 'other' } }],
  ['grafana', 'GET', `${O}/issues/`, { kwargs: { org: '1' } }],
  ['grafana', 'PUT', `${P}/`, { kwargs: WEB }],
  ['grafana', 'OPTIONS', `${P}/`, { kwargs: WEB }],
  ['grafana', 'GET', `${O}/issues/`, { kwargs: ACME, data: { query: 'x' } }],
  ['grafana', 'GET', '/api/0/issues/{issue_id}/', { kwargs: { issue_id: '101' } }],
  ['all-of-acme', 'GET', `${P}/keys/`, { kwargs: WEB }],
  ['all-of-acme', 'GET', `${P}/releases/token/`, { kwargs: WEB }],
  ['all-of-acme', 'GET', '/api/0/sentry-apps/{sentry_app_id_or_slug}/', {}],
  ['all-of-acme', 'GET', '/api/0/internal/options/', {}],
  ['ci-web', 'POST', `${P}/files/difs/assemble/`, { kwargs: SECRET }],
  ['ci-web', 'DELETE', `${O}/releases/{version}/`, { kwargs: { org: 'acme', version: 'web@1.0' } }],
  ['ci-web', 'PUT', `${O}/releases/{version}/`, { kwargs: { org: 'acme', version: 'mixed@1.0' } }],
  ['ci-web', 'PUT', `${O}/releases/{version}/`, { kwargs: { org: 'acme', version: 'nowhere@1.0' } }],
  ['ci-web', 'POST', `${O}/releases/`, { kwargs: ACME, bodyProjects: { projects: ['web', 'secret'] } }],
  ['ci-web', 'POST', `${O}/releases/`, { kwargs: ACME, bodyProjects: {} }],
  ['triage-agent', 'GET', `${O}/issues/`, { kwargs: ACME, projects: 'all' }],
  ['triage-agent', 'GET', `${O}/issues/`, { kwargs: ACME, projects: [11, 13] }],
  ['triage-agent', 'GET', `${O}/issues/`, { kwargs: ACME, projects: [11], query: { shortIdLookup: ['1'] } }],
  ['triage-agent', 'GET', `${O}/issues/{issue_id}/`, { kwargs: { org: 'acme', issue_id: '103' } }],
  ['triage-agent', 'GET', `${O}/issues/{issue_id}/`, { kwargs: { org: 'acme', issue_id: 'SECRET-9' } }],
  ['triage-agent', 'GET', `${O}/issues/{issue_id}/`, { kwargs: { org: 'acme', issue_id: 'web-secret-9' } }],
  ['triage-agent', 'GET', `${P}/events/{event_id}/attachments/`, { kwargs: { ...WEB, event_id: '0' } }],
  ['triage-agent', 'GET', `${O}/issues/{issue_id}/notes/`, { kwargs: { org: 'acme', issue_id: '101' } }],
  ['writer', 'PUT', `${O}/dashboards/{dashboard_id}/`, { kwargs: { org: 'acme', dashboard_id: '7' } }],
  ['expired', 'GET', '/api/0/', {}],
];
for (const one of VIOLATIONS) test(`finds ${titleOf(one)}`, () => assert.equal(typeof judge(one), 'string'));

const arrival = (fields: Record<string, string>, understood: Understood | null = null): Arrival => ({
  ...{ status: 200, requestMethod: 'GET', path: '/', queryString: '', contentType: '', contentLength: '' },
  ...{ fields, understood },
});

test('finds a path that no route matches, but for a client whose rules reach it', () => {
  const at = (path: string) => (client: (typeof CLIENTS)[number]) =>
    arrivalViolation(client, { ...arrival({}), path, requestMethod: 'POST' }, rows) === undefined;
  assert.deepEqual(CLIENTS.filter(at('/api/0/organizations/acme/new/')), []);
  assert.deepEqual(CLIENTS.filter(at('/api/0/projects/acme/web/new/')), []);
  const below = (project: string) => CLIENTS.filter(at(`/api/0/projects/acme/${project}/releases/1/new/`));
  assert.deepEqual([below('web').map(({ name }) => name), below('secret')], [['keys-of-web'], []]);
  assert.deepEqual(CLIENTS.filter(at('/api/0/projects/acme/web/releases/../new/')), []);
});

test('finds credentials that are not exactly the token, and a client’s own beside them', () => {
  assert.equal(flaw(arrival({ HTTP_AUTHORIZATION: 'Bearer a' }), 'a', CLIENTS), undefined);
  assert.equal(typeof flaw(arrival({ HTTP_AUTHORIZATION: 'Bearer b, Bearer a' }), 'a', CLIENTS), 'string');
  const both = { HTTP_AUTHORIZATION: 'Bearer a', HTTP_X: `Bearer ${CLIENTS[0]!.token}` };
  assert.equal(typeof flaw(arrival(both), 'a', CLIENTS), 'string');
});

test('takes only what is looked up for a lookup', () => {
  const lookup = (method: string, template: string, org: string) =>
    lookUpViolation(arrival({}, { method, template, kwargs: { org } }), CLIENTS);
  assert.equal(lookup('GET', `${P}/`, 'acme'), undefined);
  assert.equal(typeof lookup('GET', `${P}/`, 'other'), 'string');
  assert.equal(typeof lookup('GET', `${P}/keys/`, 'acme'), 'string');
  assert.equal(typeof lookup('PUT', `${P}/`, 'acme'), 'string');
});

test('finds other organizations and projects, and a security token, in an answer', () => {
  const ofName = (name: string) => CLIENTS.find((one) => one.name === name)!;
  assert.equal(leak(ofName('ci-web'), '[{"name":"project acme/web"}]'), undefined);
  assert.equal(typeof leak(ofName('ci-web'), '[{"name":"project acme/api"}]'), 'string');
  assert.equal(typeof leak(ofName('grafana'), '[{"name":"organization other"}]'), 'string');
  assert.equal(typeof leak(ofName('reader'), '{"securityToken":"a-security-token"}'), 'string');
});
