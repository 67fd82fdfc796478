// The oracle has to find violations: an oracle that allows everything would find no proxy wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLIENTS } from './clients.ts';
import { arrivalViolation, flaw, lookUpViolation } from './oracle/arrivals.ts';
import { violation } from './oracle/judge.ts';
import { leak } from './oracle/leaks.ts';
import { ENDPOINTS, readRows } from './rows.ts';
import type { Arrival, Understood } from './start.ts';

const rows = readRows(ENDPOINTS);
const WEB = { org: 'acme', project: 'web' };
const SECRET = { org: 'acme', project: 'secret' };
const ACME = { org: 'acme' };
const O = '/api/0/organizations/{org}';
const P = '/api/0/projects/{org}/{project}';

const ISSUE = { org: 'acme', issue_id: 'WEB-1' };
const DETECTOR = { org: 'acme', detector_id: '511' };

const release = (data: Record<string, unknown>) => ({
  data: { ...data, projects: ['web'] },
  bodyProjects: { projects: ['web'] },
});

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
  ['triage-agent', 'GET', `${O}/issues/{issue_id}/`, { kwargs: { org: 'acme', issue_id: 'web-1' } }],
  ['all-of-web', 'GET', '/api/0/organizations/', {}],
  ['keys-of-web', 'GET', `${P}/keys/`, { kwargs: WEB }],
  ['reader', 'GET', `${O}/teams/`, { kwargs: { org: 'other' } }],
  ['grafana', 'GET', '/api/0/issues/{issue_id}/', { kwargs: { issue_id: '101' } }],
  ['triage-agent', 'GET', '/api/0/issues/{issue_id}/', { kwargs: { issue_id: '0102' } }],
  ['by-number', 'GET', `${O}/issues/`, { kwargs: ACME, projects: ['12'], query: { id: ['101'], project: ['12'] } }],
  ['half-rights', 'PUT', `${O}/issues/`, { kwargs: ACME, data: { discard: false, anything: 1 } }],
  ['writer', 'PUT', `${O}/issues/{issue_id}/`, { kwargs: ISSUE, data: { status: 'x', discard: true } }],
  ['ci-web', 'POST', `${O}/releases/`, { kwargs: ACME, ...release({ version: 'new@1.0', ref: 'x' }) }],
  ['ci-web', 'POST', `${O}/releases/`, { kwargs: ACME, data: { version: 'web@1.0' }, bodyProjects: { projects: [] } }],
  ['writer', 'PUT', `${O}/detectors/{detector_id}/`, { kwargs: { org: 'acme', detector_id: '0511' } }],
  ['decided', 'PUT', `${O}/detectors/{detector_id}/`, { kwargs: DETECTOR, data: { data_sources: [{ url: 'x' }] } }],
  ['decided', 'GET', `${O}/repos/`, { kwargs: ACME, query: { id: ['7'] } }],
  ['decided', 'GET', '/api/0/internal/health/', {}],
  ['by-number', 'GET', `${P}/rules/{rule_id}/`, { kwargs: { ...WEB, rule_id: '312' } }],
  ['by-number', 'GET', '/api/0/projects/', { query: { query: ['web'] } }],
  ['secrets-of-web', 'GET', `${P}/rules/{rule_id}/`, { kwargs: { ...WEB, rule_id: 'a-new-name' } }],
  ['by-number', 'GET', '/api/0/seer/models/', { query: { id: ['7'] } }],
  ['not-these', 'GET', `${O}/issues/{issue_id}/`, { kwargs: { org: 'acme', issue_id: 'SECRET-2' } }],
  ['not-these', 'GET', `${P}/rules/{rule_id}/`, { kwargs: { ...WEB, rule_id: '3110' } }],
];
for (const one of ALLOWED) test(`allows ${titleOf(one)}`, () => assert.equal(judge(one), undefined));

