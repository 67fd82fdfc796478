// The commands for named clients, as an operator types them: `token`, `suggest`, `check` and `check --as`.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { startChild } from '../../support/child-process.ts';
import { makeFolder, runProxy, startProxy } from '../../support/operator.ts';
import { COMPILE_CACHE, PROGRAM } from '../../support/proxy-process.ts';

const DAY = 24 * 60 * 60 * 1000;
const SECRET = 'hunter2';
const PLAIN_TOKEN = `${SECRET}-token-of-a-client-0123456789`;
const digestOf = (name: string): string => `sha256:${hash('sha256', name, 'hex')}`;
const dateIn = (days: number): string => new Date(Date.now() + days * DAY).toISOString().slice(0, 10);

const CLIENTS = [
  {
    ...{
      name: 'grafana',
      token: [digestOf('grafana'), PLAIN_TOKEN],
      scopes: ['org:read', 'project:read', 'event:read'],
    },
    ...{ orgs: ['acme'], rate: '300/min', concurrency: 8, expires: dateIn(100) },
  },
  {
    ...{ name: 'agent', token: digestOf('agent'), scopes: ['event:write'], projects: ['acme/web', 'acme/2'] },
    ...{ allow: ['GET /api/0/projects/{org}/{project}/'], expires: dateIn(3) },
    deny: ['GET /api/0/projects/{org}/{project}/events/{event_id}/attachments/**'],
  },
  { name: 'old', token: digestOf('old'), scopes: ['readonly'], orgs: ['acme'], expires: '2020-01-31', mode: 'observe' },
  { name: 'watched', token: digestOf('watched'), scopes: ['event:read'], orgs: ['acme'], mode: 'observe' },
  { name: 'admin', token: digestOf('admin'), allow: ['* /**'], scopes: ['*'], orgs: ['*'] },
];

/** For `check --as` alone. */
const OBSERVED_CLIENTS = [
  {
    ...{ name: 'watched-web', token: digestOf('watched-web'), scopes: ['org:read', 'event:read'] },
    ...{ projects: ['acme/web'], allow: ['GET /api/0/projects/{org}/{project}/'], mode: 'observe' },
  },
  { name: 'watched-2', token: digestOf('watched-2'), scopes: ['event:read'], projects: ['acme/2'], mode: 'observe' },
];
const OBSERVED = 'observe mode: the request and its response pass unchanged; in enforce mode it would be allowed';

function clientsFile(t: TestContext, content: unknown = { clients: CLIENTS }): string {
  const path = join(makeFolder(t), 'clients.json');
  writeFileSync(path, JSON.stringify(content));
  return path;
}

/** Runs a command with this on standard input. */
async function runWithInput(args: readonly string[], input: string) {
  const child = startChild(process.execPath, [PROGRAM, ...args], {
    env: { PATH: process.env.PATH, ...COMPILE_CACHE },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 20_000,
  });
  child.stdin!.end(input);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')]);
  return { code, stdout, stderr };
}

