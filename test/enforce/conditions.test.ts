import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CHECKED_BODY_LIMIT, resolveConditions } from '../../src/enforce/conditions.ts';
import { CachedLookups } from '../../src/enforce/lookups/cached-lookups.ts';
import { decide } from '../../src/policy/decide.ts';
import type { Allowed, Refused } from '../../src/policy/decision.ts';
import { CLIENTS } from '../policy/cases.ts';
import { clientOf } from '../policy/examples.ts';

/** A Sentry with three projects, an issue and a release of each, and a release of two. */
const PROJECTS = [
  { id: '11', slug: 'web' },
  { id: '12', slug: 'api' },
  { id: '13', slug: 'secret' },
];

const ANSWERS: Readonly<Record<string, unknown>> = {
  ...Object.fromEntries(
    PROJECTS.flatMap((project) => [
      [`/api/0/projects/acme/${project.slug}/`, project],
      [`/api/0/projects/acme/${project.id}/`, project],
      [`/api/0/organizations/acme/issues/4${project.id}/`, { id: `4${project.id}`, project }],
      [
        `/api/0/organizations/acme/releases/${project.slug}%401/`,
        { projects: [{ ...project, id: Number(project.id) }] },
      ],
    ]),
  ),
  '/api/0/organizations/acme/issues/API-1/': { id: '412', project: PROJECTS[1] },
  // The project had another slug when the issue got its short id.
  '/api/0/organizations/acme/issues/WEB-9/': { id: '413', project: PROJECTS[2] },
  '/api/0/organizations/acme/releases/shared/': { projects: [PROJECTS[0], PROJECTS[2]] },
  '/api/0/organizations/acme/releases/empty/': { projects: [] },
};

const lookups = (status = 200) =>
  new CachedLookups(
    async (path) => {
      const json = ANSWERS[path.split('?')[0]!];
      return json === undefined ? { status: 404, json: undefined } : { status, json };
    },
    () => 0,
  );

interface Asked {
  readonly body?: string | Uint8Array;
  readonly status?: number;
}

async function outcome(client: keyof typeof CLIENTS, request: string, asked: Asked = {}): Promise<Allowed | Refused> {
  const [method = '', target = ''] = request.split(' ');
  const decision = decide(clientOf(CLIENTS[client]), method, target, 0);
  if (decision.kind !== 'conditional') return decision;
  const bytes = typeof asked.body === 'string' ? new TextEncoder().encode(asked.body) : asked.body;
  return resolveConditions(decision, lookups(asked.status), async (limit) =>
    bytes !== undefined && bytes.length > limit ? undefined : (bytes ?? new Uint8Array()),
  );
}

async function inWords(...parameters: Parameters<typeof outcome>): Promise<string> {
  const decision = await outcome(...parameters);
  if (decision.kind === 'refuse') return `refuse ${decision.reason}`;
  return decision.query === undefined ? 'allow' : `allow ?${decision.query}`;
}

const ORG = '/api/0/organizations/acme';

describe('a project in the path', () => {
  it('is found by id if the client has its slug, and the other way', async () => {
    assert.equal(await inWords('web', 'GET /api/0/projects/acme/11/events/'), 'allow');
    assert.equal(await inWords('web', 'GET /api/0/projects/acme/12/events/'), 'refuse project');
    assert.equal(await inWords('ids', 'GET /api/0/projects/acme/api/events/'), 'allow');
    assert.equal(await inWords('ids', 'GET /api/0/projects/acme/secret/events/'), 'refuse project');
  });
});

describe('a query', () => {
  it("is rebuilt with the ids of the client's projects", async () => {
    assert.equal(await inWords('web', `GET ${ORG}/issues/?query=x`), 'allow ?query=x&project=11');
    assert.equal(await inWords('mixed', `GET ${ORG}/issues/`), 'allow ?project=11&project=12');
  });

  it('keeps of the projects that it asks for, by slug or id, those of the client', async () => {
    assert.equal(await inWords('mixed', `GET ${ORG}/issues/?project=api&project=secret`), 'allow ?project=12');
    assert.equal(await inWords('mixed', `GET ${ORG}/issues/?project=11&project=13`), 'allow ?project=11');
    assert.equal(await inWords('mixed', `GET ${ORG}/issues/?project=secret`), 'refuse project');
  });

  it('is never sent without a project if Sentry knows none of them', async () => {
    const client = clientOf({ scopes: ['readonly'], projects: ['acme/gone'] });
    const decision = decide(client, 'GET', `${ORG}/issues/`, 0);
    assert.ok(decision.kind === 'conditional');
    const settled = await resolveConditions(decision, lookups(), async () => undefined);
    assert.ok(settled.kind === 'refuse' && settled.reason === 'project');
  });
});

