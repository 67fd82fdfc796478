import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { SignJWT } from 'jose';
import { AUDIENCE, makeKey, type SigningKey } from '../support/issuer.ts';
import { clientsOf, type Scene, sceneOf } from './scene.ts';
import { githubClaims, gitlabClaims, kubernetesClaims, newGithubClaims, newGitlabClaims } from './vendors.ts';

describe("tokens as the vendors' documents show them", () => {
  let key: SigningKey;
  let scene: Scene;

  before(async () => {
    key = await makeKey('k');
    const keys = { keys: [key.jwk] };
    scene = sceneOf({
      issuers: {
        github: { url: 'https://token.actions.githubusercontent.com', audience: AUDIENCE, keys },
        gitlab: { url: 'https://gitlab.example.com', audience: AUDIENCE, keys },
        cluster: { url: 'https://kubernetes.default.svc.cluster.local', audience: 'sentry-api-proxy', keys },
      },
      clients: clientsOf({
        'ci-web': {
          issuer: 'github',
          claims: { repository_id: '456789', ref: ['refs/heads/main', 'refs/tags/v*'] },
        },
        'ci-api': { issuer: 'gitlab', claims: { project_id: '20', ref_protected: 'true' } },
        exporter: {
          issuer: 'cluster',
          claims: { sub: 'system:serviceaccount:monitoring:sentry-exporter', '/kubernetes.io/namespace': 'monitoring' },
        },
      }),
    });
  });

  const identify = async (claims: object) =>
    scene.identify(
      await new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', kid: 'k' }).sign(key.privateKey),
    );

  it('identify a workflow of GitHub, with the old sub and the new', async () => {
    for (const claims of [githubClaims(), newGithubClaims()]) {
      assert.equal(await identify(claims), 'ci-web');
      assert.equal(await identify({ ...claims, ref: 'refs/tags/v1.2.3', ref_type: 'tag' }), 'ci-web');
    }
  });

  it('identify no other workflow of GitHub', async () => {
    const claims = githubClaims();
    for (const ref of [
      'refs/heads/main/../x',
      'refs/heads%2Fmain',
      'refs/heads/Main',
      'refs/heads/mainx',
      'refs/heads/x/refs/heads/main',
      'refs/tags/v1/x',
      'refs/pull/1/merge',
      'main',
      '',
    ]) {
      assert.equal(await identify({ ...claims, ref }), 'no_client', ref);
    }
    // The default audience, which tokens for every other service have.
    assert.equal(await identify({ ...claims, aud: 'https://github.com/octo-org' }), 'audience');
    // Made again under the old name, and forked.
    assert.equal(await identify({ ...claims, repository_id: '999999' }), 'no_client');
    assert.equal(await identify({ ...claims, repository: 'evil/octo-repo', repository_id: '777777' }), 'no_client');
    for (const event of [
      'pull_request',
      'pull_request_target',
      'workflow_run',
      'issue_comment',
      'pull_request_review',
    ]) {
      assert.equal(await identify({ ...claims, event_name: event }), 'event');
    }
  });

  it('identify a repository of GitHub that was renamed', async () => {
    const moved = { ...githubClaims(), repository: 'new-org/new-name', repository_owner: 'new-org' };
    assert.equal(await identify({ ...moved, sub: 'repo:new-org@1/new-name@456789:ref:refs/heads/main' }), 'ci-web');
  });

  it('identify a job of GitLab, with the claims of the job and without', async () => {
    for (const claims of [gitlabClaims(), newGitlabClaims()]) {
      assert.equal(await identify(claims), 'ci-api');
      assert.equal(await identify({ ...claims, ref_protected: 'false' }), 'no_client');
      assert.equal(await identify({ ...claims, ref_protected: true }), 'no_client');
      assert.equal(await identify({ ...claims, project_id: '21' }), 'no_client');
      assert.equal(await identify({ ...claims, aud: 'https://gitlab.example.com' }), 'audience');
    }
  });

  it('identify a pod of Kubernetes', async () => {
    const claims = kubernetesClaims();
    assert.equal(await identify(claims), 'exporter');
    assert.equal(await identify({ ...claims, aud: ['https://kubernetes.default.svc'] }), 'audience');
    assert.equal(await identify({ ...claims, sub: 'system:serviceaccount:default:sentry-exporter' }), 'no_client');
    assert.equal(await identify({ ...claims, 'kubernetes.io': { namespace: 'default' } }), 'no_client');
    // The token of a Secret, as old clusters made them: it never expires.
    assert.equal(await identify({ ...claims, iss: 'kubernetes/serviceaccount' }), undefined);
    assert.equal(await identify({ ...claims, exp: claims.iat + 365 * 86_400 }), 'lifetime');
  });
});
