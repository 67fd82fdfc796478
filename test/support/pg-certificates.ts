import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface CertificateFiles {
  cert: string;
  key: string;
}

export interface CertificateAuthority {
  /** The CA's own certificate, a file. */
  cert: string;
  /** A certificate and its key, as files: for a server's names, or for a client by its common name alone. */
  issue(commonName: string, names?: string): Promise<CertificateFiles>;
  remove(): Promise<void>;
}

const openssl = (args: string[]) => promisify(execFile)('openssl', args);

/** A certificate authority that lives as long as a test. */
export async function makeCa(): Promise<CertificateAuthority> {
  const folder = await mkdtemp(join(tmpdir(), 'sentry-pg-ca-'));
  const path = (name: string) => join(folder, name);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const self = ['req', '-x509', ...newKey, '-days', '2', '-subj', '/CN=Test CA'];
  await openssl([...self, '-keyout', path('ca.key'), '-out', path('ca.crt')]);
  let serial = 0;
  return {
    cert: path('ca.crt'),
    issue: async (commonName, names) => {
      const id = `${++serial}`;
      const files = { cert: path(`${id}.crt`), key: path(`${id}.key`) };
      await openssl(['req', ...newKey, '-subj', `/CN=${commonName}`, '-keyout', files.key, '-out', path(`${id}.csr`)]);
      await writeFile(path(`${id}.ext`), names ? `subjectAltName=${names}\n` : 'basicConstraints=CA:FALSE\n');
      const ca = ['-CA', path('ca.crt'), '-CAkey', path('ca.key'), '-set_serial', id, '-days', '2'];
      await openssl([
        'x509',
        '-req',
        '-in',
        path(`${id}.csr`),
        ...ca,
        '-extfile',
        path(`${id}.ext`),
        '-out',
        files.cert,
      ]);
      return files;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** What a PostgreSQL needs to speak TLS, and to know its clients' certificates. */
export async function serverTls(ca: CertificateAuthority, { cert, key }: CertificateFiles) {
  return {
    conf: ['ssl = on', "ssl_ca_file = 'ca.crt'"],
    files: {
      'server.crt': await readFile(cert, 'utf8'),
      'server.key': await readFile(key, 'utf8'),
      'ca.crt': await readFile(ca.cert, 'utf8'),
    },
  };
}
