import { hash } from 'node:crypto';
import type { Client } from '../../src/policy/client.ts';
import type { FileProblem } from '../../src/policy/clients-file.ts';
import { type ClientDirectory, loadClients } from '../../src/policy/directory.ts';
import { Principals, type PrincipalsOptions } from '../../src/principals.ts';
import type { Config } from './config/config.ts';

/** SHA-256 in lower-case hex. */
export const sha256 = (token: string): string => hash('sha256', token, 'hex');

/** A problem of a clients file with its place, to follow the name of the setting. */
export const placed = ({ place, text }: FileProblem): string => (place === '' ? text : `has ${place}, which ${text}`);

/** Who gets the token: alias tokens and named clients as they are now in force. */
export class InForce {
  readonly #admit: PrincipalsOptions['admit'];
  #directory: ClientDirectory | undefined;
  #principals: Principals;

  private constructor(admit: PrincipalsOptions['admit'], config: Config, directory: ClientDirectory | undefined) {
    this.#admit = admit;
    this.#directory = directory;
    this.#principals = this.#principalsOf(config);
  }

  /** @param config with nothing wrong in it */
  static async of(config: Config, admit: PrincipalsOptions['admit']): Promise<InForce> {
    return new InForce(admit, config, await directoryOf(config));
  }

  get principals(): Principals {
    return this.#principals;
  }

  /** The named clients. */
  get clients(): readonly Client[] {
    return this.#directory?.clients ?? [];
  }

  /**
   * Takes over alias tokens and clients of a changed configuration. If its clients file is bad, the clients in force stay,
   * but for those that the file has no more.
   * @returns what is wrong with the clients file
   */
  async take(config: Config): Promise<readonly FileProblem[]> {
    const { clientsText, aliasTokens } = config;
    let problems: readonly FileProblem[] = [];
    if (clientsText !== undefined) {
      const loaded = await loadClients(clientsText, aliasTokens, sha256, Date.now());
      if ('directory' in loaded) this.#directory = loaded.directory;
      else {
        problems = loaded.problems;
        // Somebody who empties the file means that nobody is a client any more.
        const left = clientsText.trim() === '' ? NOBODY : loaded.listed;
        if (left !== undefined) this.#directory = this.#directory?.only(left, loaded.expired);
      }
    }
    this.#principals = this.#principalsOf(config);
    return problems;
  }

  #principalsOf({ aliasTokens, isOpen }: Config): Principals {
    return new Principals({
      aliasTokens,
      isOpen,
      clients: this.#directory?.byDigest,
      rejectsUnmatched: this.#directory?.unmatched === 'reject',
      digest: sha256,
      admit: this.#admit,
    });
  }
}

const NOBODY: ReadonlySet<string> = new Set();

async function directoryOf({ clientsText, aliasTokens }: Config): Promise<ClientDirectory | undefined> {
  if (clientsText === undefined) return undefined;
  const loaded = await loadClients(clientsText, aliasTokens, sha256, Date.now());
  if (!('directory' in loaded)) throw new Error('a clients file with problems');
  return loaded.directory;
}
