// What `check` says of valid settings that probably do not do what was meant, and of files without rights.
import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { makeFolder, runProxy } from '../../support/operator.ts';

const SECRET = 'hunter2-which-is-long-enough';
const IN_QUOTES = "in quotes, which become part of the value: docker's --env-file keeps them; write it without quotes";

const warningsIn = (stdout: string): string[] => [...stdout.matchAll(/^warning: +(.*)$/gm)].map((match) => match[1]!);

async function check(env: Record<string, string>, ...args: string[]) {
  const { code, stdout, stderr } = await runProxy(['check', ...args], { env });
  assert.ok(!`${stdout}${stderr}`.includes(SECRET));
  return { code, stderr, warnings: warningsIn(stdout) };
}

describe('check', { concurrency: 3 }, () => {
  it('warns of values in quotes: in variables, flags and files', async (t) => {
    const file = join(makeFolder(t), 'token');
    writeFileSync(file, `"${SECRET}"\n`);
    for (const [env, args, expected] of [
      [{ SENTRY_TOKEN: `"${SECRET}"` }, [], `--token (SENTRY_TOKEN) is ${IN_QUOTES}`],
      [{ SENTRY_TOKEN: '"system"' }, [], `--token (SENTRY_TOKEN) is ${IN_QUOTES}`],
      [{}, [`--token='${SECRET}'`], `--token (SENTRY_TOKEN) is ${IN_QUOTES}`],
      [{ SENTRY_TOKEN_FILE: file }, [], `--token-file (SENTRY_TOKEN_FILE) names a file whose content is ${IN_QUOTES}`],
      [{ SENTRY_TOKEN: 'x', ALIAS_TOKENS: `"${SECRET}"` }, [], `--alias-token (ALIAS_TOKENS) is ${IN_QUOTES}`],
      [
        { SENTRY_TOKEN: 'x', ALIAS_TOKENS: `"${SECRET};${SECRET}2"` },
        [],
        `--alias-token (ALIAS_TOKENS) is ${IN_QUOTES}`,
      ],
      [
        { SENTRY_TOKEN: 'x', ALIAS_TOKENS: `${SECRET};"${SECRET}2"` },
        [],
        '1 of 2 alias tokens is in quotes, which become part of the token; write tokens without quotes',
      ],
    ] as const) {
      const { code, warnings } = await check(env, ...args);
      assert.deepEqual([code, warnings], [0, [expected]]);
    }
  });

  it('says it of a wrong value too, and of no value that is right', async () => {
    const { code, stderr } = await check({ SENTRY_TOKEN: 'x', SENTRY_URI: '"http://sentry.example"' });
    assert.equal(code, 2);
    assert.match(stderr, /--sentry-uri \(SENTRY_URI\) is in quotes/);
    const header = `--upstream-header=X-Quoted: "${SECRET}"`;
    const right = await check({ SENTRY_TOKEN: '"' }, header, `--pgx-conn=host=h password='${SECRET}'`);
    assert.deepEqual([right.code, right.warnings], [0, []]);
  });

  it('reads a variable without the line end that the secrets of Kubernetes often have', async () => {
    const { code, stderr, warnings } = await check({
      SENTRY_TOKEN: `${SECRET}\n`,
      SENTRY_URI: 'https://sentry.example\r\n',
      ALIAS_TOKENS: `${SECRET}2\n`,
      LISTEN: ':8081\n',
      WRITE_TIMEOUT: '5s\n',
      UNMATCHED: 'reject\n',
    });
    assert.deepEqual([code, stderr, warnings], [0, '', []]);
  });

  for (const [variable, others, says] of [
    ['ALIAS_TOKENS', {}, /ALIAS_TOKENS\) is set, but contains no token/],
    ['ALIAS_TOKENS', { ALLOW_ANY_CLIENT: 'true' }, /ALIAS_TOKENS\) is set, but contains no token/],
    ['ALLOWED_HOSTS', { ALLOW_ANY_CLIENT: 'true' }, /ALLOWED_HOSTS\) is set, but contains no host name/],
    ['TLS_CERT', { ALLOW_ANY_CLIENT: 'true', TLS_KEY: '\n' }, /--tls-cert/],
    ['LIMIT_STORE', { ALLOW_ANY_CLIENT: 'true' }, /--limit-store/],
  ] as const) {
    const title = [variable, ...Object.keys(others)].join(' with ');
    it(`refuses a variable that is a line end and nothing else: ${title}`, async () => {
      const { code, stderr } = await check({ SENTRY_TOKEN: 'x', ...others, [variable]: '\n' });
      assert.equal(code, 2, stderr);
      assert.match(stderr, says);
    });
  }

  it('refuses the name of a file in place of a setting that keeps others out', async () => {
    for (const variable of ['ALLOWED_HOSTS_FILE', 'ALLOW_HOSTS_PATH', 'UNMATCHED_FILE']) {
      const { code, stderr } = await check({
        SENTRY_TOKEN: 'x',
        ALLOW_ANY_CLIENT: 'true',
        [variable]: '/run/secrets/x',
      });
      assert.equal(code, 2, variable);
      assert.match(stderr, new RegExp(`${variable} is not a setting; did you mean`));
    }
  });

  it("warns of the API's own path behind Sentry's URI, since requests have it too", async () => {
    const text = "--sentry-uri (SENTRY_URI) ends with the API's own path, which every request has too; leave it out";
    for (const [path, expected] of [
      ['/api/0/', [text]],
      ['/sentry/api', [text]],
      ['/api-of-sentry/', []],
    ] as const) {
      const { code, warnings } = await check({ SENTRY_TOKEN: 'x', SENTRY_URI: `https://sentry.example${path}` });
      assert.deepEqual([code, warnings], [0, expected]);
    }
  });

  it('warns of what the log says of the database at the start', async (t) => {
    const passfile = join(makeFolder(t), 'passfile');
    writeFileSync(passfile, `*:*:*:*:${SECRET}\n`, { mode: 0o440 });
    const { code, warnings } = await check({ PGX_CONN: `host=db.example passfile=${passfile}`, ALIAS_TOKENS: SECRET });
    const text = 'the passfile is not used: group or others have access to it (chmod 0600 it)';
    assert.deepEqual([code, warnings], [0, [text]]);
  });

  it('refuses a file .env in UTF-16, whose settings would all be missing', async (t) => {
    const folder = makeFolder(t);
    writeFileSync(join(folder, '.env'), `\ufeffSENTRY_TOKEN=x\nALIAS_TOKENS=${SECRET}\n`, 'utf16le');
    const { code, stderr } = await runProxy(['check'], { folder });
    assert.equal(code, 2);
    assert.match(stderr, /^sentry-api-proxy: the file \.env in the working folder is not UTF-8; save it as UTF-8$/m);
    writeFileSync(join(folder, '.env'), `\ufeffSENTRY_TOKEN=x\nALIAS_TOKENS=${SECRET}\n`);
    const { stdout } = await runProxy(['check'], { folder });
    assert.match(stdout, /^token: +static, 1 characters/m);
  });

  it('warns of alias tokens with a comma between them, which are one token', async () => {
    const text = '1 of 1 alias tokens has a comma, which does not separate tokens; write ; between them';
    const { code, warnings } = await check({ SENTRY_TOKEN: 'x', ALIAS_TOKENS: `${SECRET},${SECRET}2` });
    assert.deepEqual([code, warnings], [0, [text]]);
  });

  it('warns of a file of a certificate or a key whose setting has another name', async () => {
    const { code, warnings } = await check({ SENTRY_TOKEN: 'x', TLS_CERT_FILE: '/cert', SENTRY_CA_PATH: '/ca' });
    assert.equal(code, 0);
    assert.deepEqual(warnings.toSorted(), [
      'SENTRY_CA_PATH is not a setting; did you mean SENTRY_CA?',
      'TLS_CERT_FILE is not a setting; did you mean TLS_CERT?',
    ]);
  });

  it('warns of a host name of Sentry with an underscore, which Django refuses', async () => {
    const { code, warnings } = await check({ SENTRY_TOKEN: 'x', SENTRY_URI: 'http://sentry_web:9000/' });
    assert.equal(code, 0);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /^--sentry-uri \(SENTRY_URI\) has a host name with an underscore.*400.*network alias$/);
    const other = await check({ SENTRY_TOKEN: 'x', SENTRY_URI: 'http://sentry-web:9000/a_path' });
    assert.deepEqual(other.warnings, []);
  });
});

