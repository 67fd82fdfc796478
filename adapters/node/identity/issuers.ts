import type { Issuer, KeysFrom } from '../../../src/identity/issuer.ts';
import { IssuerKeys } from '../../../src/identity/keys/issuer-keys.ts';
import { nodeKeyMeans } from '../../http1/client/key-access.ts';
import { tableText } from '../check/clients-table.ts';
import { say } from '../check/say.ts';

const KEYS: Readonly<Record<KeysFrom['kind'], string>> = {
  discovery: 'by discovery',
  url: 'from jwks',
  file: 'from keysFile',
  inline: 'in the file',
};

/** The issuers of the clients file as a table with a heading, one a line. */
export const issuersTable = (issuers: readonly Issuer[]): string =>
  tableText([
    ['issuer', 'url', 'audience', 'keys'],
    ...issuers.map(({ name, url, audiences, keys }) => [name, url, audiences.join(','), KEYS[keys.kind]]),
  ]);

/**
 * Fetches the keys of all issuers, and says of each what came of it.
 * @returns whether each has a key that can be used
 */
export async function probeIssuers(issuers: readonly Issuer[]): Promise<boolean> {
  const options = { ...nodeKeyMeans(), now: () => performance.now(), isShared: true };
  const probes = issuers.map(async (issuer) => {
    const keys = new IssuerKeys(issuer, options);
    const fault = await keys.probe();
    return { name: issuer.name, fault, state: keys.state };
  });
  let haveKeys = true;
  for (const { name, fault, state } of await Promise.all(probes)) {
    const { length } = state.warnings;
    const leftOut = length === 0 ? '' : `; ${state.warnings.join('; ')}`;
    const count = `${state.keys} ${state.keys === 1 ? 'key' : 'keys'} that can be used`;
    say(`issuer ${name}`, fault ?? count + leftOut);
    if (fault !== undefined || state.keys === 0) haveKeys = false;
  }
  return haveKeys;
}
