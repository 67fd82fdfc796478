import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decide } from '../../src/policy/decide.ts';
import { isEventId } from '../../src/policy/sentry/parameters.ts';
import { clientOf } from './examples.ts';

const HELD = clientOf({ scopes: ['*'], projects: ['acme/11'] });
const WHOLE = clientOf({ scopes: ['*'], orgs: ['acme'] });
const ORG = '/api/0/organizations/acme';
const PROJECT = '/api/0/projects/acme/11';

/** The query that a request goes out with, or why it is refused. */
function outcome(target: string, client = HELD, method = 'GET'): string {
  const decision = decide(client, method, target, 0);
  if (decision.kind === 'refuse') return `refuse ${decision.reason}`;
  return decision.kind === 'allow' ? (decision.query ?? 'as it is') : 'conditional';
}

describe('a query of a client with projects', () => {
  it('is narrowed where it means all projects, as where it names none', () => {
    for (const query of [
      '',
      'project=-1',
      'project=$all',
      'project=%24all',
      'projectSlug=$all',
      'project=-1&project=11',
    ])
      assert.equal(outcome(`${ORG}/issues/?${query}`), 'project=11', query);
    const bySlug = clientOf({ scopes: ['*'], projects: ['acme/web'] });
    assert.equal(outcome(`${ORG}/issues/?projectSlug=web`, bySlug), 'conditional');
    assert.equal(outcome(`${ORG}/issues/?project=12`), 'refuse project');
    assert.equal(outcome(`${ORG}/issues/?project=12&project=11`), 'project=11');
  });

  it('may not select a thing by its id, unless the row says that it is limited to the project', () => {
    for (const name of [
      'id',
      'ids',
      'issueId',
      'issue_id',
      'searchId',
      'viewId',
      'savedSearch',
      'monitorSlug',
      'options',
    ])
      assert.equal(outcome(`${ORG}/stats_v2/?${name}=1`), 'refuse query', name);
    for (const name of ['projectId', 'project_id', 'project_id_or_slug', 'Project', 'project[]', 'shortIdLookup'])
      assert.equal(outcome(`${ORG}/stats_v2/?${name}=1`), 'refuse query', name);
    assert.equal(
      outcome(`${ORG}/stats_v2/?statsPeriod=1h&field=x&interval=1h`),
      'statsPeriod=1h&field=x&interval=1h&project=11',
    );
  });

  it('may select what the row holds to the project, also where the row refuses nothing', () => {
    assert.equal(outcome(`${ORG}/preprodartifacts/snapshots/latest-base/?app_id=app`), 'app_id=app&project=11');
    assert.equal(outcome(`${PROJECT}/files/dsyms/unknown/?id=4711`), 'as it is');
    assert.equal(outcome(`${PROJECT}/files/dsyms/unknown/?issueId=4711`), 'refuse query');
    assert.equal(outcome(`${PROJECT}/trace-items/abc123/?trace_id=abc&item_type=spans`), 'as it is');
    assert.equal(outcome(`${PROJECT}/stacktrace-link/?file=a.py&commitId=abc&groupId=5`), 'as it is');
    assert.equal(outcome(`${ORG}/profiling/chunks/?profiler_id=abc&project=12`), 'refuse project');
    assert.equal(outcome(`${ORG}/profiling/chunks/?profiler_id=abc`), 'profiler_id=abc&project=11');
  });

  it('is looked at below a project as well', () => {
    assert.equal(outcome(`${PROJECT}/issues/?shortIdLookup=1&query=OTHER-5`), 'refuse query');
    assert.equal(outcome(`${PROJECT}/issues/?id=OTHER-5`, HELD, 'PUT'), 'refuse query');
    assert.equal(outcome(`${PROJECT}/issues/?id=4711`, HELD, 'PUT'), 'conditional');
    assert.equal(outcome(`${ORG}/issues/?id=4711&id=OTHER-5`, HELD, 'PUT'), 'refuse query');
    assert.equal(outcome(`${ORG}/detectors/?id=7`), 'refuse query');
  });

  it('is looked at where the path names no organization', () => {
    for (const query of ['show=all', 'id=101', 'project=11', 'project=-1&show=all'])
      assert.equal(outcome(`/api/0/projects/?${query}`), 'refuse query', query);
    assert.equal(outcome('/api/0/projects/?query=web&status=active&per_page=5'), 'as it is');
    assert.equal(outcome('/api/0/projects/?project=-1&query=web'), 'query=web');
    assert.equal(outcome('/api/0/projects/?show=all&project=11', WHOLE), 'as it is');
    assert.equal(outcome('/api/0/issues/101/events/?project=11'), 'refuse query');
  });

  it('may have what the row says is harmless, or what a rule or a scope grants, with any name', () => {
    for (const path of ['files/dsyms/unknown/', 'files/source-maps/'])
      assert.equal(outcome(`${PROJECT}/${path}?id=x`), 'as it is', path);
    const reader = { scopes: ['project:read'], projects: ['acme/11'] };
    const download = `${PROJECT}/files/dsyms/?id=7`;
    assert.equal(outcome(download, clientOf(reader)), 'refuse scope');
    assert.equal(outcome(download, clientOf({ ...reader, scopes: ['project:write'] })), 'as it is');
    const rule = 'GET /api/0/projects/{org}/{project}/files/dsyms/';
    assert.equal(outcome(download, clientOf({ ...reader, allow: [rule] })), 'as it is');
    assert.equal(outcome(`${PROJECT}/files/dsyms/unknown/?issueId=7`), 'refuse query');
  });

  it('of any client lacks what no row lets through', () => {
    for (const client of [HELD, WHOLE])
      assert.equal(outcome(`${ORG}/projects/?options=sentry:token`, client), 'refuse query');
    assert.equal(outcome(`${ORG}/dashboards/?filter=excludeFavorites`, WHOLE), 'refuse query');
    assert.equal(outcome(`${ORG}/dashboards/?filter=onlyFavorites`, WHOLE), 'as it is');
    assert.equal(outcome(`${ORG}/events/?dashboardWidgetId=5`, WHOLE), 'refuse query');
  });
});

