import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { endpointOf, matchRoute } from '../../src/policy/sentry/endpoint-table.ts';
import { parseTarget } from '../../src/policy/sentry/target.ts';
import { endpointFrom, generate } from '../../tools/endpoints.ts';
import { QUESTIONS, type Question, readSource, type SourceRow } from '../../tools/source-row.ts';
import { exampleTarget } from './examples.ts';

const source = readSource();
const generated = readFileSync(new URL('../../src/policy/sentry/endpoints.ts', import.meta.url), 'utf8');

const READ = 'api/endpoints/seer_x.py@57915b5d';

/** A row that answers all questions and holds nothing that closes it. */
const ROW: SourceRow = {
  method: 'GET',
  path: '/api/0/projects/{org}/{project}/seer-x/',
  scopes: ['project:read'],
  projects: 'path',
  scopesBasis: READ,
  evidence: { ids: READ, body: READ, finer: READ, answer: READ, keeps: READ, spellings: READ, lists: READ },
  confidence: 'read',
};

const withRow = (row: Partial<Record<keyof SourceRow, unknown>>) => ({
  ...source,
  rows: [{ ...ROW, ...row } as SourceRow],
});

describe('the table of endpoints', () => {
  it('is what its generator makes of the data', () => {
    assert.equal(generate(source), generated);
  });

  it('takes at most 12 KB, gzipped', () => {
    assert.ok(gzipSync(generated, { level: 9 }).length <= 12 * 1024);
  });

  it('leads each row back to what its data say', () => {
    for (const row of source.rows) {
      const target = parseTarget(exampleTarget(row.path));
      assert.ok(typeof target !== 'string', row.path);
      assert.deepEqual(endpointOf(matchRoute(target), row.method), endpointFrom(row), `${row.method} ${row.path}`);
    }
  });

  it('guards all that is below a guarded path', () => {
    for (const { path } of source.guarded) {
      const [at, below] = [exampleTarget(path), exampleTarget(`${path}x/y`)].map((text) => parseTarget(text));
      assert.ok(typeof at !== 'string' && typeof below !== 'string', path);
      assert.ok(matchRoute(at!).needsExplicitAllow, path);
      assert.equal(matchRoute(below!).needsExplicitAllow, path !== '/api/0/projects/', path);
    }
  });

  it('lets no read scope write', () => {
    const writes = source.rows.filter(({ method }) => method !== 'GET' && method !== 'HEAD');
    const open = writes.filter((row) => (row.proxyScopes ?? row.scopes).some((scope) => scope.endsWith(':read')));
    assert.deepEqual(open, []);
  });

  it('names a file of Sentry and its commit for everything that it answers', () => {
    for (const { method, path, evidence } of source.rows) {
      for (const [question, text] of Object.entries(evidence)) {
        assert.ok(question in QUESTIONS, `${method} ${path} ${question}`);
        const referred = /^as (\w+)/.exec(text)?.[1] as Question | undefined;
        const own = referred === undefined ? text : evidence[referred];
        assert.match(own ?? '', /\w@|\.py|^none:/, `${method} ${path} ${question}`);
      }
    }
  });
});

describe('a row without evidence', () => {
  const without = (question: Question, row: Partial<SourceRow> = {}) => {
    const { [question]: _, ...evidence } = ROW.evidence;
    return endpointFrom({ ...ROW, ...row, evidence });
  };

  it('on ids is refused to clients with projects', () => {
    assert.equal(endpointFrom(ROW).projects, 'path');
    assert.equal(without('ids').projects, 'refuse');
  });

  it('on the body is refused to clients with projects, if it writes', () => {
    for (const method of ['POST', 'PUT', 'PATCH']) {
      assert.equal(without('body', { method, scopes: ['project:write'] }).projects, 'refuse', method);
    }
    assert.equal(without('body').projects, 'path');
  });

  it('on what is left of a filtered response is refused to clients with projects', () => {
    assert.equal(without('lists', { projects: 'filter' }).projects, 'refuse');
    assert.equal(without('lists').projects, 'path');
  });

  it('on finer rights, or on stored secrets, needs a rule, if it writes', () => {
    for (const question of ['finer', 'keeps'] as const) {
      assert.equal(without(question, { method: 'PUT', scopes: ['project:write'] }).needsRule, 'unproven', question);
      assert.equal(without(question).needsRule, undefined, question);
    }
  });

  it('on its response needs a rule', () => {
    assert.equal(without('answer').needsRule, 'unproven');
    assert.equal(endpointFrom(ROW).needsRule, undefined);
  });

  it('but a guess is refused to clients with projects, and needs a rule', () => {
    const guess = endpointFrom({ ...ROW, confidence: 'inferred' });
    assert.equal(guess.projects, 'refuse');
    assert.equal(guess.needsRule, 'unproven');
  });
});

describe('the generator of the table', () => {
  it('refuses a row that would let a read scope write', () => {
    assert.throws(() => generate(withRow({ method: 'PUT' })), /would let a read scope write/);
    assert.match(generate(withRow({ method: 'PUT', proxyScopes: ['org:write'] })), /PUT: { scopes: \['org:write'\]/);
  });

  it('refuses a write next to a secret that says nothing about its own response', () => {
    const [row] = withRow({ secret: 'a key' }).rows;
    const writes = ['POST', 'PUT', 'PATCH'].flatMap((method) => [
      { ...row!, method, scopes: ['org:write'], secret: undefined },
      { ...row!, method, scopes: ['org:write'], secret: undefined, path: `${row!.path}{id}/` },
    ]);
    for (const { secret: _, ...write } of writes) {
      const withWrite = (change: object) => ({ ...source, rows: [row!, { ...write, ...change } as SourceRow] });
      assert.throws(() => generate(withWrite({})), /may answer with the secret of its GET/);
      assert.doesNotThrow(() => generate(withWrite({ secret: 'the key' })));
      assert.doesNotThrow(() => generate(withWrite({ noSecret: 'the key is masked' })));
    }
  });

  it('refuses what the table cannot hold', () => {
    assert.throws(() => generate(withRow({ projects: 'perhaps' })), /limit that is not known/);
    assert.throws(() => generate(withRow({ projects: ['path', 'lookup:moon'] })), /limit that is not known/);
    assert.throws(() => generate(withRow({ method: 'TRACE' })), /method that the table cannot hold/);
    assert.throws(() => generate(withRow({ scopes: ['org:fly'] })), /unknown scope/);
    assert.throws(() => generate(withRow({ body: { keys: { discard: 'org:fly' } } })), /need that is not known/);
  });

  it('refuses the same method and path twice, and a parameter under two names', () => {
    const [row] = withRow({}).rows;
    assert.throws(() => generate({ ...source, rows: [row!, row!] }), /is there twice/);
    const one = { ...row!, path: '/api/0/seer/{id}/' };
    const other = { ...row!, path: '/api/0/seer/{uuid}/x/' };
    assert.throws(() => generate({ ...source, rows: [one, other] }), /a second name/);
  });
});
