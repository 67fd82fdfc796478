import { StoreError } from './replies.ts';
import { StoreConnection } from './store-connection.ts';
import { storeAddress } from './store-url.ts';

/**
 * Asks a shared store whether it answers, and takes writes.
 * @param url redis:// or rediss://, which may hold a password: it is never shown
 * @param timeout milliseconds
 * @returns why it does not, undefined if it does
 */
export async function storeFault(url: string, timeout: number): Promise<string | undefined> {
  const address = storeAddress(url);
  if (address === undefined) return 'it is not a URL of a store';
  try {
    const connection = await StoreConnection.open(address, timeout);
    await connection.close();
    return undefined;
  } catch (error) {
    return `it cannot be used (${error instanceof StoreError ? error.code : 'unknown error'})`;
  }
}
