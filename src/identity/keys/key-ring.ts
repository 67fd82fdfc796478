import type { Issuer } from '../issuer.ts';
import { IssuerKeys, type KeysOptions } from './issuer-keys.ts';

/** The keys of all issuers of a proxy. */
export class KeyRing {
  readonly #options: KeysOptions;
  #all: ReadonlyMap<string, IssuerKeys> = new Map();

  constructor(options: KeysOptions) {
    this.#options = options;
  }

  /** The keys of these issuers, and of no others from now on. An issuer that did not change keeps its keys. */
  take(issuers: readonly Issuer[]): readonly IssuerKeys[] {
    const before = this.#all;
    this.#all = new Map(
      issuers.map((issuer) => {
        const entry = JSON.stringify(issuer);
        return [entry, before.get(entry) ?? new IssuerKeys(issuer, this.#options)];
      }),
    );
    return this.all;
  }

  get all(): readonly IssuerKeys[] {
    return [...this.#all.values()];
  }

  /** Whether requests may wait for each other. */
  get isShared(): boolean {
    return this.#options.isShared;
  }

  /** Fetches what is due, in the background. @returns undefined if nothing is */
  refresh(): Promise<unknown> | undefined {
    const due = this.all.filter((keys) => keys.isDue);
    return due.length === 0 ? undefined : Promise.all(due.map((keys) => keys.refresh()));
  }
}
