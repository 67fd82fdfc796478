import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Ajv } from 'ajv';
import { SCOPES } from '../../src/policy/sentry/scopes.ts';
import { readTokens } from '../../src/tokens/tokens-file.ts';

const ENTRY = { name: 'acme-ci', token: 'sntrys_1', orgs: ['acme'], scopes: ['org:ci'] };

const read = (tokens: unknown, mayNameFiles = true) => readTokens(JSON.stringify({ tokens }), mayNameFiles);
const problemsOf = (tokens: unknown, mayNameFiles?: boolean) =>
  read(tokens, mayNameFiles).problems.map(({ place, text }) => `${place}: ${text}`);

describe('a tokens file', () => {
  it('gives each token its organizations, and its scopes with those that they imply', () => {
    const { problems, entries } = read([
      ENTRY,
      { name: 'people', tokenFile: '/run/secrets/people', orgs: ['*'], scopes: ['event:admin', 'member:read'] },
      { name: 'reader', token: 'x', orgs: ['1'], scopes: ['readonly'] },
    ]);
    assert.deepEqual(problems, []);
    const [ci, people, reader] = entries;
    assert.deepEqual(ci?.origin, { token: 'sntrys_1' });
    assert.deepEqual([...(ci?.orgs ?? [])], ['acme']);
    assert.deepEqual(people?.origin, { file: '/run/secrets/people' });
    assert.equal(people?.orgs, undefined);
    assert.deepEqual([...people!.scopes].sort(), ['event:admin', 'event:read', 'event:write', 'member:read']);
    assert.ok(reader!.scopes.has('project:read') && !reader!.scopes.has('project:write'));
  });

  it('has no tokens if it was emptied', () => {
    for (const text of ['', ' \n', '{"tokens":[]}']) {
      assert.deepEqual(readTokens(text, true), { problems: [], entries: [], hasList: true });
    }
  });

  it('is refused with all of its problems at once, and no value is quoted', () => {
    const problems = problemsOf([
      { ...ENTRY, name: 'Acme' },
      { ...ENTRY, name: 'default', token: 'b' },
      { ...ENTRY, name: 'c', token: 'SECRET with blank' },
      { ...ENTRY, name: 'd', token: 'd', tokenFile: '/d' },
      { name: 'e', orgs: ['acme'], scopes: ['org:ci'] },
      { ...ENTRY, name: 'f', token: 'f', scopes: [] },
      { ...ENTRY, name: 'g', token: 'g', scopes: ['*'] },
      { ...ENTRY, name: 'h', token: 'h', scopes: ['org:reed'] },
      { ...ENTRY, name: 'i', token: 'i', orgs: ['acme', '*'] },
      { ...ENTRY, name: 'j', token: 'j', orgs: ['a/b'] },
      { ...ENTRY, name: 'k', token: 'k', orgs: [] },
      { name: 'l', token: 'l' },
      { ...ENTRY, name: 'm', token: 'm', scope: ['org:ci'] },
      'n',
    ]);
    assert.deepEqual(problems, [
      'tokens[0].name: is not 1 to 32 lower-case letters, digits and hyphens, or starts with a hyphen',
      "tokens[1].name: is the default token's name",
      'tokens[2].token: is not a token: it is not text, is empty, or has a character that is not visible ASCII, < or >',
      'tokens[3]: has both token and tokenFile; leave one out',
      'tokens[4]: lacks token or tokenFile',
      'tokens[5].scopes: is empty',
      'tokens[6].scopes[0]: is *; name the scopes that the token has',
      'tokens[7].scopes[0]: is not a scope of Sentry; did you mean org:read?',
      'tokens[8].orgs[1]: is not the only entry; * means all, so use it alone',
      'tokens[9].orgs[0]: is neither the slug nor the numeric id of an organization',
      'tokens[10].orgs: is empty',
      'tokens[11].orgs: is missing',
      'tokens[11].scopes: is missing',
      'tokens[12]: has an unknown key (number 5); did you mean scopes?',
      'tokens[13]: is not an object',
    ]);
  });

  it('names no token and no name twice', () => {
    assert.deepEqual(problemsOf([ENTRY, ENTRY]), [
      'tokens: has the name acme-ci twice',
      'tokens: has the token of acme-ci twice',
    ]);
  });

  it('names files only where they can be read', () => {
    const { token: _, ...rest } = ENTRY;
    assert.deepEqual(problemsOf([{ ...rest, tokenFile: '/x' }], false), [
      'tokens[0].tokenFile: is not read here; use token',
    ]);
  });

  it('is strict JSON', () => {
    const texts = [
      '[',
      '[]',
      '{"tokens":{}}',
      '{}',
      '{"tokens":[],"tokens":[]}',
      '\ufeff{"tokens":[]}',
      '{"token":[]}',
    ];
    for (const text of texts) assert.notDeepEqual(readTokens(text, true).problems, [], text);
  });

  for (const [what, sign] of [
    ['CR', '\r'],
    ['LF', '\n'],
    ['a blank', ' '],
    ['NUL', '\0'],
    ['a letter beyond ASCII', 'é'],
  ] as const) {
    it(`has no token with ${what}`, () => {
      for (const token of [`a${sign}`, `${sign}a`, `a${sign}b`]) {
        assert.equal(problemsOf([{ ...ENTRY, token }]).length, 1);
      }
    });
  }
});

describe('the schema of the tokens file', () => {
  const schema = JSON.parse(readFileSync(new URL('../../tokens.schema.json', import.meta.url), 'utf8'));
  const isValid = new Ajv({ strict: true, strictTypes: false, strictRequired: false }).compile(schema);
  const { token: _, ...withoutToken } = ENTRY;

  /** Changes of an entry; those that the checker finds wrong are wrong by the schema as well. */
  const CHANGES: readonly Record<string, unknown>[] = [
    {},
    { name: 'default' },
    { name: 'A' },
    { name: '-a' },
    { token: '' },
    { token: 'a b' },
    { token: '<token>' },
    { token: 5 },
    { tokenFile: '/x' },
    { orgs: ['*'] },
    { orgs: ['1', 'a_b-c'] },
    { orgs: [] },
    { orgs: ['a/b'] },
    { orgs: ['a', '*'] },
    { orgs: ['a', 'a'] },
    { orgs: ['01'] },
    { scopes: [] },
    { scopes: ['*'] },
    { scopes: ['readonly', 'org:ci'] },
    { scopes: ['org:ci', 'org:ci'] },
    { other: 1 },
  ];

  it('accepts what the checker accepts, and nothing else', () => {
    const entries: object[] = [
      ...CHANGES.map((change) => ({ ...ENTRY, ...change })),
      withoutToken,
      { ...withoutToken, tokenFile: '/x' },
      { ...withoutToken, tokenFile: '' },
      { name: 'a', token: 'b', orgs: ['*'] },
      { name: 'a', token: 'b', scopes: ['org:ci'] },
    ];
    for (const entry of entries) {
      const isRight = problemsOf([entry]).length === 0;
      assert.equal(isValid({ tokens: [entry] }), isRight, JSON.stringify(entry));
    }
  });

  it('knows every key and every scope of the checker', () => {
    const { properties } = schema.definitions.token;
    const keys = problemsOf([Object.fromEntries(Object.keys(properties).map((key) => [key, 1]))]);
    assert.deepEqual(
      keys.filter((problem) => problem.includes('unknown key')),
      [],
    );
    assert.deepEqual([...properties.scopes.items.enum].sort(), [...SCOPES, 'readonly'].sort());
  });
});
