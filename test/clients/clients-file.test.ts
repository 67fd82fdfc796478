import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Ajv } from 'ajv';
import { readClients } from '../../src/clients/clients-file.ts';
import { SCOPES } from '../../src/policy/sentry/scopes.ts';
import { readSource } from '../../tools/source-row.ts';
import { DIGEST } from '../policy/examples.ts';

type Entry = Record<string, unknown>;

const GOOD: Entry = { name: 'grafana', token: DIGEST, scopes: ['event:read'], orgs: ['acme'] };

const fileOf = (...entries: unknown[]): string => JSON.stringify({ clients: entries });

const problemsOf = (text: string): string[] => {
  const read = readClients(text);
  return 'problems' in read ? read.problems.map(({ place, text: problem }) => `${place}: ${problem}`) : [];
};

/** The problems of a client that is otherwise valid. */
const problemsWith = (change: Entry): string[] => {
  const entry = Object.fromEntries(Object.entries({ ...GOOD, ...change }).filter(([, value]) => value !== undefined));
  return problemsOf(fileOf(entry));
};

describe('a clients file', () => {
  it('may have everything', () => {
    const text = JSON.stringify({
      $schema: 'https://example.org/clients.schema.json',
      unmatched: 'reject',
      clients: [
        { ...GOOD, rate: '300/min', concurrency: 8, mode: 'observe' },
        {
          name: 'ci',
          token: [`sha256:${'1'.repeat(64)}`, 'x'.repeat(32)],
          scopes: ['org:ci'],
          projects: ['acme/web', 'acme/12', '7/8'],
          expires: '2027-06-30',
        },
        { name: 'root', token: `sha256:${'2'.repeat(64)}`, allow: ['* /**'], deny: ['DELETE /api/0/**'], orgs: ['*'] },
      ],
    });
    const read = readClients(text);
    assert.ok('clients' in read);
    assert.equal(read.unmatched, 'reject');
    const [grafana, ci, root] = read.clients;
    assert.deepEqual(grafana!.rate, { requests: 300, seconds: 60 });
    assert.equal(grafana!.mode, 'observe');
    assert.equal(ci!.expiresAt, Date.UTC(2027, 6, 1));
    assert.equal(ci!.credentials.length, 2);
    assert.equal(ci!.mode, 'enforce');
    assert.ok(ci!.boundary.kind === 'projects');
    assert.deepEqual([...ci!.boundary.projects.keys()], ['acme', '7']);
    assert.deepEqual(root!.boundary, { kind: 'all' });
  });

  it('gives the scopes that a scope implies', () => {
    const scopesOf = (...scopes: string[]) => {
      const read = readClients(fileOf({ ...GOOD, scopes }));
      assert.ok('clients' in read);
      return [...read.clients[0]!.scopes].sort();
    };
    assert.deepEqual(scopesOf('org:admin'), ['org:admin', 'org:integrations', 'org:read', 'org:write']);
    assert.deepEqual(scopesOf('project:admin'), ['project:admin', 'project:read', 'project:write']);
    assert.deepEqual(scopesOf('member:write'), ['member:invite', 'member:read', 'member:write']);
    assert.deepEqual(scopesOf('member:invite'), ['member:invite', 'member:read']);
    assert.deepEqual(scopesOf('alerts:write'), ['alerts:read', 'alerts:write']);
    assert.deepEqual(scopesOf('org:ci'), ['org:ci']);
    assert.deepEqual(scopesOf('readonly'), [
      'alerts:read',
      'event:read',
      'member:read',
      'org:read',
      'project:read',
      'team:read',
    ]);
    assert.deepEqual(scopesOf('*'), [...SCOPES].sort());
  });

  it('shows all of its problems at once, each with its place', () => {
    const text = JSON.stringify({
      unmatched: 'perhaps',
      clients: [
        { name: 'Bad Name', token: 'short', scopes: ['event:raed', 5], orgs: ['A.C', '*'], mode: 'off' },
        {
          name: 'two',
          token: [],
          orgs: ['a'],
          projects: ['a/b'],
          rate: '0/s',
          concurrency: 0,
          expires: 'soon',
          scopez: [],
        },
        'three',
        {
          name: 'two',
          token: DIGEST,
          allow: ['get /x', 'GET /a b', 'GET /organizations/{org}/'],
          projects: ['web', 'web'],
        },
      ],
    });
    assert.deepEqual(problemsOf(text), [
      'unmatched: is neither bypass nor reject',
      'clients[0].name: is not 1 to 32 lower-case letters, digits and hyphens, or starts with a hyphen',
      'clients[0].token: is shorter than 32 characters',
      'clients[0].orgs[0]: is neither the slug nor the numeric id of an organization',
      'clients[0].orgs[1]: is not the only entry; * means all, so use it alone',
      'clients[0].scopes[1]: is not a string',
      'clients[0].scopes[0]: is not a scope of Sentry; did you mean event:read?',
      'clients[0].mode: is neither enforce nor observe',
      'clients[1]: has an unknown key (number 8); did you mean scopes?',
      'clients[1].token: is empty',
      'clients[1]: has both orgs and projects; projects imply their organizations',
      'clients[1]: has neither scopes nor allow',
      'clients[1].rate: is not N/s, N/min or N/h with a whole N above 0',
      'clients[1].concurrency: is not a whole number from 1 to 1000000',
      'clients[1].expires: is neither a date (2027-06-30) nor a time as in RFC 3339',
      'clients[2]: is not an object',
      'clients[3].projects[1]: is listed twice',
      'clients[3].projects[0]: is not org/project, each a slug or a numeric id',
      'clients[3].projects[1]: is not org/project, each a slug or a numeric id',
      'clients[3].allow[0]: does not begin with * or one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
      'clients[3].allow[1]: is not a method, one space and a path',
      'clients[3].allow[2]: has a path that lacks /api/0',
      'clients[3].name: is also the name of another client',
    ]);
  });

  it('is an error without clients, and says where it is not JSON', () => {
    assert.deepEqual(problemsOf('{"clients":[]}'), ['clients: is empty']);
    assert.deepEqual(problemsOf('{}'), ['clients: is missing']);
    assert.deepEqual(problemsOf('{"clients":{}}'), ['clients: is not a list']);
    assert.deepEqual(problemsOf('[]'), [': is not a JSON object']);
    for (const text of ['', ' ', '\n']) assert.deepEqual(problemsOf(text), [': is empty']);
    assert.deepEqual(problemsOf('\ufeff{}'), [': begins with a byte order mark']);
    for (const text of ['{', 'clients:', '{"clients":[],}', '{"a":1}//', "{'a':1}"]) {
      assert.match(problemsOf(text).join(), /is not JSON$/, text);
    }
    assert.deepEqual(problemsOf('{\n"clients": [\n  1 2 ]}'), ['line 3: is not JSON']);
  });

  it('may have no key twice, at any depth, in any spelling', () => {
    assert.deepEqual(problemsOf('{"clients":[],"clients":[]}'), [': has a key twice']);
    assert.deepEqual(problemsOf('{"clients":[{},{"name":"a","n\\u0061me":"b"}]}'), ['clients[1]: has a key twice']);
    assert.deepEqual(problemsOf('{"clients":[{"x":[{"b":"}\\"","a":{},"b":2}]}]}'), [
      'clients[0].x[0]: has a key twice',
    ]);
  });

  it('quotes no value and no unknown key', () => {
    const secret = 'hunter2-hunter2-hunter2-hunter2!';
    const texts = [
      JSON.stringify({
        [secret]: 1,
        clients: [{ [secret]: secret, name: secret, token: `${secret}\u00e9`, mode: secret }],
      }),
      JSON.stringify({
        clients: [{ ...GOOD, scopes: [secret], orgs: [secret], allow: [secret], rate: secret, expires: secret }],
      }),
      `{"${secret}":{"a":1,"a":2}}`,
      `{"clients":"${secret}" oops`,
      `${secret}`,
    ];
    for (const text of texts) {
      const problems = problemsOf(text);
      assert.notEqual(problems.length, 0);
      assert.doesNotMatch(problems.join('\n'), /hunter2/);
    }
  });

  it('suggests the key or the scope that was meant', () => {
    assert.match(problemsWith({ allows: [] }).join(), /\(number 5\); did you mean allow\?/);
    assert.match(problemsWith({ org: [] }).join(), /did you mean orgs\?/);
    assert.match(problemsWith({ scopes: ['project:release'] }).join(), /did you mean project:releases\?/);
    assert.doesNotMatch(problemsWith({ password: 'x' }).join(), /did you mean/);
    assert.match(problemsOf('{"client":[]}').join(), /did you mean clients\?/);
  });

  it('may not give a client that is limited what no limit holds', () => {
    const needsAll = /needs "orgs": \["\*"\]/;
    for (const rule of [
      '* /**',
      'GET /api/0/**',
      'GET /api/0/{x}/',
      'GET /_health/',
      'GET /api/0/users/me/',
      'GET /api/0/internal/options/',
      '* /api/0/issues/**',
      'GET /api/0/organizations/**',
    ]) {
      assert.match(problemsWith({ allow: [rule] }).join(), needsAll, rule);
      assert.deepEqual(problemsWith({ allow: [rule], orgs: ['*'] }), [], rule);
    }
    for (const rule of [
      'GET /api/0/organizations/{org}/**',
      '* /api/0/projects/*/web/',
      'GET /api/0/teams/acme/{team}/',
      'GET /api/0/issues/{issue_id}/',
      'GET /api/0/projects/',
      'GET /api/0/internal/health/',
      'GET /api/0/auth/',
      'GET /api/0/',
    ]) {
      assert.deepEqual(problemsWith({ allow: [rule] }), [], rule);
    }
    assert.match(problemsWith({ allow: ['GET /api/0/organizations/other/'] }).join(), /not the client's/);
    assert.deepEqual(problemsWith({ deny: ['* /**'] }), []);
  });

  it('may not deny what is plainly a slip, which would leave the request allowed', () => {
    const slips: Record<string, RegExp> = {
      '* /api/0/organization/acme/members/': /has a name that Sentry does not have there; did you mean organizations\?/,
      '* /api/0/organizations/acme/member/**': /did you mean members\?/,
      '* /api/0/organizations/{org}/issue/**': /did you mean issues\?/,
      '* /api/0/projects/{org}/{project}/key/': /did you mean keys\?/,
      '* /api/0/projects/*/*/key/': /did you mean keys\?/,
      '* /api/0/interal/**': /did you mean internal\?/,
      '* /api/0/organizations/acme/Issues/': /did you mean issues\?/,
      '* /API/0/organizations/acme/members/': /lacks \/api\/0/,
      '* /api/1/organizations/acme/members/': /lacks \/api\/0/,
      '* /api/organizations/acme/members/': /lacks \/api\/0/,
      '* /0/organizations/acme/members/': /lacks \/api\/0/,
      '* /users/**': /lacks \/api\/0/,
      '* /api/0/organizations/:org/members/': /neither plain text/,
      '* /api/0/organizations/$org/members/': /neither plain text/,
      '* /api/0/organizations/amce/members/': /names an organization that is not the client's/,
      '* /api/0/projects/7/web/': /names an organization that is not the client's/,
    };
    for (const [rule, problem] of Object.entries(slips)) {
      assert.match(problemsWith({ deny: [rule] }).join(), problem, rule);
    }
    // A client of every organization may be denied any.
    assert.deepEqual(problemsWith({ deny: ['* /api/0/organizations/amce/members/'], orgs: ['*'] }), []);
  });

  it('may deny what the table does not have, and what is outside of the API', () => {
    for (const rule of [
      '* /**',
      '* /api/0/**',
      'DELETE /api/0/*/{org}/**',
      '* /api/0/organizations/acme/unheard-of/',
      '* /api/0/organizations/acme/unheard-of/**',
      '* /api/0/organizations/acme/access-requests/5/',
      '* /api/0/internal/options/',
      '* /api/0/organizations/acme/groups/',
      '* /api/0/*/acme/groups/',
      '* /api/0/organizations/acme/releases/stat/',
      '* /auth/**',
      '* /settings/acme/projects/',
      '* /api/1/envelope/',
      '* /_health/',
    ]) {
      assert.deepEqual(problemsWith({ deny: [rule] }), [], rule);
    }
    const { rows, guarded } = readSource();
    for (const { path } of [...rows, ...guarded]) {
      const bare = path.replace(/\/$/, '');
      for (const rule of [path, bare, bare.replaceAll(/\{\w+\}/g, '*'), `${bare}/**`]) {
        assert.deepEqual(problemsWith({ deny: [`* ${rule}`] }), [], rule);
      }
    }
  });

  it('may not have a placeholder, or the digest of another kind, as a token', () => {
    const hex = '0'.repeat(128);
    for (const token of [
      '<digest-of-the-token-that-grafana-has>',
      'sha256:<digest-of-the-token-that-grafana-has>',
      `sha512:${hex}`,
      `sha-256:${hex.slice(64)}`,
      `SHA256:${hex.slice(64)}`,
      `sha1:${hex.slice(88)}`,
    ]) {
      assert.match(problemsWith({ token }).join(), /clients\[0\]\.token: (?:has < or >|is not sha256:)/, token);
    }
    assert.deepEqual(problemsWith({ token: `sharp:${hex}` }), []);
  });

  it('may have a token once', () => {
    const twice = [GOOD, { ...GOOD, name: 'other' }];
    assert.deepEqual(problemsOf(fileOf(...twice)), ['clients[1].token: has a token that is in the file twice']);
    assert.match(problemsWith({ token: [DIGEST, DIGEST] }).join(), /twice/);
  });
});

/** Changes to a good client, for the checker and the schema. */
const CHANGES: readonly Entry[] = [
  {},
  ...[
    'a',
    'a-1',
    'x'.repeat(32),
    '',
    '-a',
    'A',
    'a_b',
    'x'.repeat(33),
    'anyone',
    'none',
    'alias-1',
    'alias-x',
    5,
    null,
    undefined,
  ].map((name) => ({ name })),
  ...[
    `sha256:${'f'.repeat(64)}`,
    `sha256:${'F'.repeat(64)}`,
    `sha256:${'f'.repeat(63)}`,
    `SHA256:${'f'.repeat(64)}`,
    `sha512:${'f'.repeat(128)}`,
    `sha-256:${'f'.repeat(64)}`,
    `sha:${'f'.repeat(64)}`,
    `<${'x'.repeat(32)}>`,
    'x'.repeat(32),
    'x'.repeat(31),
    `${'x'.repeat(32)} `,
    `${'x'.repeat(32)}\u00e9`,
    '',
    [],
    [DIGEST],
    [DIGEST, 'x'.repeat(40)],
    [5],
    [DIGEST, DIGEST],
    {},
    undefined,
  ].map((token) => ({ token })),
  ...[...SCOPES, 'readonly', '*', 'org:raed', 'ORG:READ', '', 5, null].map((scope) => ({ scopes: [scope] })),
  ...[[], 'org:read', undefined, ['org:read', 'org:read'], {}].map((scopes) => ({ scopes })),
  ...[
    ['*'],
    ['acme', 'b-c_d'],
    ['7'],
    ['07'],
    ['0'],
    ['*', 'acme'],
    ['ACME'],
    ['a/b'],
    [''],
    [],
    'acme',
    [5],
    ['acme', 'acme'],
    ['_a'],
    ['é'],
    ['1'.repeat(19)],
    ['1'.repeat(20)],
    undefined,
  ].map((orgs) => ({ orgs })),
  ...[
    ['acme/web'],
    ['acme/12', '7/web'],
    ['acme'],
    ['acme/'],
    ['/web'],
    ['acme/web/x'],
    ['acme/*'],
    ['ACME/web'],
    ['acme/0'],
    ['00/web'],
    [],
    ['acme/web', 'acme/web'],
    'acme/web',
    [null],
  ].flatMap((projects) => [{ projects, orgs: undefined }, { projects }]),
  ...[
    'GET /api/0/organizations/{org}/',
    '* /api/0/organizations/{org}/**',
    'GET /api/0/organizations/*/x',
    'GET /api/0/organizations/{org}/events/{project}:{event_id}/',
    'GET /api/0/organizations/acme/scim/v2/Users',
    'get /api/0/organizations/{org}/',
    'GET  /api/0/organizations/{org}/',
    'GET',
    '/api/0/organizations/{org}/',
    'GET api/0/',
    'TRACE /api/0/organizations/{org}/',
    'GET /organizations/{org}/',
    'GET /projects',
    'GET /projectsx/',
    'GET /api/0/organizations/{org}//x/',
    'GET /api/0/organizations/{org}/**/x/',
    'GET /api/0/organizations/{org}/a*/',
    'GET /api/0/organizations/{org}/{a}{b}/',
    'GET /api/0/organizations/{Org}/',
    'GET /api/0/organizations/{org}/../x/',
    'GET /api/0/organizations/{org}/./',
    'GET /api/0/organizations/{org}/..',
    'GET /api/0/organizations/{org}/...',
    'GET /api/0/organizations/{org}/%20/',
    'GET /api/0/organizations/{org}/?x',
    'GET /api/0/organizations/{org}/#x',
    'GET /api/0/organizations/{org}/a;b/',
    'GET /api/0/organizations/{org}/\\',
    'GET /api/0/organizations/{org}/é/',
    'GET /api/0/organizations/:org/',
    'GET /api/0/organizations/$org/',
    'GET /api/0/organizations/{org}/a:$b/',
    '',
    'GET /',
    'GET //',
    '* /**',
    '* /*',
    5,
  ].flatMap((rule) => [{ allow: [rule], orgs: ['*'] }, { deny: [rule] }]),
  ...[[], 'GET /', undefined, ['GET /x/', 'GET /x/']].flatMap((allow) => [
    { allow, orgs: ['*'] },
    { allow, scopes: undefined, orgs: ['*'] },
    { deny: allow },
  ]),
  ...['300/min', '1/s', '5/h', '0/s', '01/s', '1/m', '1 /s', '1.5/s', '1234567890/s', '', 5].map((rate) => ({ rate })),
  ...[1, 8, 1_000_000, 0, -1, 1.5, 1_000_001, '8', null].map((concurrency) => ({ concurrency })),
  ...[
    '2027-06-30',
    '2027-06-30T12:00:00Z',
    '2027-06-30T12:00:00.5+02:00',
    '2027-6-30',
    '2027-06-30T12:00Z',
    '2027-06-30T12:00:00',
    '2027-06-30T24:00:00Z',
    '2027-06-30 12:00:00Z',
    '',
    5,
  ].map((expires) => ({ expires })),
  ...['enforce', 'observe', 'off', '', null].map((mode) => ({ mode })),
  { allows: [] },
  { $schema: 'x' },
];

/** What a schema cannot express, and why the checker still refuses it. */
const BEYOND_THE_SCHEMA: readonly Entry[] = [
  // A day that no calendar has.
  { expires: '2027-02-30' },
  { expires: '2027-13-01T00:00:00Z' },
  // A rule against the organizations of its own client.
  { allow: ['* /**'] },
  { allow: ['GET /api/0/organizations/other/'] },
  { deny: ['GET /api/0/organizations/other/'] },
  // A slip in a rule, which the table of endpoints shows.
  { deny: ['GET /api/0/organizations/acme/memebrs/'] },
  { deny: ['GET /users/'] },
];

describe('the schema of the clients file', () => {
  const schema = JSON.parse(readFileSync(new URL('../../clients.schema.json', import.meta.url), 'utf8'));
  const isValid = new Ajv({ strict: true, strictTypes: false, strictRequired: false }).compile(schema);

  const entryWith = (change: Entry) => JSON.parse(JSON.stringify({ ...GOOD, ...change })) as Entry;

  it('accepts what the checker accepts, and nothing else', () => {
    for (const change of CHANGES) {
      const text = fileOf(entryWith(change));
      const problems = problemsOf(text);
      assert.equal(isValid(JSON.parse(text)), problems.length === 0, `${text}\n${problems.join('\n')}`);
    }
  });

  it('agrees with the checker on the file as a whole', () => {
    for (const file of [
      { clients: [] },
      {},
      [],
      null,
      5,
      { clients: {} },
      { clients: [5] },
      { clients: [GOOD], unmatched: 'reject' },
      { clients: [GOOD], unmatched: 'no' },
      { clients: [GOOD], x: 1 },
      { clients: [GOOD], $schema: 5 },
      { clients: [GOOD], $schema: '' },
    ]) {
      const text = JSON.stringify(file);
      assert.equal(isValid(file), problemsOf(text).length === 0, text);
    }
  });

  it('accepts only these that the checker refuses', () => {
    for (const change of BEYOND_THE_SCHEMA) {
      const entry = entryWith(change);
      assert.ok(isValid({ clients: [entry] }), JSON.stringify(entry));
      assert.notEqual(problemsOf(fileOf(entry)).length, 0, JSON.stringify(entry));
    }
    // A name or a token of two clients, a key twice: a schema sees one value at a time.
    assert.ok(isValid({ clients: [GOOD, GOOD] }));
    assert.notEqual(problemsOf(fileOf(GOOD, GOOD)).length, 0);
  });

  it('is part of the package', () => {
    const { files } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    assert.ok(files.includes('clients.schema.json'));
  });
});
