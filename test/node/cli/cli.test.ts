// The command line as an operator meets it: settings, what is said of bad ones, the log, starting and stopping.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import packageJson from '../../../package.json' with { type: 'json' };
import { fieldValue } from '../../support/message.ts';
import { type ListeningProxy, runProxy, type Surroundings, startProxy } from '../../support/proxy-process.ts';
import { RawClient, type Reply, send } from '../../support/raw-client.ts';
import { answer, type Connection, OK, type Script, Upstream } from '../../support/upstream.ts';

/** What no output may hold: it is put into each value that is a secret. */
const SECRET = 'hunter2';
const TOKEN = `${SECRET}-sentry-token`;
const ALIAS = `${SECRET}-alias-of-a-client`;

const GET = 'GET /api/0/projects/ HTTP/1.1\r\nHost: proxy.example\r\n\r\n';

const SETTINGS = [
  ['listen', 'LISTEN', '0.0.0.0:8080'],
  ['sentry-uri', 'SENTRY_URI', 'http://sentry-web:9000'],
  ['token', 'SENTRY_TOKEN', 'system'],
  ['pgx-conn', 'PGX_CONN', 'empty'],
  ['alias-token', 'ALIAS_TOKENS', 'empty'],
  ['replay-limit', 'REPLAY_LIMIT', '1MiB'],
  ['read-header-timeout', 'READ_HEADER_TIMEOUT', '10s'],
  ['read-timeout', 'READ_TIMEOUT', '25s'],
  ['write-timeout', 'WRITE_TIMEOUT', '25s'],
  ['max-header-size', 'MAX_HEADER_SIZE', '16KiB'],
  ['sentry-ca', 'SENTRY_CA', 'empty'],
  ['allowed-host', 'ALLOWED_HOSTS', 'empty'],
  ['public-url', 'PUBLIC_URL', 'empty'],
  ['keep-inside', 'KEEP_INSIDE', 'true'],
] as const;

/** A proxy that does not outlive its test. */
async function started(t: TestContext, args: readonly string[], surroundings?: Surroundings): Promise<ListeningProxy> {
  const proxy = await startProxy(args, surroundings);
  t.after(() => proxy.stop());
  return proxy;
}

describe('help and version', () => {
  it('--help names every flag with its variable and its default', async () => {
    const { code, stdout, stderr } = await runProxy(['--help']);
    assert.equal(code, 0);
    assert.equal(stderr, '');
    const sections = stdout.split(/\n(?=\s*--)/);
    for (const [flag, variable, byDefault] of SETTINGS) {
      const section = sections.find((text) => new RegExp(`^\\s*--${flag}\\b(?!-)`).test(text)) ?? '';
      assert.ok(section.includes(variable), `${variable} at --${flag}`);
      assert.ok(section.includes(byDefault), `${byDefault} at --${flag}`);
    }
    assert.match(stdout, /--version/);
    assert.match(stdout, /\.env/);
  });

  it('--help fits a terminal of 80 columns and has examples that are right', async () => {
    const { stdout } = await runProxy(['--help']);
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, `${line.length} columns: ${line}`);
    const examples = stdout.slice(stdout.indexOf('\nExamples:')).replaceAll('\\\n', ' ');
    const flags = [...examples.matchAll(/--([a-z-]+)/g)].map((match) => match[1]!);
    assert.ok(flags.length > 5);
    for (const flag of flags) assert.match(stdout, new RegExp(`^  (?:check \\[)?--${flag}\\b`, 'm'));
  });

  it('--version names version, commit, Node and platform', async () => {
    const { code, stdout, stderr } = await runProxy(['--version']);
    const platform = `${process.platform}-${process.arch}`;
    const { version } = packageJson;
    assert.match(
      stdout,
      new RegExp(`^sentry-api-proxy ${version} \\([a-z0-9-]+\\), Node ${process.versions.node}, ${platform}\n$`),
    );
    assert.deepEqual([code, stderr], [0, '']);
  });
});