const VIOLATIONS: readonly Case[] = [
  ['grafana', 'GET', `${O}/issues/`, { kwargs: { org: 'other' } }],
  ['grafana', 'GET', `${O}/issues/`, { kwargs: { org: '1' } }],
  ['grafana', 'PUT', `${P}/`, { kwargs: WEB }],
  ['grafana', 'OPTIONS', `${P}/`, { kwargs: WEB }],
  ['grafana', 'GET', `${O}/issues/`, { kwargs: ACME, data: { query: 'x' } }],
  ['grafana', 'GET', '/api/0/issues/{issue_id}/', { kwargs: { issue_id: '201' } }],
  ['grafana', 'GET', '/api/0/issues/{issue_id}/', { kwargs: { issue_id: 'WEB-1' } }],
  ['grafana', 'GET', `${O}/events/`, { kwargs: ACME, query: { dashboardWidgetId: ['5'] } }],
  ['half-rights', 'GET', `${P}/files/dsyms/`, { kwargs: WEB, query: { id: ['5'] } }],
  ['half-rights', 'PUT', `${O}/issues/`, { kwargs: ACME, data: { discard: true } }],
  ['half-rights', 'PUT', `${O}/issues/`, { kwargs: ACME, data: { is_public: true } }],
  ['half-rights', 'PUT', `${O}/issues/`, { kwargs: ACME, data: { DISCARD: ['false'] } }],
  ['by-number', 'GET', `${O}/issues/`, { kwargs: ACME, projects: ['12'], query: { id: ['101', 'SECRET-1'] } }],
  ['by-number', 'GET', `${O}/stats_v2/`, { kwargs: ACME, projects: ['12'], query: { issue: ['103'] } }],
  ['by-number', 'GET', `${O}/issues/`, { kwargs: ACME, projects: ['12'], namesEvent: true }],
  ['by-number', 'GET', `${O}/projects/`, { kwargs: ACME, query: { cursor: ['0:1:0'] } }],
  ['by-number', 'GET', '/api/0/projects/', { query: { show: ['all'] } }],
  ['by-number', 'GET', '/api/0/projects/', { query: { per_page: ['1'] } }],
  ['by-number', 'GET', '/api/0/issues/{issue_id}/', { kwargs: { issue_id: '103' } }],
  [
    'writer',
    'PUT',
    `${O}/issues/{issue_id}/`,
    { kwargs: ISSUE, data: { statusDetails: { inCommit: { commit: 'x' } } } },
  ],
  ['writer', 'PUT', `${O}/issues/{issue_id}/`, { kwargs: ISSUE, data: { status: 'x', new_key: 1 } }],
  ['writer', 'PUT', `${O}/detectors/{detector_id}/`, { kwargs: DETECTOR, data: { config: { mode: 1 } } }],
  ['writer', 'POST', `${O}/releases/`, { kwargs: ACME, ...release({ version: ' mixed@1.0' }) }],
  ['writer', 'POST', `${O}/releases/`, { kwargs: ACME, ...release({ version: 'web@1.0', commits: [] }) }],
  ['writer', 'POST', `${P}/alert-rules/`, { kwargs: WEB, data: { projects: ['web', 'secret'] } }],
  ['writer', 'GET', `${P}/stats/`, { kwargs: WEB, query: { project: ['13'] }, projects: [13] }],
  ['by-number', 'GET', `${P}/rules/{rule_id}/`, { kwargs: { ...WEB, rule_id: '313' } }],
  ['by-number', 'GET', `${P}/alert-rules/{alert_rule_id}/`, { kwargs: { ...WEB, alert_rule_id: '413' } }],
  ['by-number', 'GET', `${P}/alert-rules/{alert_rule_id}/`, { kwargs: { ...SECRET, alert_rule_id: '411' } }],
  ['secrets-of-web', 'GET', `${P}/rules/{rule_id}/`, { kwargs: { ...WEB, rule_id: '\uff13\uff11\uff13' } }],
  ['by-number', 'GET', `${O}/repos/`, { kwargs: ACME }],
  ['decided', 'GET', `${P}/releases/token/`, { kwargs: WEB }],
  ['triage-agent', 'GET', '/api/0/issues/{issue_id}/notes/', { kwargs: { issue_id: '101' } }],
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
  ['ci-web', 'POST', `${O}/releases/`, { kwargs: ACME, data: { version: 'new' }, bodyProjects: { projects: [] } }],
  ['triage-agent', 'GET', `${O}/issues/`, { kwargs: ACME, projects: 'all' }],
  ['triage-agent', 'GET', `${O}/issues/`, { kwargs: ACME, projects: [11, 13] }],
  ['triage-agent', 'GET', `${O}/issues/`, { kwargs: ACME, projects: [11], query: { shortIdLookup: ['1'] } }],
  ['triage-agent', 'GET', `${O}/issues/{issue_id}/`, { kwargs: { org: 'acme', issue_id: '103' } }],
  ['triage-agent', 'GET', `${O}/issues/{issue_id}/`, { kwargs: { org: 'acme', issue_id: 'WEB-9' } }],
  // It moved to another project.
  ['triage-agent', 'GET', `${O}/issues/{issue_id}/`, { kwargs: { org: 'acme', issue_id: 'WEB-7' } }],
  ['triage-agent', 'GET', `${O}/issues/{issue_id}/`, { kwargs: { org: 'acme', issue_id: 'SECRET-1' } }],
  ['triage-agent', 'GET', `${P}/events/{event_id}/attachments/`, { kwargs: { ...WEB, event_id: '0' } }],
  ['triage-agent', 'GET', `${O}/issues/{issue_id}/notes/`, { kwargs: { org: 'acme', issue_id: '101' } }],
  ['writer', 'PUT', `${O}/dashboards/{dashboard_id}/`, { kwargs: { org: 'acme', dashboard_id: '7' } }],
  ['not-these', 'GET', `${O}/issues/{issue_id}/events/`, { kwargs: { org: 'acme', issue_id: 'secret-0I' } }],
  ['not-these', 'PUT', `${O}/issues/{issue_id}/`, { kwargs: { org: 'acme', issue_id: '103' } }],
  ['not-these', 'GET', `${P}/rules/{rule_id}/`, { kwargs: { ...WEB, rule_id: '0311' } }],
  [
    'not-these',
    'GET',
    `${O}/monitors/{monitor_id_or_slug}/`,
    { kwargs: { org: 'acme', monitor_id_or_slug: 'A0000000000000000000000000000011' } },
  ],
  ['expired', 'GET', '/api/0/', {}],
];
for (const one of VIOLATIONS) test(`finds ${titleOf(one)}`, () => assert.equal(typeof judge(one), 'string'));

