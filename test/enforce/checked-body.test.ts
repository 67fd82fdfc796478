import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkBody } from '../../src/enforce/checked-body.ts';
import { limitsOf } from '../../src/policy/fields.ts';
import type { Fields } from '../../src/policy/sentry/endpoint.ts';
import { clientOf } from '../policy/examples.ts';

const CLIENT = clientOf({ scopes: ['event:write'], projects: ['acme/web'] });

const FIELDS: Fields = {
  keys: {
    discard: { needs: 'event:admin', unless: [false, null] },
    isPublic: { needs: 'rule', unless: [false] },
    workflowIds: 'never with projects',
    useCase: 'never',
    'statusDetails.inCommit': 'never with projects',
    'dataSources.mode': 'rule',
    projects: 'projects',
    version: 'release',
  },
  only: ['status', 'statusDetails', 'dataSources', 'config.name'],
};

interface RawSettings {
  readonly isHeld?: boolean;
  readonly isByRule?: boolean;
  readonly required?: string;
}

/** What is said of a body: why it is refused, or the projects and releases in it. */
function said(body: unknown, { isHeld = true, isByRule = false, required }: RawSettings = {}): string {
  const limits = limitsOf(FIELDS, { client: CLIENT, isHeld, isByRule, rule: 'PUT /x/', part: 'body' });
  assert.ok(limits);
  const bytes = new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
  const checked = checkBody(bytes, limits, required);
  if ('reason' in checked) return `${checked.reason}: ${checked.text}`;
  return [...checked.projects, ...checked.releases].join(' ');
}

describe('a key of a body', () => {
  it('that needs a finer scope is refused without it, except for harmless values', () => {
    for (const value of [true, 'true', 1, 'false', [], {}])
      assert.equal(said({ discard: value }), 'scope: sent discard, which needs the scope event:admin', String(value));
    assert.equal(said({ discard: false }), '');
    assert.equal(said({ discard: null, status: 'resolved' }), '');
  });

  it('that needs a rule is refused without one', () => {
    assert.equal(said({ isPublic: true }), 'no_rule: sent isPublic, which needs an allow rule: "PUT /x/"');
    assert.equal(said({ isPublic: true, discard: true, dataSources: [{ mode: 1 }] }, { isByRule: true }), '');
  });

  it('is the same in every spelling that Sentry may read as one', () => {
    for (const key of [
      'workflowIds',
      'workflow_ids',
      'workflow_Ids',
      'WorkflowIds',
      'workflow-ids',
      '\\u0077orkflowIds',
    ])
      assert.match(said(`{"${key}":[1]}`), /^body: sent workflowIds, which a client that is limited to projects/, key);
  });

  it('that refers beyond the project is refused to clients with projects alone', () => {
    assert.equal(said({ workflowIds: [1] }, { isHeld: false }), '');
    assert.match(said({ useCase: 'x' }, { isHeld: false }), /^body: sent useCase, which no named client/);
  });

  it('is found below other keys and in lists', () => {
    assert.match(said({ statusDetails: { inCommit: { commit: 'a' } } }), /^body: sent statusDetails.inCommit/);
    assert.match(said({ status_details: { in_commit: 'a' } }), /^body: sent statusDetails.inCommit/);
    assert.match(said({ dataSources: [{ url: 'a' }, [{ mode: 1 }]] }), /^no_rule: sent dataSources.mode/);
    assert.match(said([{ status: 'x' }, { discard: true }]), /^scope: sent discard/);
    assert.equal(said({ statusDetails: { inRelease: 'latest', discard: true } }), '');
  });

  it('that the row does not list is refused by name to clients with projects', () => {
    const text = 'body: sent a body that is not accepted: a client that is limited to projects may not send';
    assert.equal(said({ surprise: 1 }), `${text} surprise in it`);
    assert.equal(said({ surprise: 1 }, { isHeld: false }), '');
    // A token may stand in the place of a name.
    assert.equal(said({ sntryu_0123456789: 1 }), `${text} a key in it`);
    assert.equal(said({ config: { name: 'a' } }), '');
    assert.equal(said({ config: { name: 'a', owner: 1 } }), `${text} owner in it`);
  });

  it('that may name projects or a release is looked at if it is there', () => {
    assert.equal(said({ projects: ['web', 12], version: '1.0' }), 'web 12 1.0');
    assert.equal(said({ projects: 'web' }), 'web');
    assert.equal(said({ projects: [] }), '');
    assert.equal(said({ projects: null }), '');
    for (const projects of [[true], [1.5], ['*'], [{}], { id: 1 }, '-1', '$all', ['1_2']])
      assert.match(said({ projects }), /^body: .*neither a slug nor an id/, JSON.stringify(projects));
    for (const version of [' 1.0', 1, null, ['1.0'], '']) assert.match(said({ version }), /^body: /, String(version));
  });
});

describe('a body', () => {
  it('that names projects has to name some', () => {
    assert.equal(said({ projects: ['web'] }, { required: 'projects' }), 'web');
    for (const body of [{}, { projects: [] }, { projects: 'web' }, { Projects: ['web'] }, { projects: null }, '', '[]'])
      assert.match(said(body, { required: 'projects' }), /^body: /, JSON.stringify(body));
    assert.equal(said({ project: 'web' }, { required: 'project' }), 'web');
    for (const body of [{}, { project: null }, { project: ['web'] }, { project: '' }, { Project: 'web' }])
      assert.match(said(body, { required: 'project' }), /^body: /, JSON.stringify(body));
  });

  it('that no reader reads alike is refused', () => {
    for (const body of [
      'discard=true',
      '{"discard":false,"discard":true}',
      '{"discard":false,"\\u0064iscard":true}',
      '\ufeff{"status":"resolved"}',
      '{"a":NaN}',
      '"discard"',
      '[1]',
      '{"status":',
    ])
      assert.match(said(body), /^body: /, body);
  });

  it('may be empty where nothing has to be named', () => {
    assert.equal(said(''), '');
  });
});
