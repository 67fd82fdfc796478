// What a configuration with nothing wrong in it has.
import { type ClientsFile, readClients } from '../../../src/clients/clients-file.ts';
import { NO_TOKEN } from '../../../src/tokens/token-choice.ts';
import type { Config } from '../config/config.ts';
import { ActiveTokens } from '../token/active-tokens.ts';
import { otherCredentials } from '../token/tokens-problems.ts';

/** The clients file; undefined if there is none. */
export function clientsFileOf({ clientsText }: Config): ClientsFile | undefined {
  const read = clientsText === undefined ? undefined : readClients(clientsText);
  return read !== undefined && 'clients' in read ? read : undefined;
}

/** The tokens of the tokens file, as they are now. */
export async function tokensOf(config: Config): Promise<ActiveTokens> {
  const tokens = await ActiveTokens.of(config, otherCredentials(config), NO_TOKEN, () => {});
  await tokens.close();
  return tokens;
}
