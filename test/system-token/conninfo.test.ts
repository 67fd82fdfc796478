import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ConnInfo, parseConnInfo } from '../../adapters/system-token/postgres/conninfo.ts';
import { passwordFor } from '../../adapters/system-token/postgres/passfile.ts';
import { type CertificateAuthority, type CertificateFiles, makeCa } from '../support/pg-certificates.ts';
import { NOBODYS_HOME } from '../support/pg-read.ts';

function parse(text: string, environment: Record<string, string> = {}): ConnInfo {
  const result = parseConnInfo(text, { ...NOBODYS_HOME, ...environment });
  if ('problems' in result) assert.fail(result.problems.join('; '));
  return result.info;
}

function problems(text: string, environment: Record<string, string> = {}): string[] {
  const result = parseConnInfo(text, { ...NOBODYS_HOME, ...environment });
  assert.ok('problems' in result, 'nothing was found to be wrong');
  return result.problems;
}

/** What a connection string comes to, in short: user:password@host:port/database. */
function inShort(info: ConnInfo): string {
  const hosts = info.hosts.map(({ host, hostaddr, port }) => `${host}${hostaddr ? `=${hostaddr}` : ''}:${port}`);
  return `${info.user}:${info.password ?? ''}@${hosts.join(',')}/${info.database}`;
}

const ME = userInfo().username;
const NOWHERE = '/var/run/postgresql:5432,/tmp:5432,localhost:5432';