describe('settings', { concurrency: 2 }, () => {
  let upstream: Upstream;
  before(async () => {
    upstream = await Upstream.start();
  });
  after(() => upstream.stop());

  const cases: Record<string, readonly [args: string[], Surroundings, token: string]> = {
    '--flag value': [['--token', 'from-flag'], {}, 'from-flag'],
    '--flag=value': [['--token=from-flag'], {}, 'from-flag'],
    '--flag=value with a second =': [['--token=from=flag=='], {}, 'from=flag=='],
    'a variable': [[], { env: { SENTRY_TOKEN: 'from-variable' } }, 'from-variable'],
    'a .env file in the working folder': [[], { dotEnv: '# Tokens\nSENTRY_TOKEN="from-file"\n' }, 'from-file'],
    'a flag before its variable': [['--token=from-flag'], { env: { SENTRY_TOKEN: 'from-variable' } }, 'from-flag'],
    'a variable before the .env file': [
      [],
      { env: { SENTRY_TOKEN: 'from-variable' }, dotEnv: 'SENTRY_TOKEN=from-file' },
      'from-variable',
    ],
    'a flag before the .env file': [['--token=from-flag'], { dotEnv: 'SENTRY_TOKEN=from-file' }, 'from-flag'],
  };
  for (const [index, [title, [args, surroundings, token]]] of Object.entries(cases).entries()) {
    it(`takes ${title}`, async (t) => {
      const path = `/${index}/`;
      const connections = upstream.play(answer(OK), path);
      const proxy = await started(t, [...args, '--sentry-uri', upstream.uri], surroundings);
      await send(proxy, `GET ${path} HTTP/1.1\r\nHost: proxy.example\r\n\r\n`);
      assert.equal(fieldValue(connections[0]!.request!, 'Authorization'), `Bearer ${token}`);
      const { stderr } = await proxy.stop();
      assert.equal(stderr, '');
    });
  }

  it('takes everything from variables', async (t) => {
    const env = {
      LISTEN: '127.0.0.1:0',
      SENTRY_URI: `${upstream.uri}/base`,
      SENTRY_TOKEN: TOKEN,
      ALIAS_TOKENS: `x; ${ALIAS} ;;`,
      ALLOWED_HOSTS: 'proxy.example',
      MAX_HEADER_SIZE: '1KiB',
      REPLAY_LIMIT: '64KiB',
      READ_HEADER_TIMEOUT: '500ms',
      READ_TIMEOUT: '1m',
      WRITE_TIMEOUT: '0',
    };
    const connections = upstream.play(answer(OK), '/base/');
    // No --listen: startProxy would add one.
    const proxy = await started(t, ['--listen', '127.0.0.1:0'], { env });
    const asAlias = `GET / HTTP/1.1\r\nHost: proxy.example\r\nAuthorization: Bearer ${ALIAS}\r\n`;
    assert.equal((await send(proxy, `${asAlias}\r\n`)).status, 200);
    assert.equal(fieldValue(connections[0]!.request!, 'Authorization'), `Bearer ${TOKEN}`);
    assert.equal((await send(proxy, `${asAlias}X: ${'y'.repeat(1024)}\r\n\r\n`)).status, 431);
    assert.equal((await send(proxy, asAlias)).status, 408);
  });
});

