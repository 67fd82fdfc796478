// docs/identity.md shows clients files and jobs: they are valid, fit each other, and identify what the vendors' documents show.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ClientsFile, readClients } from '../../src/clients/clients-file.ts';
import { checkClaims, matchClient } from '../../src/identity/checks.ts';
import { identityWarnings } from '../../src/identity/lint.ts';
import { githubClaims, gitlabClaims, kubernetesClaims, newGithubClaims, newGitlabClaims } from '../identity/vendors.ts';
import { seconds } from '../support/issuer.ts';
import { text } from '../support/pages.ts';

const PAGE = text('docs/identity.md');

const blocks = (language: string): string[] =>
  [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map((match) => match[1]!);

function fileOf(block: string): ClientsFile {
  const read = readClients(block);
  assert.ok('clients' in read, JSON.stringify(read));
  return read;
}

describe('docs/identity.md', () => {
  const files = blocks('json');
  const jobs = blocks('yaml');
  const claims = [[githubClaims(), newGithubClaims()], [gitlabClaims(), newGitlabClaims()], [kubernetesClaims()]];

  it('has a clients file and a job for each of three', () => assert.deepEqual([files.length, jobs.length], [3, 3]));

  for (const [index, block] of files.entries()) {
    it(`identifies with clients file ${index + 1} what the vendor's document shows, for the audience of the job`, () => {
      const { clients, issuers } = fileOf(block);
      assert.deepEqual(identityWarnings(clients, issuers), []);
      const [issuer] = issuers;
      assert.ok(jobs[index]!.includes(issuer!.audiences[0]!), 'the job asks for the audience');
      for (const token of claims[index]!) {
        assert.equal(token.iss, issuer!.url);
        assert.equal(checkClaims(token, issuer!, seconds()), undefined);
        const candidates = clients.flatMap((client) => client.identities!.map((identity) => ({ client, identity })));
        assert.deepEqual(matchClient(token, candidates), { client: clients[0] });
      }
    });
  }

  it('explains every reason for a refusal', () => {
    const reasons = 'malformed algorithm key signature audience expired not_yet lifetime event no_client ambiguous';
    for (const reason of reasons.split(' '))
      assert.match(PAGE, new RegExp(`^\\|.*\`${reason}\`.*\\|`, 'm'), `docs/identity.md does not explain ${reason}`);
  });
});
