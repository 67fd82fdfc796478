import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Ajv } from 'ajv';
import { createListener } from '../../adapters/node-http.ts';
import { readEdgeConfig } from '../../adapters/web/config.ts';
import { readClients } from '../../src/clients/clients-file.ts';
import type { Problem } from '../../src/config/values.ts';
import { identityWarnings } from '../../src/identity/lint.ts';
import { createProxy } from '../../src/index.ts';
import { AUDIENCE, makeKey } from '../support/issuer.ts';
import { RIGHTS } from './scene.ts';

const ISSUER = { url: 'https://idp.example.com', audience: AUDIENCE };
const IDENTITY = { issuer: 'it', claims: { sub: 'me' } };
const GOOD = { name: 'ci', identity: IDENTITY, ...RIGHTS };

const fileWith = (issuer: object, identity: unknown = IDENTITY, more: object = {}) => ({
  issuers: { it: { ...ISSUER, ...issuer } },
  clients: [{ ...GOOD, identity, ...more }],
});

const problemsOf = (file: object): string[] => {
  const read = readClients(JSON.stringify(file));
  return 'problems' in read ? read.problems.map(({ place, text }) => `${place}: ${text}`) : [];
};

const onlyProblem = (file: object, expected: RegExp): void => {
  const problems = problemsOf(file);
  assert.equal(problems.length, 1, problems.join('\n'));
  assert.match(problems[0]!, expected);
};

