import { once } from 'node:events';
import { isIP, type Socket } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, connect as connectTls, getCACertificates } from 'node:tls';
import { fileFault } from '../file-fault.ts';
import { keyFault, readNow } from './conninfo/files.ts';
import type { ConnHost, ConnInfo } from './conninfo/types.ts';
import { ConnectionError } from './database-error.ts';

/** A start-up message with the code 80877103 in place of a version. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/**
 * The socket with TLS over it; or the plain socket, if the server has no TLS and sslmode accepts that.
 * @throws {ConnectionError} or the error of the TLS handshake
 */
export async function encrypt(socket: Socket, info: ConnInfo, host: ConnHost): Promise<Socket> {
  if (info.sslnegotiation === 'postgres') {
    const answered = once(socket, 'data');
    socket.once('end', () => socket.destroy(new ConnectionError('it closed the connection')));
    socket.write(SSL_REQUEST);
    const answer = String((await answered)[0]);
    if (answer === 'N' && info.sslmode === 'prefer') return socket;
    if (answer === 'N')
      throw new ConnectionError('it does not offer TLS', 'Set sslmode to disable, or turn TLS on there.');
    // More than that byte would be data that an attacker injected before the encryption (CVE-2021-23222).
    if (answer !== 'S') throw new ConnectionError('it gives an unexpected answer to a request for TLS');
  }
  const secured = connectTls({ ...tlsOptions(info, host), socket });
  secured.on('error', () => {});
  await once(secured, 'secureConnect');
  if (info.sslnegotiation === 'direct' && secured.alpnProtocol !== 'postgresql') {
    throw new ConnectionError('it does not know sslnegotiation=direct', 'PostgreSQL 17 and later do.');
  }
  return secured;
}

function tlsOptions(info: ConnInfo, { host }: ConnHost): ConnectionOptions {
  const { sslmode, sslrootcert, sslcert, sslkey, sslpassword, sslsni, sslMinVersion, sslMaxVersion } = info;
  const isVerified = sslmode === 'verify-ca' || sslmode === 'verify-full';
  // Read again for each connection, because certificates are renewed while the proxy runs.
  const read = (key: string, path: string): string => {
    let content: string;
    try {
      content = readNow(path);
    } catch (error) {
      throw new ConnectionError(`the file of ${key} could not be read (${fileFault(error, path)})`);
    }
    const fault = key === 'sslkey' ? keyFault(path) : undefined;
    if (fault !== undefined) throw new ConnectionError(`${key} ${fault}`);
    return content;
  };
  const systemRoots = () => [...getCACertificates('default'), ...getCACertificates('system')];
  return {
    rejectUnauthorized: isVerified,
    ...(isVerified && {
      ca: sslrootcert && sslrootcert !== 'system' ? read('sslrootcert', sslrootcert) : systemRoots(),
    }),
    ...(sslcert && sslkey && { cert: read('sslcert', sslcert), key: read('sslkey', sslkey) }),
    ...(sslpassword !== undefined && { passphrase: sslpassword }),
    ...(sslMinVersion !== undefined && { minVersion: sslMinVersion }),
    ...(sslMaxVersion !== undefined && { maxVersion: sslMaxVersion }),
    ...(info.sslnegotiation === 'direct' && { ALPNProtocols: ['postgresql'] }),
    // RFC 6066 section 3: no addresses.
    servername: sslsni && isIP(host) === 0 ? host : '',
    // By the name in `host`, never by hostaddr.
    checkServerIdentity: (_, certificate) =>
      sslmode === 'verify-full' ? checkServerIdentity(host, certificate) : undefined,
  };
}