describe('a connection string', () => {
  const understood: [text: string, meaning: string][] = [
    // URIs: libpq's own examples and its test suite's (src/interfaces/libpq/t/001_uri.pl).
    ['postgresql://uri-user:secret@host:12345/db', 'uri-user:secret@host:12345/db'],
    ['postgresql://uri-user@host:12345/db', 'uri-user:@host:12345/db'],
    ['postgresql://uri-user@host/db', 'uri-user:@host:5432/db'],
    ['postgresql://host:12345/db', `${ME}:@host:12345/db`],
    ['postgresql://host', `${ME}:@host:5432/${ME}`],
    ['postgresql://', `${ME}:@${NOWHERE}/${ME}`],
    ['postgresql:///db', `${ME}:@${NOWHERE}/db`],
    ['postgresql://uri-user@/db', `uri-user:@${NOWHERE}/db`],
    ['postgresql://uri-user:secret@host/', 'uri-user:secret@host:5432/uri-user'],
    ['postgres://uri-user:secret@host:12345/', 'uri-user:secret@host:12345/uri-user'],
    ['postgresql://%68ost/', `${ME}:@host:5432/${ME}`],
    ['postgresql://host/db?user=uri-user', 'uri-user:@host:5432/db'],
    ['postgresql://host/?user=uri-user&port=12345', 'uri-user:@host:12345/uri-user'],
    ['postgresql://host?user=uri-user', 'uri-user:@host:5432/uri-user'],
    ['postgresql://?host=/tmp&dbname=db', `${ME}:@/tmp:5432/db`],
    ['postgresql://[::1]:12345/db', `${ME}:@::1:12345/db`],
    ['postgresql://[2001:db8::1234]/', `${ME}:@2001:db8::1234:5432/${ME}`],
    ['postgresql://h1:1,h2,[::3]:3/db', `${ME}:@h1:1,h2:5432,::3:3/db`],
    ['postgresql://h1,h2/db?port=7', `${ME}:@h1:7,h2:7/db`],
    ['postgresql://%2Fvar%2Flib%2Fpg:77/db', `${ME}:@/var/lib/pg:77/db`],
    ['postgresql:///db?host=/path/to/socket/dir', `${ME}:@/path/to/socket/dir:5432/db`],
    ['postgresql://u:%25%20%3A%40%2F%3F%C3%BC@h/d%20b', 'u:% :@/?ü@h:5432/d b'],
    // What Go's URL parser took for pgx, and libpq does not.
    ['postgres://u:p@ss@h/db', 'u:p@ss@h:5432/db'],
    ['postgres://u:p:w@h/db', 'u:p:w@h:5432/db'],
    ['postgres://u@h/db?password=a=b', 'u:a=b@h:5432/db'],
    // What libpq takes, and Go's URL parser does not.
    ['postgres://u:p?w#x@h/db', 'u:p?w#x@h:5432/db'],
    ['postgres://u@h/db?password=a+b', 'u:a+b@h:5432/db'],
    ['postgres://u@h/db?hostaddr=192.0.2.1', 'u:@h=192.0.2.1:5432/db'],
    ['  postgres://u@h/db\n', 'u:@h:5432/db'],
    // Keywords and values.
    ['host=h port=1 user=u password=p dbname=d', 'u:p@h:1/d'],
    ['host = h port= 1 user =u\tpassword=p\ndatabase=d', 'u:p@h:1/d'],
    ["user='u' password='p w' host=h", 'u:p w@h:5432/u'],
    ["user=u password='it\\'s a \\\\' host=h", "u:it's a \\@h:5432/u"],
    ["user=u password=it\\'s\\ a\\\\ host=h", "u:it's a\\@h:5432/u"],
    ["user=u password='' host=''", `u:@${NOWHERE}/u`],
    ["user=u password='a'host=h", 'u:a@h:5432/u'],
    ['user=u password=a=b host=h', 'u:a=b@h:5432/u'],
    ['user=u host=a host=b', 'u:@b:5432/u'],
    ['user=u password=p\\', `u:p@${NOWHERE}/u`],
    ['user=u host=/a,b,c port=1,2,3', 'u:@/a:1,b:2,c:3/u'],
    ['user=u host=a,,c', `u:@a:5432,${NOWHERE},c:5432/u`],
    ['user=u host=a,b hostaddr=192.0.2.1,::2', 'u:@a=192.0.2.1:5432,b=::2:5432/u'],
    ['user=u hostaddr=192.0.2.1', 'u:@=192.0.2.1:5432/u'],
    ['', `${ME}:@${NOWHERE}/${ME}`],
    [' \n ', `${ME}:@${NOWHERE}/${ME}`],
  ];
  for (const [text, meaning] of understood) {
    it(`${JSON.stringify(text)} is understood`, () => assert.equal(inShort(parse(text)), meaning));
  }

  it('has its further keys understood', () => {
    const info = parse(
      "host=h sslmode=require sslsni=0 ssl_min_protocol_version=TLSv1.3 target_session_attrs=prefer-standby connect_timeout=7 application_name='my app' channel_binding=require",
    );
    const { sslmode, sslsni, sslMinVersion, targetSessionAttrs, connectTimeout, applicationName, channelBinding } =
      info;
    assert.deepEqual(
      { sslmode, sslsni, sslMinVersion, targetSessionAttrs, connectTimeout, applicationName, channelBinding },
      {
        sslmode: 'require',
        sslsni: false,
        sslMinVersion: 'TLSv1.3',
        targetSessionAttrs: 'prefer-standby',
        connectTimeout: 7,
        applicationName: 'my app',
        channelBinding: true,
      },
    );
    assert.equal(parse('connect_timeout=0').connectTimeout, undefined);
    assert.equal(parse('').sslmode, 'prefer');
    assert.equal(parse('postgres://h/db?ssl=true').sslmode, 'require');
    assert.equal(parse('sslnegotiation=direct').sslmode, 'require');
    assert.equal(parse('sslmode=require sslrootcert=system').sslmode, 'verify-full');
    assert.equal(parse('fallback_application_name=x').applicationName, 'x');
  });

  it('has the parameters that decide what a query finds understood, however they are given', () => {
    const found = (text: string, environment = {}) => {
      const { searchPath, role } = parse(text, environment);
      return [searchPath, role];
    };
    assert.deepEqual(found('postgres://h/db?search_path=a,b&role=r'), ['a,b', 'r']);
    assert.deepEqual(found("options='-c search_path=a\\\\ b -crole=r -c geqo=off -S 3'"), ['a b', 'r']);
    assert.deepEqual(found('postgres://h/db?options=--search-path%3Dx'), ['x', undefined]);
    assert.deepEqual(found('', { PGOPTIONS: '-c role=x' }), [undefined, 'x']);
  });

  it('may have keys of pgx and libpq that mean nothing here', () => {
    const keys = [
      'default_query_exec_mode=exec',
      'default_query_exec_mode=simple_protocol',
      'statement_cache_capacity=0',
      'description_cache_capacity=0',
      'pool_max_conns=4',
      'pool_min_idle_conns=1',
      'pool_max_conn_lifetime=1h30m',
      'pool_something_new=1',
      'TimeZone=UTC',
      'statement_timeout=5000',
      'client_encoding=UTF8',
      'keepalives_idle=5',
      'krbsrvname=postgres',
      'gssencmode=disable',
      'load_balance_hosts=random',
    ];
    for (const key of keys) {
      assert.equal(inShort(parse(`host=h user=u ${key}`)), 'u:@h:5432/u', key);
      assert.equal(inShort(parse(`postgres://u@h?${key}`)), 'u:@h:5432/u', key);
    }
  });

  const wrong: [text: string, ...problems: RegExp[]][] = [
    ['host=h sslmod=require', /^sslmod is not a key that is known$/],
    ['postgres://h/db?foo=bar&baz=1', /^foo is not a key/, /^baz is not a key/],
    ['host=h require_auth=scram-sha-256', /^require_auth is not supported$/],
    ['host=h gssencmode=require', /^gssencmode cannot be require/],
    ['host=h sslmode=verify', /^sslmode is none of disable, allow, prefer, require, verify-ca, verify-full$/],
    ['host=h sslmode=REQUIRE', /^sslmode is none of/],
    ['host=h target_session_attrs=master', /^target_session_attrs is none of any, /],
    ['host=h channel_binding=yes', /^channel_binding is none of/],
    ['host=h sslnegotiation=direct sslmode=disable', /^sslnegotiation is direct, which sslmode=disable rules out$/],
    ['host=h connect_timeout=5s', /^connect_timeout is not a whole number of seconds$/],
    ['host=h port=0', /^port is not a number from 1 to 65535/],
    ['host=h port=65536', /^port is not a number/],
    ['host=h port=5432a', /^port is not a number/],
    ['host=a,b,c port=1,2', /^port has 2 items for 3 hosts$/],
    ['host=a,b hostaddr=192.0.2.1', /^hostaddr has 1 items where host has 2$/],
    ['hostaddr=example.org', /^hostaddr is not an IP address$/],
    ['hostaddr=192.0.2.1 sslmode=verify-full', /^sslmode is verify-full, which needs a host/],
    ['host=http://h', /^host is not a host name$/],
    ['mysql://h/db', /^a URI must start with postgresql:\/\/ or postgres:\/\/$/],
    ['postgresql+psycopg2://h/db', /^a URI must start with/],
    ['mydatabase', /^item 1 is not key=value/],
    ['host=h password=my secret', /^item 3 is not key=value \(a value with spaces needs single quotes\)$/],
    ["host=h password='unfinished", /^the quoted value of item 2 has no end$/],
    ["host=h password='unfinished\\'", /^the quoted value of item 2 has no end$/],
    ['=h', /^item 1 is not key=value/],
    ['host=h\0', /^host contains a NUL character$/],
    ['postgres://h/%', /^dbname contains a %/],
    ['postgres://u:100%@h/db', /^password contains a %/],
    ['postgres://h/a%00b', /^dbname contains a NUL character$/],
    ['postgres://u:p/w@h/db', /^port is not a number from 1 to 65535 \(in a URI, percent-encode/],
    ['postgres://[::1/db', /^host is not a name/],
    ['postgres://::1/db', /^port is not a number|^host is not/],
    ['postgres://h/db?sslmode', /^a query parameter is not key=value/],
    ['host=h sslrootcert=/nonexistent/ca.pem', /^sslrootcert names a file that could not be read \(ENOENT\)$/],
    ['host=h sslcert=/nonexistent/c', /^sslcert names a file.*ENOENT/, /^sslcert needs a sslkey$/],
    [`host=/tmp/${'x'.repeat(120)}`, /^host names a socket by a path of 139 bytes; the system allows 10[37]$/],
    ['host=h service=none', /^service names a service that no service file has$/],
    ['sslmode=x port=y bogus=z', /^bogus/, /^port/, /^sslmode/],
  ];
  for (const [text, ...patterns] of wrong) {
    it(`${JSON.stringify(text)} is wrong, and all that is wrong is said`, () => {
      const found = problems(text);
      assert.equal(found.length, patterns.length, found.join('; '));
      for (const [index, pattern] of patterns.entries()) assert.match(found[index]!, pattern);
    });
  }

  it('is never quoted', () => {
    const secret = 'hunter2';
    const texts = [
      `host=h password=my ${secret}`,
      `host=h password=my !${secret}=x`,
      `host=h password='${secret}`,
      `postgres://u:${secret}/x@h/db`,
      `postgres://u:%zz${secret}@h/db`,
      `postgres://u:a#${secret}/@h/db`,
      `postgres://h/db?password=a&${secret}`,
      `postgres://h/db?password=a&!${secret}=`,
      `mysql://u:${secret}@h/db`,
      `${secret}`,
      `host=${secret}:x@y port=${secret} sslmode=${secret} connect_timeout=${secret} hostaddr=${secret}`,
      `host=h target_session_attrs=${secret} sslrootcert=${secret} service=${secret} passfile=${secret}`,
    ];
    for (const text of texts) assert.ok(!problems(text).join().includes(secret), text);
  });
});

describe('the PG* variables', () => {
  it('say what the connection string leaves open', () => {
    const environment = {
      PGHOST: 'h',
      PGHOSTADDR: '192.0.2.1',
      PGPORT: '1',
      PGUSER: 'u',
      PGPASSWORD: 'p w',
      PGDATABASE: 'd',
      PGSSLMODE: 'require',
      PGAPPNAME: 'a',
      PGCONNECT_TIMEOUT: '3',
      PGTARGETSESSIONATTRS: 'standby',
    };
    const info = parse('', environment);
    assert.equal(inShort(info), 'u:p w@h=192.0.2.1:1/d');
    const { sslmode, applicationName, connectTimeout, targetSessionAttrs } = info;
    assert.deepEqual([sslmode, applicationName, connectTimeout, targetSessionAttrs], ['require', 'a', 3, 'standby']);
    assert.equal(inShort(parse('user=x dbname=y', environment)), 'x:p w@h=192.0.2.1:1/y');
    assert.equal(inShort(parse('host=x hostaddr=', environment)), 'u:p w@x:1/d');
  });

  it('count as not set when they are empty', () => {
    assert.equal(inShort(parse('', { PGHOST: '', PGPORT: '', PGUSER: '', PGSSLMODE: '' })), `${ME}:@${NOWHERE}/${ME}`);
  });

  it('are named when they are wrong', () => {
    const found = problems('host=h', { PGSSLMODE: 'x', PGPORT: 'y', PGREQUIREAUTH: 'none' });
    assert.deepEqual(found.map((text) => text.split(' ')[0]).sort(), ['PGPORT', 'PGREQUIREAUTH', 'PGSSLMODE']);
  });
});

describe('files next to the connection string', () => {
  let home: string;
  let ca: CertificateAuthority;
  let pair: CertificateFiles;
  const inHome = (name: string) => join(home, name);

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'sentry-conninfo-'));
    ca = await makeCa();
    pair = await ca.issue('client');
  });

  after(async () => {
    await rm(home, { recursive: true });
    await ca.remove();
  });

  describe('the service file', () => {
    before(async () => {
      const text = `# comment
[other]
host=other
[sentry]
host = service-host
port=2
user=service-user
sslmode=require
pool_max_conns=2

[nested]
service=sentry
[broken]
no assignment
bogus=1
`;
      await writeFile(inHome('.pg_service.conf'), text);
      await mkdir(inHome('etc'));
      await writeFile(inHome('etc/pg_service.conf'), '[site]\r\nhost=site-host\r\n[sentry]\r\nhost=not-this\r\n');
    });

    it('wins over variables, and loses to the string', () => {
      const environment = { HOME: home, PGSERVICE: 'sentry', PGUSER: 'variable', PGPASSWORD: 'p', PGPORT: '1' };
      assert.equal(inShort(parse('', environment)), 'service-user:p@service-host:2/service-user');
      assert.equal(inShort(parse('user=me', environment)), 'me:p@service-host:2/me');
      assert.equal(inShort(parse('postgres://me@/db?service=other', environment)), 'me:p@other:1/db');
      assert.equal(parse('service=sentry', { HOME: home }).sslmode, 'require');
    });

    it('is the one that is named, otherwise the user’s, otherwise the system’s', () => {
      const named = { PGSERVICEFILE: inHome('.pg_service.conf'), PGSERVICE: 'other', PGUSER: 'u' };
      assert.equal(inShort(parse('', named)), 'u:@other:5432/u');
      assert.equal(inShort(parse(`service=other user=u servicefile=${inHome('.pg_service.conf')}`)), 'u:@other:5432/u');
      const system = { HOME: home, PGSYSCONFDIR: inHome('etc'), PGUSER: 'u' };
      assert.equal(inShort(parse('service=site', system)), 'u:@site-host:5432/u');
      assert.equal(inShort(parse('service=other', system)), 'u:@other:5432/u');
    });

    it('is told apart from the string when something is wrong in it', () => {
      assert.deepEqual(problems('service=nested', { HOME: home }), ['line 12 of the service file nests services']);
      assert.deepEqual(problems('service=broken', { HOME: home }), [
        'line 14 of the service file is not key=value',
        'bogus in the service file is not a key that is known',
      ]);
      const missing = problems('service=x', { PGSERVICEFILE: '/nonexistent/file' });
      assert.deepEqual(missing, ['PGSERVICEFILE names a file that could not be read (ENOENT)']);
    });
  });

  describe('the passfile', () => {
    const entries = `# comment:*:*:*:wrong
too:few:fields
db.example:5432:sentry:reader:first
db.example:*:sentry:reader:any-port
a\\:b:*:*:*:escaped\\:pass\\\\word
/run/pg:*:*:*:by-folder
localhost:*:*:*:local
192.0.2.1:*:*:*:by-address
*:5432:*:*:at-last:not this
`;
    const write = async (mode: number, text = entries) => {
      await writeFile(inHome('passfile'), text);
      await chmod(inHome('passfile'), mode);
    };
    const look = (text: string): string | undefined => {
      const info = parse(`passfile=${inHome('passfile')} ${text}`);
      return passwordFor(info, info.hosts[0]!);
    };

    it('gives the first password that fits', async () => {
      await write(0o600);
      assert.equal(look('host=db.example dbname=sentry user=reader'), 'first');
      assert.equal(look('host=db.example dbname=sentry user=reader port=6432'), 'any-port');
      assert.equal(look('host=db.example dbname=other user=reader'), 'at-last');
      assert.equal(look('host=db.example dbname=other user=reader port=6432'), undefined);
      assert.equal(look('host=/run/pg user=u port=1'), 'by-folder');
      assert.equal(look('host=/elsewhere user=u port=1'), 'local');
      assert.equal(look('host=localhost user=u port=1'), 'local');
      assert.equal(look('hostaddr=192.0.2.1 user=u port=1'), 'by-address');
      assert.equal(look('host=h hostaddr=192.0.2.1 user=u port=1'), undefined);
      assert.equal(look('host=db.example dbname=sentry user=reader password=mine'), 'mine');
    });

    it('has its escapes undone', async () => {
      await write(0o600, 'h:1:a\\:b:*:escaped\\:pass\\\\word\r\n');
      assert.equal(look('host=h port=1 dbname=a:b user=u'), 'escaped:pass\\word');
    });

    it('is in the home folder where none is named', async () => {
      await writeFile(inHome('.pgpass'), '*:*:*:*:from-home', { mode: 0o600 });
      const info = parse('host=h user=u', { HOME: home });
      assert.equal(passwordFor(info, info.hosts[0]!), 'from-home');
      const named = parse('host=h user=u', { HOME: home, PGPASSFILE: '/nonexistent/file' });
      assert.equal(passwordFor(named, named.hosts[0]!), undefined);
      assert.match(named.warnings.join(), /^the passfile is not used: ENOENT$/);
    });

    for (const mode of [0o640, 0o604, 0o660, 0o644]) {
      it(`is refused with mode ${mode.toString(8)}`, async () => {
        await write(mode);
        const text = `host=db.example dbname=sentry user=reader passfile=${inHome('passfile')}`;
        const info = parse(text);
        assert.equal(passwordFor(info, info.hosts[0]!), undefined);
        assert.match(info.warnings.join(), /group or others have access to it/);
        assert.deepEqual(parse(`${text} password=p`).warnings, []);
      });
    }
  });

  describe('certificates', () => {
    it('are looked at beforehand', async () => {
      await writeFile(inHome('not-pem'), 'nothing');
      const other = await ca.issue('other');
      const text = `host=h sslrootcert=${ca.cert} sslcert=${pair.cert}`;
      assert.equal(parse(`${text} sslkey=${pair.key}`).sslkey, pair.key);
      assert.deepEqual(problems(`host=h sslrootcert=${inHome('not-pem')}`), [
        'sslrootcert names a file without PEM in it',
      ]);
      assert.match(problems(`${text} sslkey=${other.key}`).join(), /^sslkey does not belong to sslcert/);
    });

    it('have a key that only its owner may read, or the group of a file of root, as libpq has it', async (t) => {
      const text = `host=h sslrootcert=${ca.cert} sslcert=${pair.cert} sslkey=${pair.key}`;
      t.after(() => chmod(pair.key, 0o600));
      const isRoots = (await stat(pair.key)).uid === 0;
      const refused =
        /^sslkey names a key that group or others have access to; chmod 0600 it, or 0640 if it is root's$/;
      for (const [mode, isAllowed] of [
        [0o600, true],
        [0o400, true],
        [0o640, isRoots],
        [0o440, isRoots],
        [0o604, false],
        [0o660, false],
        [0o650, false],
        [0o644, false],
      ] as const) {
        await chmod(pair.key, mode);
        if (isAllowed) assert.equal(parse(text).sslkey, pair.key, mode.toString(8));
        else assert.match(problems(text).join(), refused, mode.toString(8));
      }
      assert.match(problems(text.replace(pair.key, home)).join(), /^sslkey names /);
    });

    it('make sslmode=require verify, as libpq has it', () => {
      assert.equal(parse(`host=h sslmode=require sslrootcert=${ca.cert}`).sslmode, 'verify-ca');
      assert.equal(parse(`host=h sslmode=prefer sslrootcert=${ca.cert}`).sslmode, 'prefer');
    });

    it('are found in the home folder', async () => {
      await mkdir(inHome('.postgresql'));
      await copyFile(ca.cert, inHome('.postgresql/root.crt'));
      await copyFile(pair.cert, inHome('.postgresql/postgresql.crt'));
      assert.equal(parse('host=h', { HOME: home }).sslcert, undefined);
      await copyFile(pair.key, inHome('.postgresql/postgresql.key'));
      const info = parse('host=h sslmode=require', { HOME: home });
      assert.equal(info.sslrootcert, inHome('.postgresql/root.crt'));
      assert.equal(info.sslcert, inHome('.postgresql/postgresql.crt'));
      assert.equal(info.sslmode, 'verify-ca');
    });
  });
});
