import { callBack } from '../../src/call-back.ts';
import type { TokenSource } from '../../src/tokens/token-source.ts';
import { fingerprint } from './fingerprint.ts';
import type { ConnInfo } from './postgres/conninfo.ts';
import { SystemToken } from './renewal.ts';

/** An attempt to read Sentry's own token. */
export interface TokenRead {
  /** The reason for the read: the first one, a renewal in the background, or a 401 from Sentry. */
  readonly cause: 'start' | 'background' | 'refused';
  readonly result: 'changed' | 'unchanged' | 'failed';
  /** Eight hex digits that tell the token in use from others; undefined while there is none. */
  readonly fingerprint: string | undefined;
  /** Why it failed; never a secret. */
  readonly reason: string | undefined;
}

/** Sentry's own token, read from its database now, in the background, and after each 401. */
export function storedTokenSource(connInfo: ConnInfo, onTokenRead?: (read: TokenRead) => void): TokenSource {
  const system = new SystemToken({
    async read(signal) {
      // Imported only here: it needs the database driver, which a static token does not.
      const { readSystemToken } = await import('./read.ts');
      return readSystemToken(connInfo, signal);
    },
    renewed({ cause, result, token, reason }) {
      const read = { cause, result, fingerprint: token === undefined ? undefined : fingerprint(token), reason };
      if (onTokenRead !== undefined) callBack('onTokenRead', onTokenRead, read);
    },
  });
  system.start();
  return {
    isRenewable: true,
    get: () => system.get(),
    renew: (refused) => system.renew(refused),
    close: () => system.stop(),
  };
}
