import { hash } from 'node:crypto';
import { BearerAuthenticator } from '../../../src/auth/authenticator.ts';
import { type ClientRegistry, loadClients, onlyListed } from '../../../src/auth/client-registry.ts';
import type { Authentication, Authenticator } from '../../../src/auth/types.ts';
import { type FileProblem, placeText, settingProblem } from '../../../src/clients/clients-file.ts';
import type { Problem } from '../../../src/config/values.ts';
import type { Fields } from '../../../src/http/types.ts';
import type { IssuerKeys, KeysFetched } from '../../../src/identity/keys/issuer-keys.ts';
import { KeyRing } from '../../../src/identity/keys/key-ring.ts';
import { type Client, isExpired } from '../../../src/policy/client.ts';
import { nodeKeyMeans } from '../../http1/client/key-access.ts';
import type { Config } from '../config/config.ts';
import { type ClientChanges, changesOf, revokedTokens } from './client-changes.ts';

/** SHA-256 in lower-case hex. */
export const sha256 = (token: string): string => hash('sha256', token, 'hex');

/** A problem of a clients file as one of the setting that gives the clients. */
export function clientsProblem(problem: FileProblem, { clientsPath }: Pick<Config, 'clientsPath'>): Problem {
  if (clientsPath === undefined) return { variable: 'CLIENTS', text: settingProblem(problem) };
  const { text } = problem;
  const where = placeText(problem);
  const placed = where === '' ? `which ${text}` : `where ${where} ${text}`;
  return { variable: 'CLIENTS_FILE', text: `names ${clientsPath}, ${placed}` };
}

/** The outcome of taking over a changed configuration. */
interface Taken {
  /** Problems of the clients file, if it was read. */
  readonly problems: readonly Problem[];
  /** Whether other alias tokens or clients are active now. */
  readonly isChanged: boolean;
  /** Which of the clients changed. */
  readonly changes: ClientChanges;
}

/** The alias tokens and named clients that are active now. */
export class ActiveClients implements Authenticator {
  /** The configuration that was taken last. */
  #config: Config;
  #registry: ClientRegistry | undefined;
  #revoked: ReadonlyMap<string, string> = new Map();
  #authenticator: BearerAuthenticator;
  readonly #ring: KeyRing;

  private constructor(
    config: Config,
    registry: ClientRegistry | undefined,
    ring: KeyRing,
    authenticator: BearerAuthenticator,
  ) {
    this.#config = config;
    this.#registry = registry;
    this.#ring = ring;
    this.#authenticator = authenticator;
  }

  /**
   * @param config with nothing wrong in it
   * @param keysFetched called after each fetch of an issuer's keys
   */
  static async of(config: Config, keysFetched?: (fetched: KeysFetched) => void): Promise<ActiveClients> {
    const registry = await registryOf(config);
    const now = () => performance.now();
    const ring = new KeyRing({ ...nodeKeyMeans(), now, isShared: true, fetched: keysFetched });
    return new ActiveClients(config, registry, ring, await authenticatorOf(config, registry, new Map(), ring));
  }

  /** The keys of the issuers of the clients file. */
  get issuers(): readonly IssuerKeys[] {
    return this.#ring.all;
  }

  refresh(): Promise<unknown> | undefined {
    return this.#ring.refresh();
  }

  /** Whether every request gets the token. */
  get isOpen(): boolean {
    return this.#authenticator.isOpen;
  }

  authenticate(fields: Fields): Authentication | Promise<Authentication> {
    return this.#authenticator.authenticate(fields);
  }

  /** How many alias tokens there are. */
  get aliases(): number {
    return this.#config.aliasTokens.length;
  }

  /** The digests of all clients' tokens. */
  get digests(): Iterable<string> {
    return this.#registry?.byDigest.keys() ?? [];
  }

  /** The names of all clients, also of those that are refused as expired. */
  get names(): ReadonlySet<string> {
    const { byDigest, identified = [] } = this.#registry ?? {};
    return new Set([...(byDigest?.values() ?? []), ...identified].map(({ name }) => name));
  }

  /** The named clients. */
  get clients(): readonly Client[] {
    return this.#registry?.clients ?? [];
  }

  /**
   * Takes over alias tokens and clients of a changed configuration. If its clients file is bad, the active clients stay,
   * except those that the file no longer has.
   * @param isAsked whether a file that did not change is reported again if it is bad
   */
  async take(config: Config, isAsked: boolean): Promise<Taken> {
    const { clientsText, aliasTokens } = config;
    const hasOtherAliases = aliasTokens !== this.#config.aliasTokens;
    const hasOtherText = clientsText !== this.#config.clientsText;
    this.#config = config;
    if (!hasOtherAliases && !hasOtherText && !isAsked) return NOTHING_TAKEN;
    const before = this.#registry;
    const loaded = clientsText === undefined ? NOTHING_TAKEN : await this.#reload(clientsText, config);
    this.#revoked = revokedTokens(this.#revoked, before, this.#registry);
    this.#authenticator = await authenticatorOf(config, this.#registry, this.#revoked, this.#ring);
    const changes = changesOf(before?.clients ?? [], this.clients);
    return { problems: loaded.problems, isChanged: hasOtherAliases || loaded.isChanged, changes };
  }

  async #reload(text: string, config: Config): Promise<Omit<Taken, 'changes'>> {
    const now = Date.now();
    const loaded = await loadClients(text, config.aliasTokens, sha256, now);
    if ('registry' in loaded) {
      this.#registry = loaded.registry;
      return { problems: [], isChanged: true };
    }
    // An empty file means that there are no clients any more.
    const listed = text.trim() === '' ? NOBODY : loaded.listed;
    const before = this.#registry;
    if (before !== undefined && listed !== undefined) this.#registry = onlyListed(before, listed, loaded.expired);
    return {
      problems: loaded.problems.map((problem) => clientsProblem(problem, config)),
      isChanged: validTokens(this.#registry, now) !== validTokens(before, now),
    };
  }
}

const authenticatorOf = (
  { aliasTokens, isOpen, unmatched }: Config,
  registry: ClientRegistry | undefined,
  revoked: ReadonlyMap<string, string>,
  ring: KeyRing,
): Promise<BearerAuthenticator> =>
  BearerAuthenticator.of({ aliasTokens, isOpen, unmatched, registry, revoked, ring, digest: sha256 });

const NOBODY: ReadonlySet<string> = new Set();
const NOTHING_TAKEN: Taken = { problems: [], isChanged: false, changes: changesOf([], []) };

/** How many tokens and identities get their client in. */
function validTokens(registry: ClientRegistry | undefined, now: number): number {
  const identified = (registry?.identified ?? []).flatMap((client) => (client.identities ?? []).map(() => client));
  const all = [...(registry?.byDigest.values() ?? []), ...identified];
  return all.filter((client) => !isExpired(client, now)).length;
}

async function registryOf({ clientsText, aliasTokens }: Config): Promise<ClientRegistry | undefined> {
  if (clientsText === undefined) return undefined;
  const loaded = await loadClients(clientsText, aliasTokens, sha256, Date.now());
  if (!('registry' in loaded)) throw new Error('a clients file with problems');
  return loaded.registry;
}