describe('issuers of a clients file', () => {
  it('may have everything', async () => {
    const { jwk } = await makeKey('k', 'ES256');
    const file = {
      issuers: {
        plain: ISSUER,
        listed: { url: 'https://b.example.com/path/', audience: ['a', 'b'], jwks: 'https://keys.example.com/jwks' },
        file: { url: 'https://c.example.com', audience: 'x', keysFile: '/etc/keys.json' },
        inline: { url: 'https://d.example.com:8443', audience: 'x', keys: { keys: [jwk] } },
        local: { url: 'http://127.0.0.1:8080', audience: 'x', ca: '/ca.pem', bearerFile: '/token' },
        v6: { url: 'http://[::1]:8080', audience: 'x' },
        localhost: { url: 'http://localhost', audience: 'x' },
      },
      clients: [{ ...GOOD, identity: { issuer: 'plain', claims: { sub: 'me', n: 5, yes: true, list: ['a', 'b*'] } } }],
    };
    assert.deepEqual(problemsOf(file), []);
    const read = readClients(JSON.stringify(file));
    assert.ok('clients' in read);
    assert.deepEqual(
      read.clients[0]!.identities?.[0]?.claims.map(({ values }) => values),
      [['me'], [5], [true], ['a', 'b*']],
    );
    assert.deepEqual(
      read.issuers.map(({ keys }) => keys.kind),
      ['discovery', 'url', 'file', 'inline', 'discovery', 'discovery', 'discovery'],
    );
  });

  it('have a URL that keys may be fetched from', () => {
    for (const url of [
      'http://idp.example.com',
      'http://127.0.0.1.example.com',
      'http://localhost.example.com',
      'http://10.0.0.1',
      'http://0.0.0.0',
      'http://169.254.169.254',
      'https://user@idp.example.com',
      'https://user:password@idp.example.com',
      'https://idp.example.com?a=b',
      'https://idp.example.com/#x',
      'https://idp.example.com\\@other.example.com',
      'https://',
      'https:idp.example.com',
      'ftp://idp.example.com',
      'file:///etc/passwd',
      'idp.example.com',
      ' https://idp.example.com',
      'https://idp.example.com/ä',
      'https://idp example.com',
      '',
      5,
      null,
    ]) {
      onlyProblem(fileWith({ url }), /^issuers\.it\.url: is not a URL with https/);
      onlyProblem(fileWith({ jwks: url }), /^issuers\.it\.jwks: is not a URL with https/);
    }
  });

  it('have an audience that is this proxy alone', () => {
    for (const [audience, expected] of [
      ['https://idp.example.com', /issuer's own url/],
      ['https://idp.example.com/', /issuer's own url/],
      ['*', /is not an audience/],
      ['https://github.com/octo-org', /GitHub's default audience/],
      ['https://GitHub.com/octo-org/', /GitHub's default audience/],
      ['https://kubernetes.default.svc', /API server's default audience/],
      ['https://kubernetes.default.svc.cluster.local', /API server's default audience/],
      ['https://kubernetes.default', /API server's default audience/],
      ['kubernetes', /API server's default audience/],
      ['', /is empty/],
      [[], /is empty/],
      [['a', 'a'], /is listed twice/],
      [['a', '*'], /audience\[1\]: is not an audience/],
      [['a', 5], /audience\[1\]: is not a string/],
      [5, /is not a list/],
    ] as const) {
      onlyProblem(fileWith({ audience }), expected);
    }
    onlyProblem(fileWith({ url: 'https://git.corp/_services/token', audience: 'https://git.corp/owner' }), /GitHub's/);
    onlyProblem({ ...fileWith({}), issuers: { it: { url: ISSUER.url } } }, /issuers\.it\.audience: is missing/);
    assert.deepEqual(problemsOf(fileWith({ audience: 'https://github.com/octo-org/repo' })), []);
  });

  it('have their keys from one place', async () => {
    const { jwk } = await makeKey('k', 'ES256');
    const keys = { keys: [jwk] };
    onlyProblem(
      fileWith({ jwks: 'https://a.example.com', keysFile: '/x' }),
      /has jwks and keysFile; keys come from one/,
    );
    onlyProblem(fileWith({ keys, keysFile: '/x' }), /keysFile and keys/);
    onlyProblem(fileWith({ keysFile: '' }), /keysFile: is not the path of a file/);
    onlyProblem(fileWith({ keys, ca: '/x' }), /ca: has no effect with keys that are not fetched/);
    onlyProblem(fileWith({ keysFile: '/x', bearerFile: '/y' }), /bearerFile: has no effect/);
    for (const wrong of [5, [], {}, { keys: 5 }, { keys: [] }, { keys: [{ kty: 'oct', k: 'AAAA' }] }]) {
      onlyProblem(fileWith({ keys: wrong }), /^issuers\.it\.keys: /);
    }
    onlyProblem(fileWith({ keys: { keys: Array.from({ length: 51 }, () => jwk) } }), /more than 50 keys/);
    const secret = { ...jwk, d: 'c2VjcmV0LXNlY3JldA' };
    const [problem] = problemsOf(fileWith({ keys: { keys: [secret] } }));
    assert.match(problem!, /private members/);
    assert.doesNotMatch(problem!, /c2VjcmV0/);
  });

  it('have names like those of clients, and each its own url', () => {
    for (const name of ['A', 'a_b', '-a', '', 'x'.repeat(33), 'anyone', 'none', 'alias-1']) {
      const file = { issuers: { it: ISSUER, [name]: { ...ISSUER, url: 'https://x.example.com' } }, clients: [GOOD] };
      onlyProblem(file, /has a name that/);
    }
    onlyProblem(
      { issuers: { it: ISSUER, other: ISSUER }, clients: [GOOD] },
      /issuers\.other\.url: is also the url of another/,
    );
    const many = Object.fromEntries(
      Array.from({ length: 33 }, (_, index) => [`i${index}`, { ...ISSUER, url: `https://i${index}.example.com` }]),
    );
    onlyProblem(
      { issuers: many, clients: [{ ...GOOD, identity: { issuer: 'i0', claims: { a: 'b' } } }] },
      /more than 32 issuers/,
    );
    for (const issuers of [[], 'x', null, 5]) {
      assert.ok(problemsOf({ issuers, clients: [GOOD] }).some((text) => text.startsWith('issuers: is not an object')));
    }
  });
});

describe('the identity of a client', () => {
  it('stands next to a token or in its place', () => {
    assert.deepEqual(problemsOf(fileWith({})), []);
    assert.deepEqual(problemsOf(fileWith({}, [IDENTITY, { issuer: 'it', claims: { sub: 'you' } }])), []);
    assert.deepEqual(problemsOf(fileWith({}, IDENTITY, { token: 'x'.repeat(32) })), []);
    onlyProblem({ clients: [{ name: 'ci', ...RIGHTS }] }, /^clients\[0\]: lacks token or identity/);
  });

  it('names an issuer, and claims with values', () => {
    for (const [identity, expected] of [
      [[], /identity: is empty/],
      ['it', /identity: is not an object/],
      [null, /identity: is not an object/],
      [{ claims: { a: 'b' } }, /identity\.issuer: is missing/],
      [{ issuer: 'itt', claims: { a: 'b' } }, /is not a name under issuers; did you mean it\?/],
      [{ issuer: 5, claims: { a: 'b' } }, /is not a name under issuers/],
      [{ issuer: 'it' }, /identity\.claims: is missing/],
      [{ issuer: 'it', claims: {} }, /claims: is empty/],
      [{ issuer: 'it', claims: [] }, /claims: is not an object/],
      [{ issuer: 'it', claims: { a: [] } }, /claims\.a: is empty/],
      [{ issuer: 'it', claims: { a: '' } }, /claims\.a: is empty/],
      [{ issuer: 'it', claims: { a: null } }, /is not a string, a number/],
      [{ issuer: 'it', claims: { a: { b: 'c' } } }, /is not a string, a number/],
      [{ issuer: 'it', claims: { a: [['b']] } }, /claims\.a\[0\]: is not a string/],
      [{ issuer: 'it', claims: { a: ['b', 'b'] } }, /claims\.a\[1\]: is listed twice/],
      [{ issuer: 'it', claims: { a: 2 ** 53 } }, /is a number that is too large/],
      [{ issuer: 'it', claims: { a: 'x'.repeat(1025) } }, /is longer than 1024/],
      [{ issuer: 'it', claims: { '': 'b' } }, /neither the name of a claim nor a JSON pointer/],
      [{ issuer: 'it', claims: { '/a~2': 'b' } }, /neither the name of a claim nor a JSON pointer/],
      [{ issuer: 'it', claims: { a: 'b', '/a': 'c' } }, /names a claim twice/],
      [{ ...IDENTITY, claim: {} }, /has an unknown key/],
    ] as const) {
      onlyProblem(fileWith({}, identity), expected);
    }
  });

  it('reports every problem at once, with its place', () => {
    const file = {
      issuers: { it: { url: 'http://x.example.com', audience: '*', jwks: 5 }, Bad: 5 },
      clients: [{ name: 'ci', identity: [IDENTITY, { issuer: 'no', claims: {} }], ...RIGHTS }],
    };
    assert.deepEqual(
      problemsOf(file).map((text) => text.split(': ')[0]),
      [
        'issuers.it.url',
        'issuers.it.audience',
        'issuers.it.jwks',
        'issuers (number 2)',
        'issuers (number 2)',
        'clients[0].identity[1].issuer',
        'clients[0].identity[1].claims',
      ],
    );
  });
});

describe('on a shared issuer, the claims of a client', () => {
  const pins = (url: string, claims: object) => problemsOf(fileWith({ url }, { issuer: 'it', claims }));

  for (const [url, loose, ...pinned] of [
    [
      'https://token.actions.githubusercontent.com',
      [{ repository: 'o/r', ref: 'refs/heads/main' }, { sub: 'repo:o/r:ref:refs/heads/main' }, { repository_id: '*' }],
      { repository_id: '456789' },
      { repository_owner_id: ['1', '2'], ref: 'refs/heads/main' },
    ],
    ['https://token.actions.githubusercontent.com/enterprise', [{ repository: 'o/r' }], { repository_id: '1' }],
    ['https://token.actions.acme.ghe.com', [{ repository: 'o/r' }], { repository_id: '1' }],
    ['https://gitlab.com', [{ project_path: 'g/p' }, { project_id: 5 }], { project_id: '5' }, { namespace_id: '7' }],
    ['https://agent.buildkite.com', [{ organization_slug: 'acme' }], { organization_id: '018' }],
    ['https://accounts.google.com', [{ email: 'a@example.com' }, { hd: 'example.com' }], { sub: '1122' }],
    ['https://login.microsoftonline.com/123/v2.0', [{ upn: 'a@b' }], { tid: '123' }, { sub: 'x' }],
    ['https://sts.windows.net/123/', [{ appid: 'x' }], { tid: '123' }],
    ['https://app.terraform.io', [{ terraform_organization_name: 'acme' }], { terraform_organization_id: 'org-1' }],
  ] as [string, object[], ...object[]][]) {
    it(`pin a value that no one else can register: ${url}`, () => {
      for (const claims of loose) {
        const problems = pins(url, claims);
        assert.equal(problems.length, 1, JSON.stringify(claims));
        assert.match(problems[0]!, /identity\.claims: lack .* as a string without \*/);
      }
      for (const claims of pinned) assert.deepEqual(pins(url, claims), []);
    });
  }

  it('name the whole subject of a Kubernetes service account', () => {
    const sub = 'system:serviceaccount:monitoring:exporter';
    const namespace = { '/kubernetes.io/namespace': 'monitoring' };
    for (const url of [
      'https://kubernetes.default.svc.cluster.local',
      'https://oidc.eks.eu-west-1.amazonaws.com/id/ABC',
      'https://container.googleapis.com/v1/projects/p/locations/l/clusters/c',
      'https://westeurope.oic.prod-aks.azure.com/a/b/',
    ]) {
      assert.match(pins(url, namespace)[0]!, /lack sub as the whole of system:serviceaccount/);
      assert.match(pins(url, { sub: 'system:serviceaccount:monitoring:*' })[0]!, /lack sub/);
      assert.deepEqual(pins(url, { sub, ...namespace }), []);
    }
    // A cluster whose issuer has any name is known by the claims, or by how its keys are fetched.
    assert.match(pins('https://issuer.example.com', namespace)[0]!, /lack sub/);
    assert.match(pins('https://issuer.example.com', { sub: 'system:serviceaccount:*:exporter' })[0]!, /lack sub/);
    const ca = '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt';
    assert.match(problemsOf(fileWith({ ca }, { issuer: 'it', claims: { a: 'b' } }))[0]!, /lack sub/);
  });
});

describe('the warnings of identities', () => {
  const warningsOf = (issuers: object, identities: Record<string, unknown>) => {
    const clients = Object.entries(identities).map(([name, identity]) => ({ name, identity, ...RIGHTS }));
    const read = readClients(JSON.stringify({ issuers, clients }));
    assert.ok('clients' in read, JSON.stringify(read));
    return identityWarnings(read.clients, read.issuers);
  };
  const github = { url: 'https://token.actions.githubusercontent.com', audience: AUDIENCE };
  const gitlab = { url: 'https://gitlab.example.com', audience: AUDIENCE };

  it('say that every workflow of a repository is a client', () => {
    const claims = { repository_id: '1' };
    assert.match(warningsOf({ github }, { ci: { issuer: 'github', claims } })[0]!, /^ci has neither ref, environment/);
    for (const more of [
      { ref: 'refs/heads/main' },
      { environment: 'production' },
      { job_workflow_ref: 'o/r/.github/workflows/x.yml@refs/heads/main' },
      { sub: 'repo:o@1/r@2:environment:production' },
    ]) {
      assert.deepEqual(warningsOf({ github }, { ci: { issuer: 'github', claims: { ...claims, ...more } } }), []);
    }
  });

  it('say that every branch of GitLab is a client', () => {
    const claims = { project_path: 'g/p' };
    assert.match(warningsOf({ gitlab }, { ci: { issuer: 'gitlab', claims } })[0]!, /ref_protected/);
    const safe = { ...claims, ref_protected: 'true' };
    assert.deepEqual(warningsOf({ gitlab }, { ci: { issuer: 'gitlab', claims: safe } }), []);
  });

  it('say that no claim tells two clients apart', () => {
    const it = { url: 'https://idp.example.com', audience: AUDIENCE };
    const pair = (a: object, b: object) =>
      warningsOf({ it }, { a: { issuer: 'it', claims: a }, b: { issuer: 'it', claims: b } });
    for (const [a, b] of [
      [{ x: '1' }, { y: '1' }],
      [{ x: '1' }, { x: '1', y: '1' }],
      [{ x: ['1', '2'] }, { x: ['2', '3'] }],
      [{ x: 'v*' }, { x: 'v1' }],
      [{ x: 'v*' }, { x: '*1' }],
    ] as const) {
      assert.match(pair(a, b)[0] ?? '', /^a and b have no claim that tells them apart/);
    }
    for (const [a, b] of [
      [{ x: '1' }, { x: '2' }],
      [
        { x: '1', y: '1' },
        { x: '1', y: '2' },
      ],
      [{ x: 'v*' }, { x: 'w1' }],
      [{ x: 'v*' }, { x: 'w*' }],
      [{ x: '1' }, { x: 1 }],
    ] as const) {
      assert.deepEqual(pair(a, b), []);
    }
  });
});

describe('the schema of the clients file', () => {
  const schema = JSON.parse(readFileSync(new URL('../../clients.schema.json', import.meta.url), 'utf8'));
  const isValid = new Ajv({ strict: true, strictTypes: false, strictRequired: false }).compile(schema);

  it('agrees with the checker on issuers and identities', () => {
    for (const file of [
      fileWith({}),
      fileWith({ url: 'http://localhost:8080' }),
      fileWith({ url: 'http://127.0.0.1' }),
      fileWith({ url: 'http://[::1]:1/x' }),
      fileWith({ url: 'http://idp.example.com' }),
      fileWith({ url: 'https://a@b.example.com' }),
      fileWith({ url: 'https://b.example.com?x' }),
      fileWith({ url: 5 }),
      fileWith({ audience: '*' }),
      fileWith({ audience: [] }),
      fileWith({ audience: ['a', 'b'] }),
      fileWith({ audience: 'https://github.com/owner' }),
      fileWith({ jwks: 'https://a.example.com', keysFile: '/x' }),
      fileWith({ keysFile: '/x' }),
      fileWith({ keysFile: '' }),
      fileWith({ unknown: 1 }),
      fileWith({}, [IDENTITY]),
      fileWith({}, []),
      fileWith({}, {}),
      fileWith({}, { issuer: 'it', claims: {} }),
      fileWith({}, { issuer: 'it', claims: { a: [] } }),
      fileWith({}, { issuer: 'it', claims: { a: [1, true, 'x'] } }),
      fileWith({}, { issuer: 'it', claims: { a: null } }),
      fileWith({}, { issuer: 'it', claims: { a: '' } }),
      fileWith({}, { issuer: 'it', claims: { '/a~2': 'x' } }),
      fileWith({}, { issuer: 'it', claims: { '/a~1b/c~0': 'x' } }),
      fileWith({}, IDENTITY, { token: 'x'.repeat(32) }),
      { clients: [{ name: 'ci', ...RIGHTS }] },
      { issuers: { Bad: ISSUER, it: ISSUER }, clients: [GOOD] },
      { issuers: [], clients: [{ ...GOOD, identity: undefined, token: 'x'.repeat(32) }] },
    ]) {
      const text = JSON.stringify(file);
      const problems = problemsOf(file);
      assert.equal(isValid(JSON.parse(text)), problems.length === 0, `${text}\n${problems.join('\n')}`);
    }
  });
});

describe('files that an issuer names', () => {
  const file = (issuer: object) => JSON.stringify(fileWith(issuer));
  const base = { sentryUri: 'https://sentry.example.com', token: 'sentry-token' };

  it('are refused where there are none: createProxy and the edge', () => {
    for (const [issuer, expected] of [
      [{ keysFile: '/keys.json' }, /issuers\.it\.keysFile, which names a file, .* put the keys into keys/],
      [{ ca: '/ca.pem' }, /issuers\.it\.ca, which names a file/],
      [{ bearerFile: '/token' }, /issuers\.it\.bearerFile, which names a file/],
    ] as const) {
      assert.throws(() => createProxy({ ...base, clients: file(issuer) }), expected);
      const problems: Problem[] = [];
      readEdgeConfig({ SENTRY_URI: base.sentryUri, SENTRY_TOKEN: base.token, CLIENTS: file(issuer) }, problems, []);
      assert.match(problems.map(({ variable, text }) => `${variable} ${text}`).join('\n'), expected);
    }
  });

  it('have to be there when createListener is called', () => {
    assert.throws(
      () => createListener({ ...base, clients: file({ keysFile: '/missing/keys.json' }) }),
      /clients has issuers\.it\.keysFile, which names a file that could not be read \(ENOENT\)/,
    );
  });
});