describe('bad settings', { concurrency: 2 }, () => {
  const good = { SENTRY_TOKEN: TOKEN };
  const WAYS_OUT = /--alias-token.* is set but empty.*unset it.*--allow-any-client \(ALLOW_ANY_CLIENT=true\)/;
  const cases: Record<string, readonly [args: string[], env: Record<string, string>, says: RegExp]> = {
    'an unknown flag': [[`--tokens=${SECRET}`], good, /--tokens/],
    'an argument that is not a flag': [[SECRET], good, /argument/i],
    'a command after a flag': [
      ['--token=x', 'check'],
      good,
      /argument 3 is not a flag; the command check has to come first/,
    ],
    'a command that is misspelt': [['chekc'], good, /did you mean the command check\?/],
    'a flag that is misspelt': [
      ['--alias-tokens=x'],
      good,
      /unknown flag --alias-tokens; did you mean --alias-token\?/,
    ],
    'a flag in place of a value': [
      ['--token', '--log-level=warn'],
      {},
      /--token \(SENTRY_TOKEN\) is given without a value/,
    ],
    'an empty --unmatched': [
      ['--unmatched=', `--alias-token=${ALIAS}`],
      good,
      /--unmatched \(UNMATCHED\) is not one of bypass, reject/,
    ],
    'another word for --unmatched': [
      ['--unmatched', 'Reject', `--alias-token=${ALIAS}`],
      good,
      /--unmatched \(UNMATCHED\) is not one of bypass, reject/,
    ],
    'no one to serve where nothing is bypassed': [
      ['--unmatched=reject', '--allow-any-client'],
      good,
      /--unmatched \(UNMATCHED\) is reject, but neither CLIENTS_FILE nor ALIAS_TOKENS is set/,
    ],
    'an empty flag of alias tokens': [['--alias-token', ''], good, WAYS_OUT],
    'an empty variable of alias tokens': [[], { ...good, ALIAS_TOKENS: '' }, WAYS_OUT],
    'an empty path of alias tokens': [['--alias-token-file', ''], good, WAYS_OUT],
    // Ignored, each of these would leave the proxy open.
    ...Object.fromEntries(
      [
        ['ALIAS_TOKEN', 'ALIAS_TOKENS'],
        ['ALIASES', 'ALIAS_TOKENS'],
        ['ALIAS_TOKEN_FILE', 'ALIAS_TOKENS_FILE'],
        ['ALIAS_TOKENS_FILES', 'ALIAS_TOKENS_FILE'],
        ['CLIENT', 'CLIENTS'],
        ['CLIENTS_JSON', 'CLIENTS'],
        ['CLIENT_FILE', 'CLIENTS_FILE'],
        ['CLIENTS_FILES', 'CLIENTS_FILE'],
        ['CLIENTSFILE', 'CLIENTS_FILE'],
        ['CLIENTS_PATH', 'CLIENTS_FILE'],
        ['ALLOWED_HOST', 'ALLOWED_HOSTS'],
        ['ALLOW_HOSTS', 'ALLOWED_HOSTS'],
        ['UNMATCHED_CLIENTS', 'UNMATCHED'],
      ].map(([variable, meant]) => [
        `the variable ${variable} in place of ${meant}`,
        [
          [],
          { ...good, [variable!]: SECRET },
          new RegExp(`: ${variable} is not a setting; did you mean ${meant}\\?$`, 'm'),
        ] as const,
      ]),
    ),
    ...Object.fromEntries(
      [
        ['allow-hosts', 'allowed-host'],
        ['client-file', 'clients-file'],
        ['clietns-file', 'clients-file'],
        ['lsiten', 'listen'],
        ['read-time', 'read-timeout'],
        ['allow-any-clients', 'allow-any-client'],
        ['verison', 'version'],
      ].map(([flag, meant]) => [
        `the flag --${flag} in place of --${meant}`,
        [[`--${flag}=x`], good, new RegExp(`unknown flag --${flag}; did you mean --${meant}\\?$`, 'm')] as const,
      ]),
    ),
    'a flag that is only part of --allow-any-client, without suggesting to open the proxy': [
      ['--allow-clients=x'],
      good,
      /unknown flag --allow-clients; --help lists the flags$/m,
    ],
    'a flag twice': [[`--token=${SECRET}`, `--token=${SECRET}2`], {}, /--token \(SENTRY_TOKEN\) is given twice/],
    'a switch twice': [['--reuse-port', '--reuse-port=false'], good, /--reuse-port \(REUSE_PORT\) is given twice/],
    'a switch with any other word': [
      ['--reuse-port', SECRET],
      good,
      /--reuse-port \(REUSE_PORT\) is neither true nor false$/m,
    ],
    'a socket of probes whose path is too long': [
      [`--admin-listen=unix:/tmp/${'é'.repeat(60)}`],
      good,
      /--admin-listen \(ADMIN_LISTEN\) names a socket by a path of 125 bytes; the system allows 10[37]$/m,
    ],
    'clients that are not JSON, without naming a file': [
      ['--clients={'],
      good,
      /--clients \(CLIENTS\) has line 1, which is not JSON$/m,
    ],
    'an empty path of clients': [
      ['--clients-file='],
      good,
      /--clients-file \(CLIENTS_FILE\) is set but empty; unset it, or set it to the path of a clients file$/m,
    ],
    'a base URI with a port that is none': [
      ['--sentry-uri=http://sentry.example:99999'],
      good,
      /--sentry-uri \(SENTRY_URI\) is not a valid URL$/m,
    ],
    'a variable of libpq that is not supported, without blaming the flag': [
      ['--pgx-conn=host=db'],
      { PGREQUIREPEER: SECRET },
      /^sentry-api-proxy: PGREQUIREPEER is not supported$/m,
    ],
    'a port in a variable of libpq, without a hint for URIs': [
      ['--pgx-conn=host=db'],
      { PGPORT: SECRET },
      /^sentry-api-proxy: PGPORT is not a number from 1 to 65535$/m,
    ],
    'a choice that is none': [['--log-level=loud'], good, /--log-level.*is not one of debug, info, warn, error/],
    'a flag without a value': [['--token'], {}, /--token/],
    'an address without a port': [['--listen', 'localhost'], good, /--listen/],
    'an address with a port that is none': [['--listen', '127.0.0.1:99999'], good, /--listen/],
    'an address with a word as port': [['--listen', ':http'], good, /--listen/],
    'an address with a path': [['--listen', 'http://127.0.0.1:8080/'], good, /--listen/],
    'a base URI of another scheme': [['--sentry-uri', 'ftp://sentry'], good, /--sentry-uri/],
    'a base URI without a scheme': [['--sentry-uri', 'sentry:9000'], good, /--sentry-uri/],
    'a base URI that is empty': [['--sentry-uri='], good, /--sentry-uri/],
    'a base URI with credentials': [['--sentry-uri', `http://u:${SECRET}@sentry`], good, /--sentry-uri/],
    'a base URI with a query': [['--sentry-uri', `http://sentry/?${SECRET}`], good, /--sentry-uri/],
    'a base URI with an empty query': [['--sentry-uri', 'http://sentry/?'], good, /--sentry-uri/],
    'a base URI with the port 0': [['--sentry-uri', 'http://sentry:0'], good, /--sentry-uri.*has the port 0/],
    'a base URI with a fragment': [['--sentry-uri', `http://sentry/#${SECRET}`], good, /--sentry-uri/],
    'a base URI with a line end': [['--sentry-uri', 'http://sentry/a\nb'], good, /--sentry-uri.*visible ASCII/],
    'a base URI beyond ASCII': [['--sentry-uri', 'http://sentry/\u010a'], good, /--sentry-uri.*visible ASCII/],
    'an empty token': [['--token='], {}, /--token/],
    'an empty token in a variable': [[], { SENTRY_TOKEN: '' }, /SENTRY_TOKEN/],
    'a token with a line break': [[], { SENTRY_TOKEN: `${TOKEN}\nX: y` }, /SENTRY_TOKEN/],
    'a token with a control byte': [[], { SENTRY_TOKEN: `${TOKEN}\x01` }, /SENTRY_TOKEN/],
    'a token with a blank': [[`--token=${TOKEN} x`], {}, /--token/],
    'a token that is not ASCII': [[`--token=${TOKEN}é`], {}, /--token/],
    // Fails closed: one was meant to be set.
    'alias tokens that are all empty': [['--alias-token', ' ; '], good, /--alias-token/],
    'an alias token with a control byte': [[`--alias-token=x;${ALIAS}\x7f`], good, /--alias-token/],
    'a connection string that does not end': [['--pgx-conn', `password='${SECRET}`], {}, /--pgx-conn/],
    'a connection string with an unknown key': [[], { PGX_CONN: `passwrod=${SECRET}` }, /PGX_CONN[^\n]*passwrod/],
    'a connection URI that is none': [['--pgx-conn', `postgres://u:${SECRET}@[::1`], {}, /--pgx-conn/],
    'a connection string with an unknown sslmode': [['--pgx-conn', 'sslmode=maybe'], {}, /sslmode/],
    'a time without a unit that is one': [['--read-timeout', '10 parsecs'], good, /--read-timeout/],
    'a negative time': [['--write-timeout=-1s'], good, /--write-timeout/],
    'an empty time': [['--read-header-timeout='], good, /--read-header-timeout/],
    'a size that is none': [['--replay-limit', '1XB'], good, /--replay-limit/],
    'a negative size': [['--max-header-size=-1'], good, /--max-header-size/],
    'a CA file that is not there': [['--sentry-ca', '/no/such/file.pem'], good, /--sentry-ca/],
    'a CA file that is none': [['--sentry-ca', '/dev/null'], good, /--sentry-ca/],
  };
  for (const [title, [args, env, says]] of Object.entries(cases)) {
    it(`refuses ${title}`, async () => {
      const ended = await runProxy(['--listen=127.0.0.1:0', ...args], { env });
      assert.match(ended.stderr, says);
      assert.equal(ended.stderr.trim().split('\n').length, 1, ended.stderr);
      isRefused(ended);
    });
  }

  it('refuses a socket whose path is too long', async () => {
    const ended = await runProxy([`--listen=unix:/tmp/${'x'.repeat(120)}`], { env: good });
    const says =
      /^sentry-api-proxy: --listen \(LISTEN\) names a socket by a path of 125 bytes; the system allows 10[37]$/m;
    assert.match(ended.stderr, says);
    isRefused(ended);
  });

  it('refuses one address for clients and for probes', async () => {
    const ended = await runProxy(['--listen=127.0.0.1:9100', '--admin-listen=127.0.0.1:9100'], { env: good });
    assert.equal(
      ended.stderr,
      'sentry-api-proxy: --admin-listen (ADMIN_LISTEN) and --listen (LISTEN) are the same address; set two\n',
    );
    isRefused(ended);
  });

  it('refuses a flag of a command that is misspelt', async () => {
    const ended = await runProxy(['check', '--prob'], { env: good });
    assert.equal(ended.code, 2);
    assert.equal(ended.stderr, 'sentry-api-proxy: unknown flag --prob; did you mean --probe?\n');
  });

  it('refuses a value of an option that takes none', async () => {
    for (const [args, option] of [
      [['check', '--probe=true'], 'check --probe'],
      [['token', '--json=1'], 'token --json'],
    ] as const) {
      const { code, stderr } = await runProxy(args, { env: good });
      assert.deepEqual([code, stderr], [2, `sentry-api-proxy: ${option} takes no value\n`]);
    }
  });

  const hints: Record<string, readonly [args: readonly string[], hint: string]> = {
    "another program's word": [['--port', '8080'], 'unknown flag --port; did you mean --listen?'],
    'the beginning of two flags': [['--log', 'json'], 'unknown flag --log; did you mean --log-format or --log-level?'],
    'the beginning of one': [['--max'], 'unknown flag --max; did you mean --max-header-size?'],
    'an underscore': [['--sentry_uri', 'http://x'], 'unknown flag --sentry_uri; did you mean --sentry-uri?'],
    'one dash': [['-help'], 'argument 1 is not a flag; did you mean --help?'],
    "another program's letter": [['-p', '8080'], 'argument 1 is not a flag; did you mean --listen?'],
  };
  for (const [title, [args, hint]] of Object.entries(hints)) {
    it(`says what may be meant, and does not complain of its value: ${title}`, async () => {
      const { code, stderr } = await runProxy(args);
      assert.deepEqual([code, stderr.split('\n')[0]], [2, `sentry-api-proxy: ${hint}`]);
      if (args[0]!.startsWith('--')) assert.equal(stderr, `sentry-api-proxy: ${hint}\n`);
    });
  }

  it('does not show the value of an unknown flag', async () => {
    const ended = await runProxy(['--no-such-flag', SECRET], { env: good });
    assert.match(ended.stderr, /--no-such-flag/);
    isRefused(ended);
  });

  it('names every problem at once', async () => {
    const args = ['--listen=nowhere', '--sentry-uri=ftp://x', '--token=', '--no-such-flag=1', '--read-timeout=soon'];
    const ended = await runProxy(args, { env: { REPLAY_LIMIT: 'much' }, dotEnv: 'ALIAS_TOKENS="a\x01b"' });
    const names = [
      '--listen',
      '--sentry-uri',
      '--token',
      '--no-such-flag',
      '--read-timeout',
      'REPLAY_LIMIT',
      'ALIAS_TOKENS',
    ];
    for (const name of names) assert.ok(ended.stderr.includes(name), `${name} in\n${ended.stderr}`);
    isRefused(ended);
  });
});

