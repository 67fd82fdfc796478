// Loaded only where there are issuers: the proxy itself starts without it.
import { type CryptoKey, compactVerify, errors, importJWK } from 'jose';
import type { PublicKey } from './keys/key-set.ts';
import type { ParsedToken } from './token.ts';

/** Verifies signatures, and keeps each key as the platform has it. */
export class Verifier {
  readonly #imported = new WeakMap<PublicKey, Map<string, CryptoKey>>();

  /**
   * Whether the token's signature is one of this key's.
   * @param key one that fits the token's algorithm
   */
  async holds({ text, algorithm }: ParsedToken, key: PublicKey): Promise<boolean> {
    try {
      await compactVerify(text, await this.#import(key, algorithm), { algorithms: [algorithm] });
      return true;
    } catch (error) {
      // A key that the platform does not take, such as a point off its curve, verifies nothing.
      if (error instanceof errors.JOSEError || error instanceof DOMException || error instanceof TypeError)
        return false;
      throw error;
    }
  }

  async #import(key: PublicKey, algorithm: string): Promise<CryptoKey> {
    const known = this.#imported.get(key) ?? new Map<string, CryptoKey>();
    this.#imported.set(key, known);
    const imported = known.get(algorithm) ?? ((await importJWK({ ...key.jwk }, algorithm)) as CryptoKey);
    known.set(algorithm, imported);
    return imported;
  }
}
