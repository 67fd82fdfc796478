import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Client } from 'pg';
import type { ConnHost, ConnInfo } from './conninfo/types.ts';
import { ConnectionError } from './database-error.ts';
import { GuardedStream } from './guarded-stream.ts';
import { passwordFor } from './passfile.ts';

/** The parts of the driver's client that its types omit. */
interface ClientInternals {
  getStartupConf(): Record<string, string>;
  connection: {
    on(
      event: 'authenticationSASL' | 'authenticationSASLFinal',
      listener: (message: { mechanisms: string[] }) => void,
    ): void;
  };
}

const NO_BINDING = 'it does not offer channel binding, which channel_binding=require asks for';
const PASSWORD_HINT = 'Put it into the connection string, PGPASSWORD or the passfile.';

/**
 * Logs in over a socket that is connected and, if required, encrypted.
 * @throws {ConnectionError} if there is no password, or no channel binding but it is required; or the server's error
 */
export async function logIn(stream: Socket, info: ConnInfo, host: ConnHost, isEncrypted: boolean): Promise<Client> {
  // The driver takes a fifth of the proxy's start-up time, and a proxy with a static token never needs it.
  const { default: pg } = await import('pg');
  let isBindingOffered = false;
  let isProven = false;
  const client = new pg.Client({
    stream: () => new GuardedStream(stream) as unknown as Duplex,
    // All of these are set, so that the driver does not read the environment itself.
    host: host.host,
    port: host.port,
    user: info.user,
    database: info.database,
    ssl: false,
    client_encoding: 'UTF8',
    password: () => {
      if (info.channelBinding && !isBindingOffered) throw new ConnectionError(NO_BINDING);
      const password = passwordFor(info, host);
      if (password === undefined) throw new ConnectionError('it requires a password, and none is set', PASSWORD_HINT);
      return password;
    },
    ...{ sslnegotiation: 'postgres', enableChannelBinding: info.channelBinding && isEncrypted },
  });
  client.on('error', () => {});
  const internals = client as unknown as ClientInternals;
  // PgBouncer refuses all others, and the driver would add PGOPTIONS.
  const { user, database, applicationName } = info;
  internals.getStartupConf = () => ({ user, database, application_name: applicationName, client_encoding: 'UTF8' });
  internals.connection.on('authenticationSASL', ({ mechanisms }) => {
    isBindingOffered = isEncrypted && mechanisms.includes('SCRAM-SHA-256-PLUS');
  });
  internals.connection.on('authenticationSASLFinal', () => {
    isProven = isBindingOffered;
  });
  await client.connect();
  if (info.channelBinding && !isProven) throw new ConnectionError(NO_BINDING);
  return client;
}