describe('an issue', () => {
  it("is given if its project is the client's", async () => {
    assert.equal(await inWords('web', `GET ${ORG}/issues/411/`), 'allow');
    assert.equal(await inWords('web', `PUT ${ORG}/issues/411/`), 'allow');
    assert.equal(await inWords('ids', `GET ${ORG}/issues/412/`), 'allow');
    assert.equal(await inWords('ids', `GET ${ORG}/issues/API-1/`), 'allow');
  });

  it('is looked up by its short id, which may be that of an issue that moved', async () => {
    assert.equal(await inWords('web', `GET ${ORG}/issues/WEB-9/`), 'refuse project');
    assert.equal(await inWords('web', `GET ${ORG}/issues/API-1/`), 'refuse project');
  });

  it("is refused in the same words if it is another's and if there is none", async () => {
    const another = await outcome('web', `GET ${ORG}/issues/413/`);
    const none = await outcome('web', `GET ${ORG}/issues/999/`);
    assert.equal(another.kind, 'refuse');
    assert.deepEqual(another, none);
  });

  it('is looked up and its query narrowed as well', async () => {
    assert.equal(await inWords('web', `GET ${ORG}/issues/411/?project=11&project=13`), 'allow ?project=11');
    assert.equal(await inWords('web', `GET ${ORG}/issues/411/?project=13`), 'refuse project');
  });
});

describe('a release', () => {
  it("is given if all of its projects are the client's", async () => {
    assert.equal(await inWords('web', `PUT ${ORG}/releases/web@1/`), 'allow');
    assert.equal(await inWords('web', `PUT ${ORG}/releases/secret@1/`), 'refuse project');
    assert.equal(await inWords('web', `DELETE ${ORG}/releases/shared/`), 'refuse project');
    assert.equal(await inWords('web', `GET ${ORG}/releases/unknown/`), 'refuse project');
  });

  it('is refused if it has no projects', async () => {
    assert.equal(await inWords('web', `GET ${ORG}/releases/empty/`), 'refuse project');
  });
});

describe('a lookup that fails', () => {
  it('refuses what waits for it', async () => {
    for (const status of [401, 403, 429, 500, 503, 204]) {
      for (const request of [`GET ${ORG}/issues/`, `GET ${ORG}/issues/411/`, `PUT ${ORG}/releases/web@1/`]) {
        const settled = await outcome('web', request, { status });
        assert.ok(settled.kind === 'refuse' && settled.error === 'look_up_failed', `${status} ${request}`);
      }
    }
  });
});

describe('a body', () => {
  const RELEASES = `POST ${ORG}/releases/`;
  const MONITORS = `POST ${ORG}/monitors/`;
  const check = (request: string, body: string | Uint8Array) => inWords('web', request, { body });

  it('passes, and is handed on byte for byte, if it names the projects of the client', async () => {
    const body = ' {"version":"1","projects":["web"]}\n';
    const settled = await outcome('web', RELEASES, { body });
    assert.ok(settled.kind === 'allow');
    assert.equal(new TextDecoder().decode(settled.body), body);
    assert.equal(await check(RELEASES, '{"projects":["11"]}'), 'allow');
    assert.equal(await check(RELEASES, '{"projects":[11, "web"]}'), 'allow');
    assert.equal(await check(MONITORS, '{"project":"web"}'), 'allow');
    assert.equal(await check(MONITORS, '{"project":11}'), 'allow');
  });

  it('is refused if one of its projects is not the client’s', async () => {
    assert.equal(await check(RELEASES, '{"projects":["web","secret"]}'), 'refuse project');
    assert.equal(await check(RELEASES, '{"projects":[13]}'), 'refuse project');
    assert.equal(await check(MONITORS, '{"project":"api"}'), 'refuse project');
  });

  const REFUSED: Readonly<Record<string, string>> = {
    'a key twice': '{"projects":["web"],"projects":["secret"]}',
    'a key twice, once escaped': '{"projects":["web"],"\\u0070rojects":["secret"]}',
    'a key twice below': '{"projects":["web"],"refs":[{"a":1,"a":2}]}',
    'a key in another spelling': '{"projects":["web"],"Projects":["secret"]}',
    'no projects': '{"version":"1"}',
    'an empty list': '{"projects":[]}',
    'no list': '{"projects":"web"}',
    'projects of another type': '{"projects":[{"slug":"web"}]}',
    'a list in the list': '{"projects":[["web"]]}',
    null: '{"projects":null}',
    'all projects': '{"projects":["$all"]}',
    'all projects by number': '{"projects":[-1]}',
    'a number with a fraction': '{"projects":[11.0]}',
    'a number with an exponent': '{"projects":[1.1e1]}',
    'a number that Python reads in a text': '{"projects":["1_1"]}',
    'blanks about it': '{"projects":[" web"]}',
    'digits of another script': '{"projects":["\\u0661\\u0661"]}',
    'a number too large to be read exactly': '{"projects":[9007199254740993]}',
    'a byte order mark': '\ufeff{"projects":["web"]}',
    'a list at the top': '[{"projects":["web"]}]',
    'no JSON': 'projects=web',
    'two values': '{"projects":["web"]}{}',
    NaN: '{"projects":["web"],"a":NaN}',
    'a comment': '{"projects":["web"]/**/}',
    nothing: '',
    'very deep lists': `{"projects":["web"],"a":${'['.repeat(300)}${']'.repeat(300)}}`,
  };
  for (const [what, body] of Object.entries(REFUSED)) {
    it(`is refused if it has ${what}`, async () => {
      assert.equal(await check(RELEASES, body), 'refuse body');
    });
  }

  it('is refused if it is not UTF-8', async () => {
    const overlong = Uint8Array.from([
      ...new TextEncoder().encode('{"projects":["web"],"a":"'),
      0xc0,
      0xaf,
      0x22,
      0x7d,
    ]);
    assert.equal(await check(RELEASES, overlong), 'refuse body');
    const utf16 = Uint8Array.from([...'{"projects":["web"]}'].flatMap((sign) => [sign.charCodeAt(0), 0]));
    assert.equal(await check(RELEASES, utf16), 'refuse body');
  });

  it('is taken as a utf-8 text if it spells its keys in utf-7', async () => {
    // Only the charset of Content-Type would make Sentry see a second key here, and that is refused.
    const body = '{"projects":["web"],"url":"+ACI-,+ACI-projects+ACI-:[+ACI-secret+ACI-],+ACI-b+ACI-:+ACI-"}';
    assert.equal(await check(RELEASES, body), 'allow');
  });

  it('is refused above 1 MiB', async () => {
    const [head, tail] = ['{"projects":["web"],"url":"', '"}'];
    const filled = (size: number) => head + 'x'.repeat(size - head.length - tail.length) + tail;
    assert.equal(await check(RELEASES, filled(CHECKED_BODY_LIMIT)), 'allow');
    assert.equal(await check(RELEASES, filled(CHECKED_BODY_LIMIT + 1)), 'refuse body');
  });
});

