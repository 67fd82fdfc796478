import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { newToken } from '../../../adapters/node/cli/token.ts';
import { sha256 } from '../../../adapters/node/clients/active-clients.ts';
import { PROGRAMS } from '../../../adapters/node/programs/programs.ts';
import { loadClients } from '../../../src/auth/client-registry.ts';
import { runProxy } from '../../support/proxy-process.ts';

const digestOf = (token: string): string => `sha256:${createHash('sha256').update(token).digest('hex')}`;

describe('token', () => {
  it('is 64 hex digits, with the digest that the clients file takes', () => {
    const { token, digest } = newToken();
    assert.match(token, /^[0-9a-f]{64}$/);
    assert.equal(digest, digestOf(token));
    assert.notEqual(newToken().token, token);
  });
});

const run = (args: string) => runProxy(['token', ...args.split(' ')]);

describe('token --for', { concurrency: 2 }, () => {
  it('prints the token alone on standard output, and the entry with the reasons on standard error', async () => {
    const { code, stdout, stderr } = await run('--for sentry-mcp --org acme');
    assert.equal(code, 0);
    assert.match(stdout, /^[0-9a-f]{64}\n$/);
    const entry = JSON.parse(/^\{$[\s\S]+?^\}$/m.exec(stderr)![0]);
    assert.equal(entry.name, 'sentry-mcp');
    assert.equal(entry.token, digestOf(stdout.trim()));
    assert.deepEqual(entry.orgs, ['acme']);
    assert.match(stderr, /event:read +searches and reads issues/);
    assert.ok(!stderr.includes(stdout.trim()), 'the token itself is on standard error');
  });

  it('takes organizations or projects, a name, and --write', async () => {
    const { stdout } = await run('--for=agent --project acme/web --project acme/api --name triage --write --json');
    const { token, digest, client } = JSON.parse(stdout);
    assert.equal(digest, digestOf(token));
    const rights = { scopes: ['event:write'], rate: '60/min', concurrency: 2 };
    assert.deepEqual(client, { name: 'triage', token: digest, projects: ['acme/web', 'acme/api'], ...rights });
  });

  it('takes a project without its organization next to one --org', async () => {
    const { stdout } = await run('--for agent --org acme --project web --json');
    assert.deepEqual(JSON.parse(stdout).client.projects, ['acme/web']);
  });

  it('says which of its rules grant data of all projects to a client with projects', async () => {
    const { stderr } = await run('--for sentry-mcp --project acme/web');
    assert.match(stderr, /grant data of all projects[^\n]+\n {2}GET \/api\/0\/organizations\/\{org\}\/teams\/\n/);
  });

  for (const { name, write } of PROGRAMS) {
    for (const reach of ['--org acme', '--project acme/web']) {
      for (const more of write === undefined ? [''] : ['', ' --write']) {
        it(`makes an entry that the clients file takes: ${name} ${reach}${more}`, async () => {
          const { stdout } = await run(`--for ${name} ${reach}${more} --json`);
          const { client } = JSON.parse(stdout);
          const loaded = await loadClients(JSON.stringify({ clients: [client] }), [], sha256, Date.now());
          assert.deepEqual('problems' in loaded ? loaded.problems : [], []);
        });
      }
    }
  }

  const ALL = 'sentry-cli, bundler, sentry, sentry-mcp, grafana, terraform, agent';
  const wrong: Record<string, readonly string[]> = {
    '--for': [`token --for needs PROGRAM: one of ${ALL}`, 'token --for needs --org ORG or --project ORG/PROJECT'],
    '--for sentry-mpc --org acme': [`token --for is not one of ${ALL}; did you mean sentry-mcp?`],
    '--for webpack --org acme': [`token --for is not one of ${ALL}; did you mean bundler?`],
    '--for agent': ['token --for needs --org ORG or --project ORG/PROJECT'],
    '--for agent --org': [
      'token --org is given without a value',
      'token --for needs --org ORG or --project ORG/PROJECT',
    ],
    '--for agent --for agent --org acme': ['token --for is given twice'],
    '--for grafana --org acme --write': ['token --write adds nothing for grafana: its rights are the same without it'],
    '--for agent --org acme --progect acme/web': ['unknown flag --progect; did you mean --project?'],
    '--for agent --project web': [
      'token --project is not ORG/PROJECT, each a slug or an id; next to one --org, PROJECT is enough',
    ],
    '--for agent --org acme --project other/web': ['token --project is in another organization than --org'],
    '--for agent --org acme --org other --project acme/web': [
      'token --org names an organization without a --project: a client is limited to organizations or to projects',
    ],
    '--for x --org a/b --project c --name Big': [
      `token --for is not one of ${ALL}`,
      'token --name is not 1 to 32 lower-case letters, digits and hyphens, the first no hyphen',
      'token --org is neither the slug nor the id of an organization',
      'token --project is not ORG/PROJECT, each a slug or an id; next to one --org, PROJECT is enough',
    ],
    '--for agent --org acme --name none': ['token --name is a name that the log and the metrics use themselves'],
    '--org acme': ['token takes --org, --project, --name and --write with --for PROGRAM alone'],
  };
  for (const [args, problems] of Object.entries(wrong)) {
    it(`says everything that is wrong with token ${args}`, async () => {
      const { code, stdout, stderr } = await run(args);
      assert.deepEqual(
        stderr.trimEnd().split('\n'),
        problems.map((problem) => `sentry-api-proxy: ${problem}`),
      );
      assert.deepEqual([code, stdout], [2, '']);
    });
  }
});
