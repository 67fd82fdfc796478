import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { fileFault } from '../../file-fault.ts';
import { homeOf, isReadable, keyFault, readNow } from './files.ts';
import type { Lookup } from './lookup.ts';
import { type ConnInfo, type Environment, SSL_MODES, type SslMode, TLS_VERSIONS } from './types.ts';

/** The TLS parameters of a connection. */
type TlsInfo = Pick<
  ConnInfo,
  | 'sslmode'
  | 'sslnegotiation'
  | 'sslsni'
  | 'sslrootcert'
  | 'sslcert'
  | 'sslkey'
  | 'sslpassword'
  | 'sslMinVersion'
  | 'sslMaxVersion'
>;

/** How to encrypt, by libpq's rules. Checks if the named files can be used. */
export function resolveTls({ get, choose, complain }: Lookup, environment: Environment): TlsInfo {
  // libpq's default files are used if they exist, and are never an error.
  const byDefault = (name: string): string | undefined => {
    const path = join(homeOf(environment), '.postgresql', name);
    return isReadable(path) ? path : undefined;
  };
  const sslrootcert = get('sslrootcert') ?? byDefault('root.crt');
  const sslcert = get('sslcert') ?? byDefault('postgresql.crt');
  const sslkey = get('sslkey') ?? byDefault('postgresql.key');
  const sslnegotiation = choose('sslnegotiation', ['postgres', 'direct']) ?? 'postgres';
  const chosen = choose('sslmode', SSL_MODES);
  let sslmode: SslMode = chosen ?? 'prefer';
  if (sslnegotiation === 'direct') {
    if (sslmode === 'prefer') sslmode = 'require';
    else if (sslmode === 'disable' || sslmode === 'allow')
      complain('sslnegotiation', `is direct, which sslmode=${sslmode} rules out`);
  }
  if (sslrootcert === 'system') sslmode = 'verify-full';
  // libpq documents this as "for backwards compatibility": with a CA file, `require` verifies the certificate.
  else if (sslmode === 'require' && sslrootcert !== undefined) sslmode = 'verify-ca';

  const read = (key: string, path: string | undefined): string | undefined => {
    if (path === undefined || path === 'system') return undefined;
    try {
      const pem = readNow(path);
      const fault = key === 'sslkey' ? keyFault(path) : undefined;
      if (fault !== undefined) complain(key, fault);
      else if (pem.includes('-----BEGIN ')) return pem;
      else complain(key, 'names a file without PEM in it');
    } catch (error) {
      complain(key, `names a file that could not be read (${fileFault(error, path)})`);
    }
    return undefined;
  };
  const sslpassword = get('sslpassword');
  if (sslmode !== 'disable') {
    read('sslrootcert', sslrootcert);
    const cert = read('sslcert', sslcert);
    const key = read('sslkey', sslkey);
    if (get('sslcert') && !sslkey) complain('sslcert', 'needs a sslkey');
    if (get('sslkey') && !sslcert) complain('sslkey', 'needs a sslcert');
    if (cert !== undefined && key !== undefined && !isKeyPair(cert, key, sslpassword)) {
      complain('sslkey', 'does not belong to sslcert, or sslpassword does not open it');
    }
  }
  return {
    sslmode,
    sslnegotiation,
    sslsni: get('sslsni') !== '0',
    sslrootcert,
    sslcert: sslcert && sslkey ? sslcert : undefined,
    sslkey: sslcert && sslkey ? sslkey : undefined,
    sslpassword,
    sslMinVersion: choose('ssl_min_protocol_version', TLS_VERSIONS),
    sslMaxVersion: choose('ssl_max_protocol_version', TLS_VERSIONS),
  };
}

function isKeyPair(cert: string, key: string, passphrase: string | undefined): boolean {
  try {
    createSecureContext({ cert, key, ...(passphrase !== undefined && { passphrase }) });
    return true;
  } catch {
    return false;
  }
}