describe('a file without rights', { concurrency: 3 }, () => {
  const isRoot = process.geteuid?.() === 0;
  /** Root may read everything, so the program runs as another user. */
  const user = isRoot ? 65_534 : undefined;

  function made(t: TestContext): string {
    const folder = makeFolder(t);
    if (user !== undefined) chownSync(folder, user, user);
    return folder;
  }
  const own = process.geteuid?.();
  const us = `this process runs as user ${user ?? own} and group ${user ?? process.getegid?.()}`;

  async function refusal(args: string[]): Promise<string> {
    const { code, stderr } = await runProxy(args, user === undefined ? {} : { user });
    assert.equal(code, 2);
    return stderr;
  }

  it('is reported with our user and with its owner and mode', async (t) => {
    const file = join(made(t), 'clients');
    writeFileSync(file, '{}');
    chmodSync(file, isRoot ? 0o600 : 0);
    const stderr = await refusal(['--token=x', '--clients-file', file]);
    const whose = `the file belongs to user ${own} and group ${process.getegid?.()}, with mode ${isRoot ? '0600' : '0000'}`;
    assert.equal(
      stderr,
      `sentry-api-proxy: --clients-file (CLIENTS_FILE) names a file that could not be read (EACCES; ${us}; ${whose})\n`,
    );
  });

  it('is reported with the folder that keeps it closed', async (t) => {
    const folder = join(made(t), 'closed');
    mkdirSync(folder);
    const file = join(folder, 'key.pem');
    writeFileSync(file, 'x');
    chmodSync(folder, isRoot ? 0o700 : 0);
    const whose = `a folder above the file belongs to user ${own} and group ${process.getegid?.()}, with mode 0${isRoot ? '700' : '000'}`;
    const stderr = [
      await refusal(['--token=x', '--sentry-ca', file]),
      await refusal(['--token=system', '--pgx-conn', `host=h sslmode=require sslrootcert=${file}`]),
    ];
    // So that the folder can be removed.
    chmodSync(folder, 0o700);
    for (const text of stderr) assert.ok(text.includes(`could not be read (EACCES; ${us}; ${whose})`), text);
  });

  it('is reported of a socket that may not be made', async (t) => {
    const folder = join(made(t), 'closed');
    mkdirSync(folder);
    chmodSync(folder, 0o555);
    const socket = join(folder, 'socket');
    const surroundings = user === undefined ? {} : { user };
    const { code, stderr } = await runProxy(['--token=x', '--listen', `unix:${socket}`], surroundings);
    assert.equal(code, 1);
    const fault = `user ${user ?? own} may not write to the folder, which belongs to user ${own} with mode 0555`;
    assert.equal(stderr, `sentry-api-proxy: cannot listen on unix:${socket}: ${fault}; choose another with --listen\n`);
  });
});
