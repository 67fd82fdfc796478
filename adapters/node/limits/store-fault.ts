import { createClient } from '@redis/client';

/**
 * Asks a shared store whether it answers.
 * @param url redis:// or rediss://, which may hold a password: it is never shown
 * @param timeout milliseconds
 * @returns why it does not, undefined if it does
 */
export async function storeFault(url: string, timeout: number): Promise<string | undefined> {
  const client = createClient({
    url,
    socket: { connectTimeout: timeout, socketTimeout: timeout, reconnectStrategy: false },
  });
  // The same error rejects what is awaited; without a listener it would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.ping();
    return undefined;
  } catch (error) {
    return `it does not answer (${reasonOf(error)})`;
  } finally {
    if (client.isOpen) client.destroy();
  }
}

/** A code alone: an error's text may have the address with the password in it. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  // Redis begins its own errors with a code: NOAUTH, WRONGPASS, LOADING.
  const own = /^[A-Z]{3,20}(?= )/.exec(error.message)?.[0];
  return (error as NodeJS.ErrnoException).code ?? own ?? error.constructor.name;
}
