// Random targets from a seed. What is allowed is read once more, by another reader that does all that Django, uWSGI and
// nginx were seen to do, and then it still has to be the client's.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decide } from '../../src/policy/decide.ts';
import { readSource } from '../../tools/source-row.ts';
import { clientOf, exampleTarget } from './examples.ts';

const SEED = Number(process.env.POLICY_SEED ?? 20_261);
const ROUNDS = Number(process.env.POLICY_ROUNDS ?? 20_000);

/** Numbers from 0 to 1 that are the same in each run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = randomFrom(SEED);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
const insert = (text: string, at: number, piece: string): string => text.slice(0, at) + piece + text.slice(at);
const somewhere = (text: string): number => 1 + Math.floor(random() * text.length);

const { rows } = readSource();
const paths = rows.map(({ path }) => path);
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Spellings that a server between the client and the view reads in another way, anywhere in a path. */
const STRANGE = [
  '//',
  '\\',
  '%2F',
  '%2f',
  '%5C',
  '%5c',
  '%00',
  '%0A',
  '%0d',
  '%09',
  '%7F',
  '%1f',
  '%C2%80',
  '%E2%80%A8',
  '%25',
  '%252e',
  '%-',
  '%6-',
  '%zz',
  '%u0041',
  '%FF',
  '%C0%AF',
  '%ED%A0%80',
  '%F8%88%80%80%80',
  '#',
  '/./',
  '/../',
  '/%2e/',
  '/.%2E/',
  '/%2e%2E/',
  ' ',
  '\t',
  '\n',
  '\r',
  '\0',
  '\u007f',
  '\u00e9',
  '\u0661',
  '\u2028',
  '\ud83d\ude00',
];

/** A small step away from a target. */
const STEPS: readonly ((target: string) => string)[] = [
  (target) => insert(target, somewhere(target), pick(STRANGE)),
  // One character percent-encoded.
  (target) => {
    const at = somewhere(target) % target.length;
    return `${target.slice(0, at)}%${target.charCodeAt(at).toString(16).padStart(2, '0')}${target.slice(at + 1)}`;
  },
  (target) => target.replace('acme', pick(['other', '7', 'ACME', 'acme;x', 'acme%20', 'acm%65', '..', ''])),
  (target) =>
    target.replace('web', pick(['secret', '13', '12', '１２', '%EF%BC%91', 'web%20', 'w%65b', '011', '1_1', 'token'])),
  (target) => target.replace('4711', pick(['SECRET-1', 'web-1', 'WEB-1', 'x', '%34711', '4711%20', '../4711'])),
  (target) =>
    `${target}${target.includes('?') ? '&' : '?'}${pick(['project', '%70roject', 'projectSlug', 'project_id', 'a', 'shortIdLookup', 'project[]', '+project', ' project'])}=${pick(['11', '13', '-1', '$all', 'secret', '%2B13', '+13', '1;project=13', '11%26project=13', '11&project=13', '%31%33', '11%00', '１３'])}`,
  (target) => target.replace('/issues/', '/groups/').replace('/notes/', '/comments/'),
  (target) => target.slice(0, somewhere(target)),
  (target) => target.toUpperCase(),
  (target) => `${pick(['/x/..', '//host', 'http://host', '/api/0/..', '/.'])}${target}`,
  (target) => insert(target, somewhere(target), pick(['/', '.', '..', ';', ':', '?', '&', '=', '*', '{', '@'])),
];

/** A path as the view gets it: nginx and uWSGI resolve dots and cut at `#`, each may decode, Django splits. */
function namesInDjango(target: string): string[] {
  const path = target.split('#')[0]!.split('?')[0]!;
  const bytes: string[] = [];
  for (const segment of decodeLatin1(path).split('/').slice(1)) {
    if (segment === '..') bytes.pop();
    else if (segment !== '.') bytes.push(segment);
  }
  return bytes;
}

const decodeLatin1 = (text: string): string =>
  text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** All projects that some version of Django takes from a query. */
function projectsInDjango(query: string): string[] {
  return query
    .split(/[&;]/)
    .map((pair) => pair.split('='))
    .filter(([name]) => /^project/i.test(decodeLatin1(name!.replaceAll('+', ' ')).trim()))
    .map(([, value = '']) => decodeLatin1(value));
}

