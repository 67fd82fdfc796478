import assert from 'node:assert/strict';
import { chmod } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { parseConnInfo } from '../../adapters/system-token/postgres/conninfo.ts';
import { readStoredToken } from '../../adapters/system-token/postgres/database.ts';
import { type Postgres, startPostgres } from '../../demo/postgres.ts';
import { type CertificateAuthority, type CertificateFiles, makeCa, serverTls } from '../support/pg-certificates.ts';
import { failureWith, readWith } from '../support/pg-read.ts';

const TOKEN = '0123456789abcdef'.repeat(4);

describe('reading the stored token from a server with TLS', () => {
  let ca: CertificateAuthority;
  let otherCa: CertificateAuthority;
  let client: CertificateFiles;
  let postgres: Postgres;

  before(async () => {
    [ca, otherCa] = await Promise.all([makeCa(), makeCa()]);
    client = await ca.issue('by_certificate');
    postgres = await startPostgres({
      ...(await serverTls(ca, await ca.issue('db.example', 'DNS:db.example'))),
      hba: [
        'hostssl all by_certificate all cert',
        'hostssl all encrypted_only all scram-sha-256',
        'hostnossl all plain_only all scram-sha-256',
        'host all encrypted_only,plain_only,by_certificate all reject',
      ],
    });
    await postgres.query(`INSERT INTO sentry_option (key, value) VALUES ('sentry:system-token', '"${TOKEN}"')`);
    for (const role of ['encrypted_only', 'plain_only', 'by_certificate']) {
      await postgres.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
      await postgres.query(`GRANT SELECT ON sentry_option TO ${role}`);
    }
  });

  after(async () => {
    await postgres.stop();
    await Promise.all([ca.remove(), otherCa.remove()]);
  });

  const conninfo = (text: string): string =>
    `hostaddr=127.0.0.1 port=${postgres.port} dbname=postgres password=secret ${text}`;

  const ENCRYPTED = 'user=encrypted_only host=db.example';
  const OTHER_NAME = 'user=encrypted_only host=other.example';
  const PLAIN = 'user=plain_only host=db.example';
  type Roots = 'ca' | 'otherCa' | undefined;
  const matrix: [sslmode: string, server: string, roots: Roots, outcome: 'works' | RegExp][] = [
    ['disable', PLAIN, undefined, 'works'],
    ['disable', ENCRYPTED, undefined, /no encryption.*\(28000\)|rejects.*no encryption/],
    ['allow', PLAIN, undefined, 'works'],
    ['allow', ENCRYPTED, undefined, 'works'],
    ['prefer', PLAIN, undefined, 'works'],
    ['prefer', ENCRYPTED, undefined, 'works'],
    ['prefer', OTHER_NAME, 'otherCa', 'works'],
    ['require', ENCRYPTED, undefined, 'works'],
    ['require', OTHER_NAME, 'ca', 'works'],
    ['require', ENCRYPTED, 'otherCa', /certificate comes from a CA that is not in sslrootcert/],
    ['require', PLAIN, undefined, /\(28000\)/],
    ['verify-ca', ENCRYPTED, 'ca', 'works'],
    ['verify-ca', OTHER_NAME, 'ca', 'works'],
    ['verify-ca', ENCRYPTED, 'otherCa', /certificate comes from a CA that is not in sslrootcert/],
    ['verify-ca', ENCRYPTED, undefined, /certificate comes from a CA that is not in sslrootcert/],
    ['verify-ca', PLAIN, 'ca', /\(28000\)/],
    ['verify-full', ENCRYPTED, 'ca', 'works'],
    ['verify-full', OTHER_NAME, 'ca', /certificate is for another host name/],
    ['verify-full', ENCRYPTED, 'otherCa', /certificate comes from a CA that is not in sslrootcert/],
    ['verify-full', ENCRYPTED, undefined, /certificate comes from a CA that is not in sslrootcert/],
    ['verify-full', 'user=encrypted_only host=127.0.0.1', 'ca', /certificate is for another host name/],
  ];
  for (const [sslmode, server, roots, outcome] of matrix) {
    const name = outcome === 'works' ? 'works' : 'fails';
    it(`sslmode=${sslmode} ${server} ${roots ? `sslrootcert=${roots}` : 'without sslrootcert'} ${name}`, async () => {
      const files = { ca: ca.cert, otherCa: otherCa.cert };
      const text = conninfo(`${server} sslmode=${sslmode} ${roots ? `sslrootcert=${files[roots]}` : ''}`);
      if (outcome === 'works') assert.equal(await readWith(text), TOKEN);
      else assert.match((await failureWith(text)).message, outcome);
    });
  }

  it('sslrootcert=system trusts the public CAs and no others, and verifies in full', async () => {
    const text = conninfo(`${ENCRYPTED} sslmode=require sslrootcert=system`);
    assert.match((await failureWith(text)).message, /certificate comes from a CA that is not in sslrootcert/);
  });

  it('shows its client certificate', async () => {
    const text = conninfo(`user=by_certificate host=db.example sslmode=verify-full sslrootcert=${ca.cert}`);
    assert.equal(await readWith(`${text} sslcert=${client.cert} sslkey=${client.key}`), TOKEN);
    assert.match((await failureWith(text)).message, /requires a valid client certificate \(28000\)/);
  });

  it('does not show it with a key that others may read since the start', async (t) => {
    const text = `user=by_certificate host=db.example sslmode=verify-full sslrootcert=${ca.cert}`;
    const result = parseConnInfo(conninfo(`${text} sslcert=${client.cert} sslkey=${client.key}`), {
      HOME: '/nonexistent',
    });
    assert.ok('info' in result);
    await chmod(client.key, 0o644);
    t.after(() => chmod(client.key, 0o600));
    await assert.rejects(readStoredToken(result.info, {}), /sslkey names a key that group or others have access to/);
  });

  it('starts TLS at once with sslnegotiation=direct', async () => {
    assert.equal(await readWith(conninfo(`${ENCRYPTED} sslmode=require sslnegotiation=direct`)), TOKEN);
  });

  it('binds the password to the TLS channel with channel_binding=require, and sends it to no other server', async () => {
    assert.equal(await readWith(conninfo(`${ENCRYPTED} sslmode=require channel_binding=require`)), TOKEN);
    const { message } = await failureWith(conninfo(`${PLAIN} channel_binding=require sslmode=disable`));
    assert.match(message, /it does not offer channel binding/);
  });
});