describe('the commands for named clients', { concurrency: 2 }, () => {
  describe('token', () => {
    it('prints a new token alone, and its digest and what to do with it on standard error', async () => {
      const { code, stdout, stderr } = await runProxy(['token']);
      assert.equal(code, 0);
      assert.match(stdout, /^[0-9a-f]{64}\n$/);
      assert.ok(stderr.startsWith(`digest  ${digestOf(stdout.trim())}\n`), stderr);
      assert.ok(!stderr.includes(stdout.trim()));
    });

    it('prints token and digest as JSON for a script', async () => {
      const { code, stdout, stderr } = await runProxy(['token', '--json']);
      assert.deepEqual([code, stderr], [0, '']);
      const { token, digest, ...others } = JSON.parse(stdout);
      assert.match(token, /^[0-9a-f]{64}$/);
      assert.deepEqual([digest, others], [digestOf(token), {}]);
    });

    it('refuses what it does not understand', async () => {
      const { code, stdout, stderr } = await runProxy(['token', SECRET]);
      assert.deepEqual([code, stdout], [2, '']);
      assert.equal(stderr, 'sentry-api-proxy: argument 2 is not a flag; --help lists them\n');
    });
  });

  describe('suggest', () => {
    it('prints entries on standard output, and notes on standard error', async () => {
      const line = (client: string, path: string) =>
        `${JSON.stringify({ event: 'request', route: 'inject', attempts: 1, client, method: 'GET', path })}\n`;
      const log = [
        line('agent', '/api/0/projects/acme/web/issues/'),
        '{"event":"listening"}\n',
        line('alias-1', '/api/0/organizations/acme/releases/'),
      ];
      const { code, stdout, stderr } = await runWithInput(['suggest'], log.join(''));
      assert.equal(code, 0);
      const entry = { token: 'sha256:REPLACE-WITH-THE-DIGEST', mode: 'observe' };
      assert.deepEqual(JSON.parse(stdout), {
        clients: [
          { name: 'agent', ...entry, scopes: ['event:read'], projects: ['acme/web'] },
          { name: 'alias-1', ...entry, scopes: ['project:read'], orgs: ['acme'] },
        ],
      });
      assert.equal(stderr, 'alias-1: the log uses this name itself; choose another name for the client\n');
    });

    it('takes names, order, digests and all else but the rights from the clients file', async (t) => {
      const line = (client: string, path: string) =>
        `${JSON.stringify({ event: 'request', route: 'inject', attempts: 1, client, method: 'GET', path, status: 200 })}\n`;
      const file = clientsFile(t, { unmatched: 'reject', clients: CLIENTS });
      const log = [
        line('agent', '/api/0/projects/acme/web/issues/'),
        line('grafana', '/api/0/organizations/acme/events/'),
      ];
      const { code, stdout, stderr } = await runWithInput(['suggest', '--clients-file', file], log.join(''));
      assert.equal(code, 0);
      const { unmatched, clients } = JSON.parse(stdout);
      assert.equal(unmatched, 'reject');
      const [grafana, agent, ...others] = clients;
      const plain = digestOf(PLAIN_TOKEN);
      assert.deepEqual(grafana, {
        name: 'grafana',
        token: [digestOf('grafana'), plain],
        scopes: ['org:read'],
        orgs: ['acme'],
        rate: '300/min',
        concurrency: 8,
        expires: dateIn(100),
      });
      assert.deepEqual(agent, {
        ...{ name: 'agent', token: digestOf('agent'), scopes: ['event:read'], projects: ['acme/web'] },
        ...{ deny: ['GET /api/0/projects/{org}/{project}/events/{event_id}/attachments/**'], expires: dateIn(3) },
      });
      assert.deepEqual(others, CLIENTS.slice(2));
      assert.match(stderr, /^watched: stays as it is, because the log has no successful request of it$/m);
      assert.ok(!(stdout + stderr).includes(SECRET));
    });

    it('takes no clients file that is wrong', async (t) => {
      const file = clientsFile(t, { clients: [{ ...CLIENTS[0], scopes: ['org:raed'] }] });
      const { code, stdout, stderr } = await runWithInput(['suggest', '--clients-file', file], '');
      assert.deepEqual([code, stdout], [2, '']);
      assert.ok(
        stderr.includes(`names ${file}, where clients[0].scopes[0] (client grafana) is not a scope of Sentry`),
        stderr,
      );
    });
  });

  describe('suggest without a log', { concurrency: 2 }, () => {
    it('prints nothing that could be taken for a clients file, and exits with 1', async () => {
      const { code, stdout, stderr } = await runWithInput(['suggest'], '{"event":"listening"}\n');
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(stderr, /^no request of a client was found/);
    });

    it('says that it reads standard input if it is given a file', async () => {
      const { code, stdout, stderr } = await runProxy(['suggest', `${SECRET}.log`]);
      assert.deepEqual([code, stdout], [2, '']);
      assert.equal(stderr, 'sentry-api-proxy: suggest reads the log from standard input: suggest < FILE\n');
    });
  });

  describe('check', () => {
    it('shows a table of the clients without a token, and says which have expired or will soon', async (t) => {
      const { code, stdout, stderr } = await runProxy(['check', '--token=x', '--clients-file', clientsFile(t)]);
      assert.deepEqual([code, stderr], [0, '']);
      const rows = stdout
        .slice(stdout.indexOf('\nclient '))
        .trim()
        .split('\n')
        .map((row) => row.split(/ {2,}/));
      assert.deepEqual(rows, [
        ['client', 'scopes', 'rules', 'reach', 'rate', 'concurrency', 'expires', 'mode', 'tokens'],
        ['grafana', 'org:read,project:read,event:read', '-', 'acme', '300/min', '8', dateIn(100), 'enforce', '2'],
        ['agent', 'event:write', '1 allow, 1 deny', 'acme/web,acme/2', '-', '-', `${dateIn(3)} soon`, 'enforce', '1'],
        [
          'old',
          'org:read,member:read,team:read,project:read,event:read,alerts:read',
          ...['-', 'acme', '-', '-', '2020-01-31 EXPIRED', 'observe', '1'],
        ],
        ['watched', 'event:read', '-', 'acme', '-', '-', '-', 'observe', '1'],
        ['admin', '*', '1 allow', '*', '-', '-', '-', 'enforce', '1'],
      ]);
      assert.match(
        stdout,
        /^injects it for: +5 named clients: 3 enforced, within their rights, and 2 observed, without limits so far; others are forwarded as they are$/m,
      );
      assert.match(stdout, /^warning: +clients that have expired, and are refused: old \(2020-01-31\)$/m);
      assert.ok(stdout.includes(`clients that expire within 14 days: agent (${dateIn(3)})\n`));
      for (const secret of [SECRET, digestOf('grafana').slice(7)]) assert.ok(!stdout.includes(secret));
    });

    it('counts one client as one, and an alias token that is there twice once', async (t) => {
      const path = clientsFile(t, { clients: CLIENTS.slice(0, 1) });
      const aliases = join(makeFolder(t), 'aliases');
      writeFileSync(aliases, 'an-alias-of-16-b\nanother-of-16-by\n');
      const args = ['check', '--token=x', '--clients-file', path, '--alias-token=an-alias-of-16-b'];
      const { stdout } = await runProxy([...args, '--alias-token-file', aliases]);
      assert.match(stdout, / 1 named client within their rights, .* clients that send one of 2 alias tokens; /);
    });

    it('shows both settings if both are given', async (t) => {
      const { stdout } = await runProxy(['check', '--token=x', '--clients={}', '--clients-file', clientsFile(t)]);
      assert.match(stdout, /^✓ --clients +hidden +flag$/m);
    });

    it('says that others are refused where the file says so', async (t) => {
      const path = clientsFile(t, { clients: CLIENTS, unmatched: 'reject' });
      const { stdout } = await runProxy([
        'check',
        '--token=x',
        '--clients-file',
        path,
        '--alias-token=a-token-of-16-b',
      ]);
      assert.match(
        stdout,
        /2 observed, without limits so far, and without limits for clients that send the alias token; others are refused$/m,
      );
    });

    it('warns of deny rules for paths that the table does not have', async (t) => {
      const deny = ['* /api/0/organizations/acme/unheard-of/', '* /api/0/organizations/acme/members/**'];
      const path = clientsFile(t, { clients: [{ ...CLIENTS[0], deny }] });
      const { code, stdout } = await runProxy(['check', '--token=x', '--clients-file', path]);
      assert.equal(code, 0);
      const warning = 'deny[0] of grafana has a path that the table of endpoints lacks; check its spelling';
      assert.ok(stdout.includes(warning), stdout);
      assert.ok(!stdout.includes('deny[1]'), stdout);
    });

    it('warns of allow rules that grant nothing, and of those that grant more than the projects', async (t) => {
      const rules: readonly (readonly [rule: string, warning: RegExp | undefined])[] = [
        ['GET /api/0/projects/{org}/{project}/', undefined],
        ['GET /api/0/projects/{organization}/{any}/keys/', undefined],
        ['GET /api/0/projects/{org}/{project}/**', undefined],
        ['GET /api/0/projects/{org}/{project}/kays/', / grants nothing: it has a name .*did you mean keys\?/],
        ['GET /api/0/organizations/{org}/unheard-of/', / has a path that the table of endpoints lacks/],
        ['GET /api/0/projects/{org}/{project}/keys', / grants nothing: its path lacks the last slash/],
        ['GET /api/0/projects/acme/mobile/', / grants nothing: the client may not reach this project/],
        ['* /api/0/organizations/{org}/members/', / grants nothing: the client is limited to projects, and /],
        ['GET /api/0/organizations/{org}/members/', / grants data of all projects of acme: nothing limits it/],
        ['GET /api/0/projects/acme/web/hooks/', / grants nothing: the client has a deny rule for /],
      ];
      const client = {
        ...{ name: 'a', token: digestOf('a'), projects: ['acme/web'], allow: rules.map(([rule]) => rule) },
        deny: ['* /api/0/projects/{org}/{project}/hooks/'],
      };
      const { code, stdout } = await runProxy([
        'check',
        '--token=x',
        '--clients-file',
        clientsFile(t, { clients: [client] }),
      ]);
      assert.equal(code, 0);
      for (const [index, [rule, warning]] of rules.entries()) {
        const line = stdout.split('\n').find((one) => one.includes(` allow[${index}] of a `));
        if (warning === undefined) assert.equal(line, undefined, rule);
        else assert.match(line ?? '', warning, rule);
      }
    });

    it('warns in the log at the start as well', async (t) => {
      const proxy = await startProxy(['--token=x', '--clients-file', clientsFile(t)]);
      t.after(() => proxy.stop());
      const { level, count, expired, soon } = await proxy.logged(({ event }) => event === 'clients_expire');
      assert.deepEqual([level, count, expired, soon], ['warn', 2, 'old (2020-01-31)', `agent (${dateIn(3)})`]);
    });
  });

  describe('check --as', { concurrency: 2 }, () => {
    const cases: Record<string, readonly [asked: string, code: number, lines: readonly (string | RegExp)[]]> = {
      'a scope': [
        'grafana GET /api/0/organizations/acme/issues/',
        0,
        ['allowed by the scope event:read: /api/0/organizations/{org}/issues/'],
      ],
      'an allow rule, and what is taken out of the answer': [
        'agent GET /api/0/projects/acme/web/',
        0,
        [
          'allowed by allow[0], GET /api/0/projects/{org}/{project}/: /api/0/projects/{org}/{project}/',
          'the response loses: securityToken, securityTokenHeader, symbolSources, doc',
        ],
      ],
      'what every client may ask': [
        'agent HEAD /api/0/',
        0,
        ['allowed by default to every client: /api/0/', 'the response loses: user, auth'],
      ],
      'a rule for a path that is in no table': ['admin POST /elsewhere/', 0, ['allowed by allow[0], * /**']],
      'a lookup of an issue': [
        'agent PUT /api/0/organizations/acme/issues/4711/',
        0,
        [
          'allowed by the scope event:write: /api/0/organizations/{org}/issues/{issue_id}/',
          'provided that in Sentry all projects of the issue 4711 are among web, 2',
          /^provided that the body is JSON, has none of these keys: discard, ispublic, statusdetails.incommit, has no keys/,
          'the response loses: shareId',
        ],
      ],
      'a lookup of a project': [
        'agent GET /api/0/projects/acme/7/issues/',
        0,
        [/^allowed by the scope event:(?:read|write)/, 'provided that in Sentry project 7 of acme is one of web, 2'],
      ],
      'a query that is narrowed': [
        'agent GET /api/0/organizations/acme/issues/?query=is:unresolved',
        0,
        [
          /^allowed/,
          'provided that Sentry has web, 2 in acme; the query is narrowed to those of them that it asks for',
        ],
      ],
      'a list that is filtered': [
        'grafana GET /api/0/organizations/',
        0,
        [/^allowed by the scope org:read/, 'the list in the response keeps: acme'],
      ],
      'a scope that is lacking': [
        'agent GET /api/0/projects/acme/web/keys/',
        1,
        [
          /^refused: client agent needs an allow rule: "GET .*no scope grants it, because its response contains secrets$/,
          'the log and the metrics say: client_denied, secret',
        ],
      ],
      'another project': [
        'agent GET /api/0/projects/other/web/issues/',
        1,
        [
          'refused: client agent may not reach this organization',
          'the log and the metrics say: client_denied, organization',
        ],
      ],
      'every reason against it at once': [
        'agent GET /api/0/projects/other/web/keys/',
        1,
        [
          /^refused: client agent needs an allow rule/,
          /^also: client agent may not reach this organization/,
          'the log and the metrics say: client_denied, secret',
        ],
      ],
      'a deny rule': [
        'agent GET /api/0/projects/acme/web/events/12/attachments/3/',
        1,
        [
          /^refused by deny\[0\], GET \/api\/0\/projects\/\{org\}\/\{project\}\/events\/\{event_id\}\/attachments\/\*\*: /,
          'the log and the metrics say: client_denied, deny_rule',
        ],
      ],
      'a client whose time is up, observed or not': [
        'old GET /api/0/organizations/acme/issues/',
        1,
        ['refused: client old has expired', 'the log and the metrics say: client_expired, expired'],
      ],
      'what an observed client lacks, which passes': [
        'watched DELETE /api/0/projects/acme/web/',
        1,
        [
          /^refused: client watched needs the scope project:admin/,
          'the log and the metrics say: client_denied, scope',
          'observe mode: the request is still forwarded',
        ],
      ],
      'what would be narrowed for an observed client, and passes unchanged': [
        'watched-web GET /api/0/organizations/acme/issues/',
        0,
        [
          /^allowed by the scope event:read/,
          OBSERVED,
          'provided that Sentry has web in acme; the query would be narrowed to those of them that it asks for',
        ],
      ],
      'a query that would be rewritten for an observed client': [
        'watched-2 GET /api/0/organizations/acme/issues/?a=b',
        0,
        [/^allowed by the scope event:read/, OBSERVED, 'the query would become: a=b&project=2'],
      ],
      'a list that would be filtered for an observed client': [
        'watched-web GET /api/0/organizations/',
        0,
        [/^allowed by the scope org:read/, OBSERVED, 'the list in the response would keep: acme'],
      ],
      'keys that an observed client would lose': [
        'watched-web GET /api/0/projects/acme/web/',
        0,
        [
          /^allowed by allow\[0\]/,
          OBSERVED,
          'the response would lose: securityToken, securityTokenHeader, symbolSources, doc',
        ],
      ],
      'an alias': [
        'alias-2 DELETE /x',
        0,
        ['allowed: everything that the token may do; only named clients are limited'],
      ],
    };
    for (const [title, [asked, code, expected]] of Object.entries(cases)) {
      it(`says of ${title}: exit code ${code}`, async (t) => {
        const file = clientsFile(t, { clients: [...CLIENTS, ...OBSERVED_CLIENTS] });
        const flags = ['--token=x', '--clients-file', file, `--alias-token=${SECRET}-1;${SECRET}-2`];
        const answer = await runProxy(['check', '--as', ...asked.split(' '), ...flags]);
        assert.deepEqual([answer.code, answer.stderr], [code, '']);
        const lines = answer.stdout.trimEnd().split('\n');
        assert.equal(lines.length, expected.length, answer.stdout);
        for (const [index, line] of expected.entries()) {
          if (typeof line === 'string') assert.equal(lines[index], line);
          else assert.match(lines[index]!, line);
        }
      });
    }

    it('says that anyone may do everything if the proxy is open, and only then', async (t) => {
      const asked = ['check', '--token=x', '--as', 'anyone', 'GET', '/x'];
      const [open, closed] = await Promise.all([
        runProxy(asked),
        runProxy([...asked, '--clients-file', clientsFile(t)]),
      ]);
      assert.deepEqual([open.code, closed.code, closed.stdout], [0, 2, '']);
      assert.match(open.stdout, /^allowed: everything/);
    });

    const wrong: Record<string, readonly [args: readonly string[], error: RegExp]> = {
      'a name that no client has': [
        ['--as', 'grafna', 'GET', '/x'],
        /^sentry-api-proxy: no client has that name; did you mean grafana\?\n$/,
      ],
      'an alias that is not set': [['--as', 'alias-1', 'GET', '/x'], /no client has that name/],
      'a missing path': [['--as', 'grafana', 'GET'], /^sentry-api-proxy: check --as needs NAME METHOD PATH\n$/],
      'only the name': [['--as=grafana'], /^sentry-api-proxy: check --as needs NAME METHOD PATH\n$/],
      'one operand too many': [['--as', 'grafana', 'GET', '/x', SECRET], /argument 6 is not a flag/],
    };
    for (const [title, [args, error]] of Object.entries(wrong)) {
      it(`takes ${title} for bad usage: exit code 2`, async (t) => {
        const answer = await runProxy(['check', ...args, '--token=x', '--clients-file', clientsFile(t)]);
        assert.deepEqual([answer.code, answer.stdout], [2, '']);
        assert.match(answer.stderr, error);
        assert.ok(!answer.stderr.includes(SECRET));
      });
    }

    it('refuses a wrong clients file, with all that is wrong with it', async (t) => {
      const path = clientsFile(t, {
        clients: [{ name: 'grafana', token: 'short', scopes: ['org:raed'], orgs: ['acme'] }],
      });
      const answer = await runProxy(['check', '--as', 'grafana', 'GET', '/x', '--token=x', '--clients-file', path]);
      assert.deepEqual([answer.code, answer.stdout], [2, '']);
      assert.match(answer.stderr, /clients\[0\]\.token.+\n.+clients\[0\]\.scopes\[0\].+did you mean org:read\?\n$/);
    });
  });
});
