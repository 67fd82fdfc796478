import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { limitByPlace } from '../../src/policy/resource.ts';
import { endpointOf, walk } from '../../src/policy/sentry/endpoint-table.ts';
import { parseTarget } from '../../src/policy/sentry/target.ts';
import { generate, leastScopes, readSource, type SourceRow } from '../../tools/endpoints.ts';
import { exampleTarget } from './examples.ts';

const source = readSource();
const generated = readFileSync(new URL('../../src/policy/sentry/endpoints.ts', import.meta.url), 'utf8');

const withRow = (row: Partial<SourceRow>) => ({
  ...source,
  rows: [
    { method: 'GET', path: '/api/0/seer/x/', scopes: ['org:read'], limit: 'refuse', source: 'openapi', ...row },
  ] as SourceRow[],
});

describe('the table of endpoints', () => {
  it('is what its generator makes of the data', () => {
    assert.equal(generate(source), generated);
  });

  it('has the 296 rows that are in the schema or were checked', () => {
    assert.equal(source.rows.length, 296);
  });

  it('takes at most 6 KB, gzipped', () => {
    assert.ok(gzipSync(generated, { level: 9 }).length <= 6 * 1024);
  });

  it('leads each row back to its scopes, its limit and its secret', () => {
    for (const row of source.rows) {
      const target = parseTarget(exampleTarget(row.path));
      assert.ok(typeof target !== 'string', row.path);
      const endpoint = endpointOf(walk(target), row.method);
      assert.ok(endpoint, `${row.method} ${row.path}`);
      assert.deepEqual(endpoint.anyOf, leastScopes(row), row.path);
      assert.equal(endpoint.isSecret, row.secret !== undefined, row.path);
      assert.equal(
        endpoint.limit ?? limitByPlace(target),
        row.path.includes('{org}') ? LIMITS[row.limitBasis ?? row.bodyKey ?? row.limit] : 'refuse',
        row.path,
      );
    }
  });

  it('guards all that is below a guarded path', () => {
    for (const { path } of source.guarded) {
      const [at, below] = [exampleTarget(path), exampleTarget(`${path}x/y`)].map((text) => parseTarget(text));
      assert.ok(typeof at !== 'string' && typeof below !== 'string', path);
      assert.ok(walk(at!).isGuarded, path);
      assert.equal(walk(below!).isGuarded, path !== '/api/0/projects/', path);
    }
  });

  it('lets no read scope write', () => {
    const writes = source.rows.filter(({ method }) => method !== 'GET' && method !== 'HEAD');
    const open = writes.filter((row) => (row.proxyScopes ?? row.scopes).some((scope) => scope.endsWith(':read')));
    assert.deepEqual(open, []);
  });
});

describe('the generator of the table', () => {
  it('refuses a row that is neither in the schema nor verified', () => {
    assert.throws(() => generate(withRow({ source: 'permission-class' })), /neither openapi nor verified/);
    assert.throws(() => generate(withRow({ source: 'permission-class', verified: false })), /neither openapi nor/);
    assert.match(generate(withRow({ source: 'permission-class', verified: true })), /seer\/x\/ 0\n/);
  });

  it('refuses a row that would let a read scope write', () => {
    assert.throws(() => generate(withRow({ method: 'PUT' })), /would let a read scope write/);
    assert.match(generate(withRow({ method: 'PUT', proxyScopes: ['org:write'] })), /seer\/x\/ U1\n/);
  });

  it('refuses a write beside a secret that says nothing of its own answer', () => {
    const [row] = withRow({ secret: 'a key' }).rows;
    const writes = ['POST', 'PUT', 'PATCH'].flatMap((method) => [
      { ...row!, method, scopes: ['org:write'], secret: undefined },
      { ...row!, method, scopes: ['org:write'], secret: undefined, path: `${row!.path}{id}/` },
    ]);
    for (const { secret: _, ...write } of writes) {
      const withWrite = (change: object) => ({ ...source, rows: [row!, { ...write, ...change }] });
      assert.throws(() => generate(withWrite({})), /may answer with the secret of its GET/);
      assert.doesNotThrow(() => generate(withWrite({ secret: 'the key' })));
      assert.doesNotThrow(() => generate(withWrite({ noSecret: 'the key is masked' })));
    }
  });

  it('refuses a limit or a method that the table cannot hold', () => {
    assert.throws(() => generate(withRow({ limit: 'perhaps' })), /limit that is not known/);
    assert.throws(() => generate(withRow({ method: 'TRACE' })), /method that the table cannot hold/);
  });

  it('refuses the same method and path twice, and a parameter under two names', () => {
    const [row] = withRow({}).rows;
    assert.throws(() => generate({ ...source, rows: [row!, row!] }), /is there twice/);
    const one = { ...row!, path: '/api/0/seer/{id}/' };
    const other = { ...row!, path: '/api/0/seer/{uuid}/x/' };
    assert.throws(() => generate({ ...source, rows: [one, other] }), /a second name/);
  });
});

/** What the policy calls the limits of the data: the basis of a query, the key of a body, or the limit itself. */
const LIMITS: Readonly<Record<string, string>> = {
  path: 'path',
  lookup: 'lookup',
  'code-read': 'query',
  'openapi-param': 'query',
  inferred: 'inferred',
  projects: 'body-projects',
  project: 'body-project',
  'filter-response': 'filter',
  'filter-projects': 'filter-projects',
  'none-needed': 'none',
  refuse: 'refuse',
};