const arrival = (fields: Record<string, string>, understood: Understood | null = null): Arrival => ({
  ...{ status: 200, requestMethod: 'GET', path: '/', queryString: '', contentType: '', contentLength: '' },
  ...{ fields, understood },
});

test('finds a path that no route matches, except for a client whose rules reach it', () => {
  const at = (path: string) => (client: (typeof CLIENTS)[number]) =>
    arrivalViolation(client, { ...arrival({}), path, requestMethod: 'POST' }, rows) === undefined;
  assert.deepEqual(CLIENTS.filter(at('/api/0/organizations/acme/new/')), []);
  const named = (path: string) => CLIENTS.filter(at(path)).map(({ name }) => name);
  assert.deepEqual(named('/api/0/projects/acme/web/new/'), ['secrets-of-web']);
  const below = (project: string) => named(`/api/0/projects/acme/${project}/releases/1/new/`);
  assert.deepEqual([below('web'), below('secret')], [['keys-of-web', 'secrets-of-web'], []]);
  assert.deepEqual(CLIENTS.filter(at('/api/0/projects/acme/web/releases/../new/')), []);
});

test('finds credentials that are not exactly the token, and a client’s own next to them', () => {
  assert.equal(flaw(arrival({ HTTP_AUTHORIZATION: 'Bearer a' }), 'a', CLIENTS), undefined);
  assert.equal(typeof flaw(arrival({ HTTP_AUTHORIZATION: 'Bearer b, Bearer a' }), 'a', CLIENTS), 'string');
  const both = { HTTP_AUTHORIZATION: 'Bearer a', HTTP_X: `Bearer ${CLIENTS[0]!.token}` };
  assert.equal(typeof flaw(arrival(both), 'a', CLIENTS), 'string');
});

test('takes only what is looked up for a lookup', () => {
  const lookup = (method: string, template: string, org: string) =>
    lookUpViolation(arrival({}, { method, template, kwargs: { org } }), CLIENTS);
  assert.equal(lookup('GET', `${P}/`, 'acme'), undefined);
  assert.equal(lookup('GET', `${O}/detectors/{detector_id}/`, 'acme'), undefined);
  assert.equal(typeof lookup('GET', `${P}/`, 'third'), 'string');
  assert.equal(typeof lookup('GET', `${P}/keys/`, 'acme'), 'string');
  assert.equal(typeof lookup('PUT', `${P}/`, 'acme'), 'string');
});

test('finds other organizations and projects, and what is removed, in an answer', () => {
  const ofName = (name: string) => CLIENTS.find((one) => one.name === name)!;
  const of = (name: string, answer: string) => leak(ofName(name), answer, undefined, rows);
  assert.equal(of('ci-web', '[{"name":"project acme/web"}]'), undefined);
  assert.equal(typeof of('ci-web', '[{"name":"project acme/api"}]'), 'string');
  assert.equal(typeof of('grafana', '[{"name":"organization other"}]'), 'string');
  assert.equal(typeof of('reader', '{"securityToken":"a secret"}'), 'string');
  assert.equal(typeof of('by-number', '{"teams":"a secret of others"}'), 'string');
  assert.equal(of('grafana', '{"teams":"a secret of others"}'), undefined);

  const project: Understood = { template: `${P}/`, method: 'GET', kwargs: WEB };
  assert.equal(leak(ofName('secrets-of-web'), '{"securityToken":"a secret"}', project, rows), undefined);
  const list: Understood = { template: `${O}/projects/`, method: 'GET', kwargs: ACME };
  const answer = 'HTTP/1.1 200 OK\r\nLink: <x>; rel="next"; results="true"\r\n\r\n[]';
  assert.equal(typeof leak(ofName('by-number'), answer, list, rows), 'string');
  assert.equal(leak(ofName('grafana'), answer, list, rows), undefined);
});