describe(`targets from the seed ${SEED}`, () => {
  const root = clientOf({ allow: ['* /**'], orgs: ['*'] });
  const wide = clientOf({
    scopes: ['*'],
    allow: ['* /api/0/organizations/{org}/**', '* /api/0/projects/{org}/**'],
    orgs: ['acme'],
  });
  const narrow = clientOf({
    scopes: ['*'],
    allow: ['* /api/0/organizations/{org}/**', '* /api/0/projects/{org}/**'],
    projects: ['acme/web', 'acme/11'],
  });
  const reader = clientOf({ scopes: ['readonly'], orgs: ['*'] });

  it('are refused to everyone with a strange spelling in them', () => {
    for (let round = 0; round < ROUNDS; round++) {
      const target = exampleTarget(pick(paths));
      const strange = pick(STRANGE);
      const written = insert(target, somewhere(target), strange);
      const decision = decide(root, pick(METHODS), written, 0);
      assert.equal(decision.kind, 'refuse', JSON.stringify(written));
    }
  });

  it('are refused to everyone if a name in them is encoded', () => {
    for (const path of paths) {
      const names = path.split('/');
      names.forEach((name, index) => {
        if (name === '' || name.startsWith('{')) return;
        const disguised = [...names];
        disguised[index] = `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`;
        const written = exampleTarget(disguised.join('/'));
        assert.equal(decide(root, 'GET', written, 0).kind, 'refuse', written);
      });
    }
  });

  it('lead only to organizations and projects of the client, however they are read', () => {
    let allowed = 0;
    for (let round = 0; round < ROUNDS * 2; round++) {
      let target = exampleTarget(pick(paths), { issue_id: pick(['4711', 'WEB-1', 'SECRET-1']) });
      for (let steps = Math.floor(random() * 4); steps > 0; steps--) target = pick(STEPS)(target);
      const method = pick(METHODS);
      for (const client of [wide, narrow]) {
        const decision = decide(client, method, target, 0);
        if (decision.kind === 'refuse') continue;
        allowed++;
        const [api, version, first, org, third, fourth] = namesInDjango(target);
        const said = JSON.stringify(`${method} ${target}`);
        assert.deepEqual([api, version], ['api', '0'], said);
        // Holds nothing of an organization.
        if (first === 'seer') continue;
        // Issues without an organization are looked up in the client's.
        if (first === 'issues' || first === 'groups') {
          assert.equal(decision.kind, 'conditional', said);
          continue;
        }
        const isList = first === 'organizations' || first === 'projects';
        const isIndex = first === '' || (isList && org === '');
        if (!isIndex) assert.equal(org, 'acme', said);
        if (client === wide || isIndex) continue;

        // A check is made by lookups, and tested elsewhere; what needs none is the client's on its face.
        const conditions = decision.kind === 'conditional' ? decision.conditions : [];
        const isChecked = conditions.some(({ kind }) => kind === 'project' || kind === 'lookup');
        if (first === 'projects' && !isChecked) assert.match(third ?? '', /^(?:web|11)$/, said);
        const query = decision.kind === 'allow' ? (decision.query ?? '') : '';
        for (const project of projectsInDjango(query)) assert.equal(project, '11', said);
        const isIssue = third === 'issues' || third === 'groups' || third === 'shortids';
        if (first === 'organizations' && isIssue && fourth !== '') assert.ok(isChecked, said);
        const isRelease = first === 'organizations' && third === 'releases' && fourth !== '';
        if (isRelease) assert.ok(isChecked, said);
      }
    }
    assert.ok(allowed > ROUNDS / 20, `only ${allowed} were allowed, which shows little`);
  });

  it('change nothing for a client that may read', () => {
    for (let round = 0; round < ROUNDS; round++) {
      let target = exampleTarget(pick(paths));
      if (random() < 0.5) target = pick(STEPS)(target);
      const method = pick(METHODS);
      const decision = decide(reader, method, target, 0);
      if (method !== 'GET' && method !== 'HEAD') assert.equal(decision.kind, 'refuse', `${method} ${target}`);
    }
  });
});

describe("a path that continues one whose pattern in Sentry has no end, and so reaches that one's view", () => {
  const PATH = '/api/0/projects/acme/web/files/proguard-artifact-releases';
  const client = clientOf({ projects: ['acme/web'], allow: ['* /api/0/projects/acme/web/**'] });

  for (const end of ['/', 's', '/x/', '%2E', 'aaaaaaaa', '/keys/']) {
    it(`is refused, also to a client with a rule for all that is below: ${end}`, () => {
      const decision = decide(client, 'POST', PATH + end, 0);
      assert.ok(decision.kind === 'refuse' && decision.reason === 'target');
    });
  }

  it('is the only thing that is refused', () => {
    assert.notEqual(decide(client, 'POST', PATH, 0).kind, 'refuse');
    assert.equal(decide(client, 'GET', '/api/0/projects/acme/web/files/proguard', 0).kind, 'allow');
  });
});
