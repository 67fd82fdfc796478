// The claims of tokens as the vendors' documents show them.
import { seconds } from '../support/issuer.ts';

const times = () => ({ iat: seconds(), nbf: seconds() - 5, exp: seconds() + 300 });

/** https://docs.github.com/actions/reference/security/oidc */
export const githubClaims = () => ({
  jti: '4b2e6c0e-7c43-4c9b-9c1b-3f8f5d0a9f3c',
  sub: 'repo:octo-org/octo-repo:ref:refs/heads/main',
  aud: 'https://sentry-proxy.example.com',
  ref: 'refs/heads/main',
  sha: 'f0e1d2c3b4a5968778695a4b3c2d1e0f00112233',
  repository: 'octo-org/octo-repo',
  repository_owner: 'octo-org',
  repository_owner_id: '123456',
  repository_id: '456789',
  repository_visibility: 'private',
  run_id: '30433642',
  run_number: '10',
  run_attempt: '2',
  runner_environment: 'github-hosted',
  actor: 'octocat',
  actor_id: '12',
  workflow: 'release',
  workflow_ref: 'octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main',
  job_workflow_ref: 'octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main',
  head_ref: '',
  base_ref: '',
  event_name: 'push',
  ref_protected: 'true',
  ref_type: 'branch',
  iss: 'https://token.actions.githubusercontent.com',
  ...times(),
});

/** The same for a repository that was created, renamed or transferred after 2026-07-15: `sub` has the ids. */
export const newGithubClaims = () => ({
  ...githubClaims(),
  sub: 'repo:octo-org@123456/octo-repo@456789:ref:refs/heads/main',
});

/** https://docs.gitlab.com/ci/secrets/id_token_authentication/ */
export const gitlabClaims = () => ({
  namespace_id: '72',
  namespace_path: 'my-group',
  project_id: '20',
  project_path: 'my-group/my-project',
  user_id: '1',
  user_login: 'sample-user',
  user_email: 'sample-user@example.com',
  user_access_level: 'developer',
  pipeline_id: '574',
  pipeline_source: 'push',
  job_id: '302',
  ref: 'main',
  ref_type: 'branch',
  ref_path: 'refs/heads/main',
  ref_protected: 'true',
  runner_id: 1,
  runner_environment: 'self-hosted',
  sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
  project_visibility: 'public',
  ci_config_ref_uri: 'gitlab.example.com/my-group/my-project//.gitlab-ci.yml@refs/heads/main',
  ci_config_sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
  jti: '235b3a54-b797-45c7-ae9a-f72d7bc6ef5b',
  iss: 'https://gitlab.example.com',
  sub: 'project_path:my-group/my-project:ref_type:branch:ref:main',
  aud: 'https://sentry-proxy.example.com',
  ...times(),
});

/** The same with the claims about the project of the job, where an included file defines it. */
export const newGitlabClaims = () => ({
  ...gitlabClaims(),
  job_project_id: '20',
  job_project_path: 'my-group/my-project',
  job_namespace_id: '72',
  job_namespace_path: 'my-group',
});

/** https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/ */
export const kubernetesClaims = () => ({
  aud: ['sentry-api-proxy'],
  ...times(),
  exp: seconds() + 3607,
  iss: 'https://kubernetes.default.svc.cluster.local',
  jti: 'ea28ed49-2e11-4280-9ec5-bc3d1d84661a',
  'kubernetes.io': {
    namespace: 'monitoring',
    node: { name: '127.0.0.1', uid: '58456cb0-dd00-45ed-b797-5578fdceaced' },
    pod: { name: 'sentry-exporter-69cbfb9798-jv9gn', uid: '778a530c-b3f4-47c0-9cd5-ab018fb64f33' },
    serviceaccount: { name: 'sentry-exporter', uid: 'a087d5a0-e1dd-43ec-93ac-f13d89cd13af' },
    warnafter: seconds() + 3600,
  },
  sub: 'system:serviceaccount:monitoring:sentry-exporter',
});