function isRefused({ code, stdout, stderr }: Awaited<ReturnType<typeof runProxy>>): void {
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.ok(!stderr.includes(SECRET), 'it shows a secret');
  assert.doesNotMatch(stderr, /^\s+at |node:internal|Error:/m, 'it shows a stack');
}

describe('start', { concurrency: 2 }, () => {
  const args = ['--token', TOKEN, '--sentry-uri', 'http://127.0.0.1:9'];

  it('says in one line that the port is in use', async (t) => {
    const taken = await Upstream.start();
    t.after(() => taken.stop());
    const { code, stdout, stderr } = await runProxy([...args, '--listen', taken.authority]);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, new RegExp(`^[^\n]*${taken.port}[^\n]*in use[^\n]*\n$`));
  });

  it('says in one line that it cannot listen on an address', async () => {
    const { code, stdout, stderr } = await runProxy([...args, '--listen', '203.0.113.1:0']);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /^[^\n]*203\.0\.113\.1[^\n]*\n$/);
  });

  for (const [title, more, warns] of [
    ['all addresses and no alias tokens', ['--listen', '0.0.0.0:0'], true],
    ['no address named and no alias tokens', ['--listen', ':0'], true],
    ['all addresses and alias tokens', ['--listen', '0.0.0.0:0', '--alias-token', ALIAS], false],
    ['loopback and no alias tokens', ['--listen', '127.0.0.1:0'], false],
    ['all addresses and any client allowed', ['--listen', '0.0.0.0:0', '--allow-any-client'], false],
    ['all addresses and empty alias tokens', ['--listen=:0', '--alias-token=', '--allow-any-client', 'true'], false],
  ] as const) {
    it(`${warns ? 'warns' : 'does not warn'} of an open port: ${title}`, async (t) => {
      const proxy = await started(t, [...args, ...more]);
      const { stdout } = await proxy.stop();
      const warnings = stdout.split('\n').filter((line) => line.includes('"level":"warn"'));
      assert.equal(warnings.length, warns ? 1 : 0);
      for (const warning of warnings) assert.match(warning, /token/);
    });
  }
});

