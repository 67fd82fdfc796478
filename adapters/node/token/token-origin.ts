import { fingerprint } from '../../system-token/fingerprint.ts';
import type { ConnInfo } from '../../system-token/postgres/conninfo.ts';
import type { TokenConfig } from '../config/config.ts';

/** Where the default token comes from. How its kinds differ is written here, for all who use or show it. */
export interface TokenOrigin {
  readonly kind: TokenConfig['kind'];
  /** The token, if it is in the configuration itself and so never changes. */
  readonly token: string | undefined;
  /** Its properties for the operator, each with its name. */
  readonly described: readonly (readonly [what: string, text: string])[];
  /** Doubts about it, for the log. */
  readonly warnings: readonly string[];
  /** What to do if Sentry refuses the token. */
  readonly ifRefused: string;
  /** @throws TokenUnavailable, or the signal's reason */
  read(signal?: AbortSignal): Promise<string>;
}

export const originOf = (config: TokenConfig): TokenOrigin =>
  config.kind === 'static' ? inConfiguration(config.token) : inDatabase(config.connInfo);

const inConfiguration = (token: string): TokenOrigin => ({
  kind: 'static',
  token,
  described: [['token', `static, ${tokenText(token)}`]],
  warnings: [],
  ifRefused: 'Sentry refused the token (401): make a new one in Sentry and set --token or --token-file.',
  read: async () => token,
});

const inDatabase = (connInfo: ConnInfo): TokenOrigin => ({
  kind: 'system',
  token: undefined,
  described: [
    ['token', "Sentry's system token"],
    ['reads it from', databaseText(connInfo)],
  ],
  warnings: connInfo.warnings,
  ifRefused:
    'Sentry refused its own system token (401): it accepts it only from addresses in INTERNAL_SYSTEM_IPS, which ' +
    'self-hosted sets to the network of its web container; run the proxy on that network, and check that the database ' +
    "is this Sentry's.",
  async read(signal) {
    // Imported only here: it needs the database driver, which a static token does not.
    const { readSystemToken } = await import('../../system-token/read.ts');
    return readSystemToken(connInfo, signal);
  },
});

/** A token as people may see it. */
export const tokenText = (token: string): string => `${token.length} characters, fingerprint ${fingerprint(token)}`;

function databaseText({ hosts, user, database, sslmode }: ConnInfo): string {
  const where = hosts.map(({ host, port }) => `${host}:${port}`).join(', ');
  return `PostgreSQL at ${where}, database ${database}, user ${user}, sslmode ${sslmode}`;
}