describe('a release that a body names', () => {
  const RELEASES = `POST ${ORG}/releases/`;

  it('is changed without projects if it is the client’s, as sentry-cli archives it', async () => {
    const archive = (version: string) =>
      inWords('web', RELEASES, { body: JSON.stringify({ version, projects: [], status: 'archived' }) });
    assert.equal(await archive('web@1'), 'allow');
    for (const version of ['secret@1', 'shared', 'empty', 'new@1'])
      assert.equal(await archive(version), 'refuse project', version);
  });

  it('may be sent with its own projects, which Sentry does not read there, and with no others', async () => {
    for (const request of [`PUT ${ORG}/releases/web@1/`, 'POST /api/0/projects/acme/web/releases/']) {
      const send = (projects: string[]) =>
        inWords('web', request, { body: JSON.stringify({ version: 'web@1', projects }) });
      const isPut = request.startsWith('PUT');
      assert.equal(await send(['web']), isPut ? 'refuse body' : 'allow', request);
      assert.equal(await send(['secret']), isPut ? 'refuse body' : 'refuse project', request);
    }
    const put = (projects: string[]) =>
      inWords('web', `PUT ${ORG}/releases/web@1/`, { body: JSON.stringify({ projects, dateReleased: 'x' }) });
    assert.equal(await put(['web']), 'allow');
    assert.equal(await put([]), 'allow');
    assert.equal(await put(['web', 'secret']), 'refuse project');
  });
  const post = (version: unknown) => ({ body: JSON.stringify({ version, projects: ['web'] }) });

  it("may be new, or one of the client's projects alone", async () => {
    assert.equal(await inWords('web', RELEASES, post('new@1.0')), 'allow');
    assert.equal(await inWords('web', RELEASES, post('web@1')), 'allow');
  });

  it('is refused if it exists and is of another project as well, since the POST would change it', async () => {
    assert.equal(await inWords('web', RELEASES, post('secret@1')), 'refuse project');
    assert.equal(await inWords('web', RELEASES, post('shared')), 'refuse project');
    assert.equal(await inWords('web', RELEASES, post('empty')), 'refuse project');
  });

  it('is refused in a spelling that Sentry reads as the name of another one', async () => {
    for (const version of [' secret@1', 'secret@1 ', 'secret@1\u2003', 'secret@1\u001f', '', 7, null, ['secret@1']]) {
      assert.equal(await inWords('web', RELEASES, post(version)), 'refuse body', JSON.stringify(version));
    }
    const body = '{"Version":"secret@1","version":"new","projects":["web"]}';
    assert.equal(await inWords('web', RELEASES, { body }), 'refuse project');
  });

  it('is refused if its name leads a lookup elsewhere', async () => {
    for (const version of ['..', 'a/b', 'a\\b']) {
      assert.equal(await inWords('web', RELEASES, post(version)), 'refuse body', version);
    }
  });

  it('is refused with 503 if it cannot be looked up', async () => {
    assert.equal(await inWords('web', RELEASES, { ...post('web@1'), status: 500 }), 'refuse look_up_failed');
  });
});

describe('a body with very many projects', () => {
  it('is refused before it keeps the proxy busy', async () => {
    const body = JSON.stringify({ version: '1', projects: Array.from({ length: 200_000 }, () => 'web') });
    const begun = process.cpuUsage();
    assert.equal(await inWords('web', `POST ${ORG}/releases/`, { body }), 'refuse body');
    // Without the bound it takes many seconds.
    assert.ok(process.cpuUsage(begun).user < 3_000_000);
  });
});
