import { type Examined, examineClients, type FileProblem, settingProblem } from '../clients/clients-file.ts';
import { type Issuer, needsFiles } from '../identity/issuer.ts';
import { otherUseOf } from '../tokens/shared-tokens.ts';
import { DEFAULT_TOKEN, type ReadTokens, readTokens } from '../tokens/tokens-file.ts';
import type { Problem } from './values.ts';

/** The credentials of a proxy whose configuration does not change. */
interface Credentials {
  readonly aliasTokens: readonly string[];
  readonly clientsText: string | undefined;
  readonly tokensText: string | undefined;
  /** The default token, if it is a text. */
  readonly defaultToken: string | undefined;
}

/** How the settings of the credentials are called where the user has set them. */
interface CredentialNames {
  readonly aliasTokens: string;
  readonly clients: string;
  readonly tokens: string;
}

/**
 * Finds what is wrong with the clients and the tokens, each by themselves, and credentials that are used twice. Tokens that are written as digests are compared when the first request comes,
 * since Web Crypto is asynchronous.
 * @param mayNameFiles whether files that they name can be read here
 */
export function checkCredentials(
  { aliasTokens, clientsText, tokensText, defaultToken }: Credentials,
  names: CredentialNames,
  problems: Problem[],
  mayNameFiles = false,
): void {
  const about = (variable: string) => (text: string) => void problems.push({ variable, text });
  const [aboutClients, aboutTokens] = [about(names.clients), about(names.tokens)];
  const examined = clientsText === undefined ? undefined : examineClients(clientsText);
  const clients = examined?.entries ?? [];
  if (!mayNameFiles) for (const problem of fileProblems(examined?.file?.issuers ?? [])) aboutClients(problem);
  for (const problem of examined?.problems ?? []) aboutClients(settingProblem(problem));
  const tokens = readTokens(tokensText ?? '', mayNameFiles);
  for (const problem of tokens.problems) aboutTokens(settingProblem(problem));
  const clientTokens = new Set<string>();
  for (const [index, client] of clients.entries()) {
    const own = (client?.credentials ?? []).flatMap((one) => (one.kind === 'token' ? [one.token] : []));
    for (const token of own) clientTokens.add(token);
    const isShared = own.some((token) => aliasTokens.includes(token));
    if (isShared) aboutClients(`has clients[${index}].token, which is also one of ${names.aliasTokens}`);
  }
  for (const { place, text } of pinProblems(clients, tokens, names.tokens)) aboutClients(`has ${place}, which ${text}`);
  for (const { name, origin } of tokens.entries) {
    if (!('token' in origin)) continue;
    // Compared as they are, not by their digests.
    const use = otherUseOf(origin.token, origin.token, { aliasTokens, clientDigests: clientTokens, defaultToken });
    if (use !== undefined) aboutTokens(`has the token ${name}, which ${use}`);
  }
}

/** Problems of issuers that name files, where none can be read. */
const fileProblems = (issuers: readonly Issuer[]): string[] =>
  issuers.flatMap((issuer) =>
    needsFiles(issuer).map((key) => {
      const remedy = key === 'keysFile' ? 'put the keys into keys' : 'remove it, or put the keys into keys';
      return `has issuers.${issuer.name}.${key}, which names a file, and files are read on Node alone; ${remedy}`;
    }),
  );

/**
 * Problems of clients that are pinned to a token that is not there.
 * @param file how the file of the tokens is called
 */
export function pinProblems(clients: Examined['entries'], { entries }: ReadTokens, file: string): FileProblem[] {
  const names = new Set([DEFAULT_TOKEN, ...entries.map(({ name }) => name)]);
  return clients.flatMap((client, index) =>
    client === undefined || names.has(client.sentryToken ?? DEFAULT_TOKEN)
      ? []
      : [{ place: `clients[${index}].sentryToken`, text: `is not a name in ${file}`, client: client.name }],
  );
}
