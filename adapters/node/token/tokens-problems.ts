import { settingProblem } from '../../../src/clients/clients-file.ts';
import type { Problem } from '../../../src/config/values.ts';
import { type OtherCredentials, otherUseOf } from '../../../src/tokens/shared-tokens.ts';
import type { ReadTokens, TokenEntry, TokensProblem } from '../../../src/tokens/tokens-file.ts';
import { FileToken } from '../../token-files/file-token.ts';
import { sha256 } from '../clients/active-clients.ts';
import type { Config } from '../config/config.ts';
import { inFile } from '../config/raw-settings.ts';
import { originOf } from './token-origin.ts';

/** The credentials of a proxy that no token of its tokens file may be. */
export const otherCredentials = (
  { aliasTokens, token }: Config,
  clientDigests: Iterable<string> = [],
): OtherCredentials => ({
  aliasTokens,
  clientDigests: new Set(clientDigests),
  defaultToken: originOf(token).token,
});

/** A problem of a tokens file as a problem of its setting. */
export function tokensProblem(problem: TokensProblem, { tokensFile }: Config): Problem {
  const placed = settingProblem(problem);
  return tokensFile === undefined
    ? { variable: 'TOKENS', text: placed }
    : { variable: 'TOKENS_FILE', text: inFile(placed) };
}

/** Tokens that stand in the file and are other credentials as well. */
export const otherUses = (entries: readonly TokenEntry[], others: OtherCredentials): TokensProblem[] =>
  entries.flatMap(({ name, origin }) => ('token' in origin ? otherUse(name, origin.token, others) : []));

function otherUse(name: string, token: string, others: OtherCredentials): TokensProblem[] {
  const use = otherUseOf(token, sha256(token), others);
  return use === undefined ? [] : [{ place: `the token ${name}`, text: use }];
}

/** Everything that is wrong with a tokens file at the start of the program, with the files that it names. */
export async function tokensProblems(
  { problems, entries }: ReadTokens,
  config: Config,
  others: OtherCredentials,
): Promise<Problem[]> {
  const ofFiles = entries.map(async ({ name, origin }): Promise<TokensProblem[]> => {
    if (!('file' in origin)) return [];
    const file = await FileToken.open(origin.file);
    file.close();
    const token = file.get();
    if (token !== undefined) return otherUse(name, token, others);
    return [{ place: `the token ${name}`, text: file.fault ?? 'has no token' }];
  });
  const all = [...problems, ...otherUses(entries, others), ...(await Promise.all(ofFiles)).flat()];
  return all.map((problem) => tokensProblem(problem, config));
}