describe('warnings at the start', { concurrency: 3 }, () => {
  const args = ['--token', TOKEN, '--sentry-uri', 'http://127.0.0.1:9'];
  const cases: Record<string, [args: string[], env: Record<string, string>, says: RegExp]> = {
    'an alias token that can be guessed': [
      [`--alias-token=${ALIAS};${'x'.repeat(15)}`],
      {},
      /^1 of 2 alias tokens is shorter than 16 characters and can be guessed$/,
    ],
    'a variable of sentry-cli': [[], { SENTRY_URL: SECRET }, /SENTRY_URL .*SENTRY_URI/],
    'a token of sentry-cli': [[], { SENTRY_AUTH_TOKEN: SECRET }, /SENTRY_AUTH_TOKEN .*SENTRY_TOKEN/],
    'a name for headers': [[], { UPSTREAM_HEADER: SECRET }, /UPSTREAM_HEADER .*UPSTREAM_HEADERS\?/],
    'a name for the token': [[], { SENTRY_TOKENS: SECRET }, /SENTRY_TOKENS .*SENTRY_TOKEN\?/],
    'a name for the token file': [[], { TOKEN_FILE: SECRET }, /TOKEN_FILE .*SENTRY_TOKEN_FILE\?/],
    'a store of limits without clients': [
      ['--limit-store', `redis://u:${SECRET}@127.0.0.1:9`],
      {},
      /--limit-store \(LIMIT_STORE\) has no effect without named clients/,
    ],
    'any client allowed together with alias tokens': [
      ['--allow-any-client', '--alias-token', ALIAS],
      {},
      /--allow-any-client \(ALLOW_ANY_CLIENT\) has no effect together with clients or alias tokens/,
    ],
    'a name for the address to listen on': [[], { LISTEN_ADDR: ':1' }, /LISTEN_ADDR .*LISTEN/],
  };
  for (const [title, [more, env, says]] of Object.entries(cases)) {
    it(`are given for ${title}`, async (t) => {
      const proxy = await started(t, [...args, ...more], { env });
      const line = await proxy.logged(({ event }) => event === 'setting');
      assert.equal(line.level, 'warn');
      assert.match(String(line.message), says);
      assert.ok(!proxy.output.includes(SECRET));
    });
  }
});

