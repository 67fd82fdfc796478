/**
 * Audiences of tokens for other services, each with the text of the problem. A token for another service is not a token
 * for this proxy.
 */
const OTHERS: readonly (readonly [pattern: RegExp, whose: string])[] = [
  [/^\**$/, 'not an audience'],
  // https://docs.github.com/actions: the default is the URL of the repository's owner.
  [/^https:\/\/github\.com\/[^/]+\/?$/i, "GitHub's default audience, which tokens for every other service have"],
  // --service-account-issuer and --api-audiences of kube-apiserver, as clusters are commonly set up.
  [
    /^(?:https?:\/\/)?kubernetes(?:\.default(?:\.svc(?:\.[a-z0-9.-]+)?)?)?(?::\d+)?\/?$/i,
    "a Kubernetes API server's default audience, which every pod's token has",
  ],
];

/** Whose audience this is, if it is not the proxy's own; undefined if it can be the proxy's. */
export function isForOthers(audience: string, issuerUrl: string): string | undefined {
  const isIssuer = issuerUrl !== '' && withoutSlash(audience) === withoutSlash(issuerUrl);
  if (isIssuer) return "the issuer's own url, which tokens for the issuer have";
  // GitHub Enterprise Server: https://HOST/_services/token issues, and https://HOST/OWNER is the default.
  const [, server] = /^(https:\/\/[^/]+)\/_services\/token$/.exec(issuerUrl) ?? [];
  const isOwner =
    server !== undefined && audience.startsWith(`${server}/`) && !/\/./.test(audience.slice(server.length + 1));
  if (isOwner) return "GitHub's default audience, which tokens for every other service have";
  return audience === '' ? undefined : OTHERS.find(([pattern]) => pattern.test(audience))?.[1];
}

const withoutSlash = (url: string): string => url.replace(/\/$/, '');
