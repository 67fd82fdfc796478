// The identities of a clients file as the proxy has them, with a clock of the test's own.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { examineClients } from '../../src/clients/clients-file.ts';
import { type Identification, Identities } from '../../src/identity/identities.ts';
import { IssuerKeys, type KeysFetched } from '../../src/identity/keys/issuer-keys.ts';
import { fetchTransport } from '../../src/web/fetch-transport.ts';
import { AUDIENCE, TestIssuer } from '../support/issuer.ts';

export const RIGHTS = { scopes: ['org:read'], orgs: ['acme'] };

/** Clients with an identity each, by name. */
export const clientsOf = (identities: Record<string, unknown>): object[] =>
  Object.entries(identities).map(([name, identity]) => ({ name, identity, ...RIGHTS }));

export interface Scene {
  readonly identities: Identities;
  readonly keys: readonly IssuerKeys[];
  readonly fetched: KeysFetched[];
  /** Lets this many milliseconds pass. */
  pass(milliseconds: number): void;
  /** The client's name, or why there is none; undefined for a token of no known issuer. */
  identify(token: string): Promise<string | undefined>;
}

export interface SceneOptions {
  readonly isShared?: boolean;
  readonly readFile?: (path: string) => Promise<string>;
}

export const digestOf = (token: string): string => createHash('sha256').update(token).digest('hex');

export function sceneOf(file: object, { isShared = true, readFile }: SceneOptions = {}): Scene {
  const examined = examineClients(JSON.stringify(file));
  assert.deepEqual(examined.problems, []);
  let passed = 0;
  const now = () => performance.now() + passed;
  const fetched: KeysFetched[] = [];
  const { issuers, clients } = examined.file!;
  const keys = issuers.map(
    (issuer) =>
      new IssuerKeys(issuer, {
        transportFor: () => fetchTransport(),
        readFile,
        now,
        isShared,
        fetched: (one) => void fetched.push(one),
      }),
  );
  const identities = new Identities({ clients, issuers: keys, isShared, now: () => Date.now() + passed });
  return {
    identities,
    keys,
    fetched,
    pass: (milliseconds) => {
      passed += milliseconds;
    },
    async identify(token) {
      const found: Identification | undefined = await identities.identify(token, digestOf(token));
      if (found === undefined) return undefined;
      if ('unavailable' in found) return 'unavailable';
      return 'refusal' in found ? found.refusal : found.client.name;
    },
  };
}

/** A scene with one issuer and one client, `ci`, whose claim `repo` is 1. */
export async function oneClient(more: object = {}, options?: SceneOptions): Promise<Scene & { issuer: TestIssuer }> {
  const issuer = await TestIssuer.start();
  const file = {
    issuers: { it: { url: issuer.url, audience: AUDIENCE, ...more } },
    clients: clientsOf({ ci: { issuer: 'it', claims: { repo: '1' } } }),
  };
  return { ...sceneOf(file, options), issuer };
}