describe('a switch', { concurrency: 3 }, () => {
  for (const [given, shown] of [
    [['--reuse-port'], 'true'],
    [['--reuse-port', 'false'], 'false'],
    [['--reuse-port=false'], 'false'],
    [['--reuse-port', '--log-level=warn'], 'true'],
  ] as const) {
    it(`is taken from ${given.join(' ')}`, async () => {
      const { code, stdout } = await runProxy(['check', '--token=x', ...given]);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^✓ --reuse-port +${shown} +flag$`, 'm'));
    });
  }
});

describe('log', () => {
  let upstream: Upstream;
  let proxy: ListeningProxy;
  before(async () => {
    upstream = await Upstream.start();
    proxy = await startProxy(['--token', TOKEN, '--alias-token', ALIAS, '--sentry-uri', upstream.uri]);
  });
  after(async () => {
    await proxy.stop();
    await upstream.stop();
  });

  let requests = 0;
  /** Sends a request and returns its line. */
  const logged = async (line: string, fields: string[] = [], script: Script = answer(OK)) => {
    // Of one width, so that none begins like another.
    const path = `/${String(requests++).padStart(3, '0')}`;
    upstream.play(script, path);
    const [method, rest = ''] = line.split(' ');
    const head = [`${method} ${path}${rest} HTTP/1.1`, 'Host: proxy.example', ...fields];
    const reply = await send(proxy, `${head.join('\r\n')}\r\n\r\n`);
    const entry = await proxy.logged(({ event, path: p }) => event === 'request' && String(p).startsWith(path));
    return { reply, entry: { ...entry, path: String(entry.path).slice(path.length) } as Record<string, unknown> };
  };

  for (const [route, credentials] of [
    ['inject', ALIAS],
    ['bypass', `${SECRET}-of-a-client`],
  ] as const) {
    it(`has a line for each request: ${route}`, async () => {
      const { entry } = await logged('GET /api/0/', [`Authorization: Bearer ${credentials}`]);
      const { time, duration_ms, level, event, method, path, status, attempts, error } = entry;
      const told = { level, event, method, path, route: entry.route, status, attempts, error };
      const expected = { level: 'info', event: 'request', method: 'GET', path: '/api/0/', route, status: 200 };
      assert.deepEqual(told, { ...expected, attempts: 1, error: undefined });
      assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.ok(Math.abs(Date.parse(String(time)) - Date.now()) < 60_000);
      assert.ok(typeof duration_ms === 'number' && duration_ms >= 0 && duration_ms < 10_000);
    });
  }

  for (const [query, shown] of [
    [`?query=${SECRET}&cursor=${SECRET}:0`, '?query&cursor'],
    [`?a=${SECRET};b=${SECRET}`, '?a'],
    [`?a=${SECRET}=${SECRET}&&b=`, '?a&&b'],
    [`?${SECRET}&a=b`, '?-&a'],
    [`?=${SECRET}`, '?'],
    [`?a=b?c=${SECRET}`, '?a'],
  ] as const) {
    it(`shows the keys of a query and no values: ${query}`, async () => {
      assert.equal((await logged(`GET /x${query}`)).entry.path, `/x${shown}`);
    });
  }

  it('has a line for a request that is refused', async () => {
    const { reply, entry } = await logged('TRACE /x');
    assert.equal(reply.status, 405);
    assert.deepEqual([entry.method, entry.status, entry.attempts], ['TRACE', 405, 0]);
    assert.ok(entry.error);
  });

  it('has a line for a request that is not understood', async () => {
    assert.equal((await send(proxy, `nonsense ${SECRET}\r\n\r\n`)).status, 400);
    const entry = await proxy.logged(({ status }) => status === 400);
    assert.deepEqual([entry.event, entry.route, entry.attempts], ['request', 'none', 0]);
    assert.ok(entry.error);
  });

  it('names the error of an upstream that fails', async () => {
    const { entry } = await logged('GET /x', [], answer(''));
    assert.deepEqual([entry.status, entry.attempts], [502, 1]);
    assert.ok(entry.error);
  });

  it('names the error of a response that broke off', async () => {
    const { entry } = await logged('GET /x', [], answer('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx'));
    assert.equal(entry.status, 200);
    assert.ok(entry.error);
  });

  it('records a client that went away as 499', async () => {
    const connections = upstream.play(() => {}, '/leaving');
    const client = await RawClient.connect(proxy);
    await client.write(GET.replace('/api/0/projects/', '/leaving'));
    while (connections.length === 0) await sleep(5);
    client.leave();
    const entry = await proxy.logged(({ path }) => path === '/leaving');
    assert.equal(entry.status, 499);
    assert.ok(entry.error);
  });

  it('escapes what a client sends, so that a line stays a line', async () => {
    const { entry } = await logged('GET /"\\%0a{}');
    assert.equal(entry.path, '/"\\%0a{}');
  });

  it('has no value of a field, no token and nothing on standard error', async () => {
    const fields = [
      `Authorization: Bearer ${ALIAS}`,
      `Cookie: ${SECRET}`,
      `User-Agent: ${SECRET}`,
      `Referer: ${SECRET}`,
    ];
    const { reply } = await logged('GET /x', fields, answer(OK));
    assert.equal(reply.status, 200);
    assert.ok(!proxy.output.includes(SECRET));
    assert.equal(proxy.stderr, '');
  });
});

describe('stop', { concurrency: 2 }, () => {
  /** A proxy with a request in flight, which the upstream answers when it is told to. */
  const inFlight = async (t: TestContext, ...args: string[]) => {
    const upstream = await Upstream.start();
    t.after(() => upstream.stop());
    const connections = upstream.play(() => {});
    const proxy = await started(t, ['--token', TOKEN, '--sentry-uri', upstream.uri, ...args]);
    const client = await RawClient.connect(proxy);
    await client.write(GET);
    while (connections.length === 0) await sleep(5);
    const connection = connections[0] as Connection;
    return { proxy, client, connection };
  };

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`finishes what is in flight after ${signal}, and takes nothing new`, async (t) => {
      const { proxy, client, connection } = await inFlight(t);
      const idle = await RawClient.connect(proxy);
      proxy.kill(signal);
      await refused(proxy);
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nla');
      await client.until((received) => received.endsWith('la'));
      connection.send('te');
      const reply: Reply = await client.reply();
      assert.equal(reply.content.toString(), 'late');
      assert.ok(reply.complete);
      // A connection on which nothing was asked holds nothing up.
      assert.deepEqual(await endedWithin(proxy, 5000), { code: 0, signal: null });
      idle.leave();
    });
  }

  it('ends at once after SIGTERM when nothing is in flight', async (t) => {
    const proxy = await started(t, ['--token', TOKEN, '--sentry-uri', 'http://127.0.0.1:9']);
    proxy.kill('SIGTERM');
    assert.deepEqual(await endedWithin(proxy, 2000), { code: 0, signal: null });
  });

  it('waits for what is in flight no longer than the write timeout', async (t) => {
    const { proxy, client } = await inFlight(t, '--write-timeout', '1');
    proxy.kill('SIGTERM');
    assert.equal((await client.reply()).status, 504);
    assert.deepEqual(await endedWithin(proxy, 4000), { code: 0, signal: null });
  });

  it('ends at once after a second signal', async (t) => {
    const { proxy, client } = await inFlight(t);
    proxy.kill('SIGTERM');
    await refused(proxy);
    proxy.kill('SIGINT');
    const { code } = await endedWithin(proxy, 2000);
    assert.notEqual(code, 0);
    assert.ok(!(await client.reply()).complete);
  });

  async function refused(proxy: ListeningProxy): Promise<void> {
    for (let attempt = 0; attempt < 400; attempt++) {
      const socket = connect(proxy.port, proxy.host);
      const [error] = await Promise.race([once(socket, 'connect'), once(socket, 'error').catch((e) => [e])]).catch(
        (thrown) => [thrown],
      );
      socket.destroy();
      if (error) return;
      await sleep(10);
    }
    assert.fail('it still takes connections');
  }

  async function endedWithin(proxy: ListeningProxy, patience: number) {
    const ended = await Promise.race([proxy.ended, sleep(patience, undefined, { ref: false })]);
    if (ended === undefined) proxy.kill('SIGKILL');
    assert.ok(ended, 'it still runs');
    return { code: ended.code, signal: ended.signal };
  }
});