describe('an event id', () => {
  const HEX = '0123456789abcdef0123456789abcdef';

  it("is any text that Python's uuid.UUID() takes", () => {
    for (const text of [
      HEX,
      HEX.toUpperCase(),
      '01234567-89ab-cdef-0123-456789abcdef',
      `{${HEX}}`,
      `urn:uuid:${HEX}`,
      `uuid:${HEX}`,
      `uurn:rn:${HEX}`.replace('uurn:rn:', 'urn:urn:'),
      `+${HEX.slice(1)}`,
      `0x${HEX.slice(2)}`,
      `0X${HEX.slice(2)}`,
      `0_${HEX.slice(2)}`,
      ` ${HEX.slice(1)}`,
      `{ ${HEX.slice(2)} }`,
      `${HEX.slice(1)}\u00a0`,
      `\u2003${HEX.slice(1)}`,
      `\u001f${HEX.slice(1)}`,
      `\u0085${HEX.slice(1)}`,
      `\u0661${HEX.slice(1)}`,
      `  ${HEX}  `,
      `0-1-2-3${HEX.slice(4)}`,
      `+0x${HEX.slice(3)}`,
    ])
      assert.ok(isEventId(text), JSON.stringify(text));
  });

  it('is not any other text', () => {
    for (const text of ['is:unresolved', HEX.slice(1), `${HEX}0`, `g${HEX.slice(1)}`, '', `issue ${HEX}`])
      assert.ok(!isEventId(text), text);
  });

  it('is not looked for by a client with projects', () => {
    for (const text of [HEX, `urn:uuid:${HEX}`, `%2B${HEX.slice(1)}`, `+${HEX.slice(1)}`])
      assert.equal(outcome(`${ORG}/issues/?query=${text}`), 'refuse query', text);
    assert.equal(outcome(`${ORG}/issues/?query=${HEX}`, WHOLE), 'as it is');
  });
});
