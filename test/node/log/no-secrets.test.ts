// In no case does the proxy write or answer a secret by itself: plain, in base64 or percent-encoded.
import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fieldValues } from '../../support/message.ts';
import { get } from '../../support/operator.ts';
import { ProxyProcess, runProxy, startProxy } from '../../support/proxy-process.ts';
import { type Address, RawClient, type Reply, send } from '../../support/raw-client.ts';
import { assertNoSecret, formsOf } from '../../support/secrets.ts';
import { answer, OK, response, type Script, Upstream } from '../../support/upstream.ts';

// With characters that URLs, JSON and shells write in other ways.
const TOKEN = 'sentry-token/+="%41\'<&>$x';
const ALIAS = 'alias+token/=%2F"&<tag>$y';
const OTHER = 'the-clients-own-token+/=!';
const COOKIE = 'sentrysid=the-clients-session';
const PASSWORD = "the password: p@ss/w%rd'?#";
const CONN = `postgres://sentry:${encodeURIComponent(PASSWORD)}@127.0.0.1:1/sentry?connect_timeout=1`;
const KEY = 'key-of-a-gateway/+="%41\'<&>; $z';
const UPSTREAM_HEADERS = `X-Gateway-Key: ${KEY}`;
const SECRETS = { TOKEN, ALIAS, OTHER, COOKIE, PASSWORD, CONN, KEY };

const message = (line: string, fields: readonly string[], body = '') =>
  `${[line, 'Host: proxy.example', ...fields].join('\r\n')}\r\n\r\n${body}`;
const AS_ALIAS = `Authorization: Bearer ${ALIAS}`;
const AS_SELF = `Authorization: Bearer ${OTHER}`;

describe('looking for secrets', () => {
  it('finds one in each of its forms, anywhere in a text', () => {
    for (const around of ['', 'a', 'ab', 'abc']) {
      for (const text of [
        `${around}${TOKEN}${around}`,
        Buffer.from(`${around}${TOKEN}${around}`).toString('base64'),
        Buffer.from(`${around}${TOKEN}${around}`).toString('base64url'),
        `${around}${encodeURIComponent(TOKEN)}`,
        JSON.stringify({ around, TOKEN }),
        Buffer.from(TOKEN).toString('hex').toUpperCase(),
      ]) {
        assert.throws(() => assertNoSecret(text, { TOKEN }), /TOKEN is shown/, text);
      }
    }
    assertNoSecret(`${TOKEN.slice(1)} ${TOKEN.slice(0, -1)}`, { TOKEN });
    assert.ok(formsOf(TOKEN).length > 6);
  });
});

const breaksOff: Script = async (connection) => {
  await connection.whole();
  connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello');
  await connection.reset();
};
const hangsUp: Script = async (connection) => {
  await connection.whole();
  await connection.reset();
};

/** Requests with secrets in every place that is not the proxy's to write down, and what the upstream does with them. */
const TRAFFIC: [bytes: string, script: Script][] = [
  [message('GET /a?x=1 HTTP/1.1', [AS_ALIAS]), answer(OK)],
  [message('GET /a HTTP/1.1', [AS_SELF, `Cookie: ${COOKIE}`]), answer(OK)],
  [message(`GET /a?token=${encodeURIComponent(ALIAS)}&b=${encodeURIComponent(OTHER)} HTTP/1.1`, [AS_SELF]), answer(OK)],
  [
    message('GET /a HTTP/1.1', [AS_ALIAS, `Cookie: ${COOKIE}`, `Referer: ${ALIAS}`, `User-Agent: ${OTHER}`]),
    answer(OK),
  ],
  [message('POST /a HTTP/1.1', [AS_ALIAS, `Content-Length: ${OTHER.length}`], OTHER), answer(OK)],
  [message('GET /a HTTP/1.1', [AS_ALIAS, AS_SELF]), answer(OK)],
  [message('GET /a HTTP/1.1', [`Authorization: Bearer ${ALIAS}, ${OTHER}`]), answer(OK)],
  [message('GET /a HTTP/1.1', [AS_ALIAS, `X-Bad\x01: ${ALIAS}`]), answer(OK)],
  [message('GET /a HTTP/1.1', [AS_ALIAS, `Expect: ${ALIAS}`]), answer(OK)],
  [message('GET /a HTTP/1.1', [AS_ALIAS, `Host: ${ALIAS}`]), answer(OK)],
  [message(`GET http://${OTHER}@x/ HTTP/1.1`, [AS_ALIAS]), answer(OK)],
  [message('GET /a HTTP/1.1', [AS_ALIAS, `X-Long: ${ALIAS.repeat(1000)}`]), answer(OK)],
  [message('TRACE /a HTTP/1.1', [AS_ALIAS, `X-A: ${ALIAS}`]), answer(OK)],
  [message(`${OTHER} /a HTTP/1.1`, [AS_ALIAS]), answer(OK)],
  [message('POST /a HTTP/1.1', [AS_ALIAS, 'Transfer-Encoding: chunked'], `${ALIAS}\r\n`), answer(OK)],
  [message('GET /a HTTP/1.1', [AS_ALIAS]), hangsUp],
  [message('GET /a HTTP/1.1', [AS_ALIAS]), breaksOff],
  [message('GET /a HTTP/1.1', [AS_ALIAS]), answer(`HTTP/1.1 ${TOKEN}\r\n\r\n`)],
  [message('GET /a HTTP/1.1', [AS_ALIAS]), answer(`HTTP/1.1 200 OK\r\n${TOKEN}\r\n\r\n`)],
  [message('GET /a HTTP/1.1', [AS_ALIAS]), answer(`HTTP/1.1 200 OK\r\nContent-Length: ${TOKEN}\r\n\r\n`)],
  [message('GET /a HTTP/1.1', [AS_ALIAS]), answer(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${TOKEN}\r\n`)],
  [message('GET /a HTTP/1.1', [AS_ALIAS]), answer(response('401 Unauthorized', ['WWW-Authenticate: xBasic']))],
  [message('GET /a HTTP/1.1', [AS_ALIAS]), () => {}],
];

describe('the proxy', { concurrency: 3 }, () => {
  for (const format of ['json', 'text']) {
    describe(`the ${format} log`, { concurrency: 1 }, () => {
      let upstream: Upstream;
      let proxy: ProxyProcess;
      let place: Address;
      let admin: Address;
      const said = async (pattern: RegExp): Promise<RegExpExecArray> => {
        const deadline = performance.now() + 20_000;
        for (;;) {
          const match = pattern.exec(proxy.output);
          if (match) return match;
          assert.ok(performance.now() < deadline, `never said: ${pattern}`);
          await sleep(20);
        }
      };
      const addressOf = async (event: string): Promise<Address> => {
        const [, host = '', port] = await said(new RegExp(`${event}\\b.*?http://(127\\.0\\.0\\.1):(\\d+)`));
        return { host, port: Number(port) };
      };
      const replies: Reply[] = [];
      before(async () => {
        upstream = await Upstream.start();
        const args = [
          `--sentry-uri=${upstream.uri}`,
          '--read-timeout=1',
          '--write-timeout=1',
          `--log-format=${format}`,
        ];
        const listeners = ['--listen=127.0.0.1:0', '--admin-listen=127.0.0.1:0'];
        const env = { SENTRY_TOKEN: TOKEN, ALIAS_TOKENS: ALIAS, PGX_CONN: CONN, UPSTREAM_HEADERS };
        proxy = await ProxyProcess.spawn([...args, ...listeners, '--log-level=debug'], { env });
        place = await addressOf('listening');
        admin = await addressOf('admin');
      });
      after(async () => {
        await proxy?.stop();
        await upstream?.stop();
      });

      it('and the answers to all kinds of traffic have none', async () => {
        for (const [bytes, script] of TRAFFIC) {
          upstream.play(script);
          replies.push(await send(place, bytes));
        }
        const leaving = await RawClient.connect(place, 'POST');
        await leaving.write(message('POST /a HTTP/1.1', [AS_ALIAS, 'Content-Length: 100'], ALIAS));
        leaving.reset();
        await upstream.stop();
        replies.push(await send(place, message('GET /gone HTTP/1.1', [AS_ALIAS])));
        const statuses = new Set(replies.map(({ status }) => status));
        for (const status of [200, 400, 401, 405, 417, 431, 502, 504]) assert.ok(statuses.has(status), `no ${status}`);

        await said(/\/gone/);
        for (const { bytes } of replies) assertNoSecret(bytes.toString('latin1'), SECRETS);
        assertNoSecret(proxy.output, SECRETS);
        for (const path of ['/metrics', '/readyz', '/livez', '/'])
          assertNoSecret((await get(admin, path)).text, SECRETS);
        assert.ok(replies.every((reply) => fieldValues(reply, 'Authorization').length === 0));
      });

      it('has none when the proxy is told to end', async () => {
        const { stdout, stderr, code } = await proxy.stop();
        assert.equal(code, 0);
        assertNoSecret(stdout + stderr, SECRETS);
      });
    });
  }

  describe('commands', { concurrency: 2 }, () => {
    const own = { SENTRY_TOKEN: TOKEN, ALIAS_TOKENS: ALIAS, PGX_CONN: CONN, UPSTREAM_HEADERS };
    const env = { ...own, SENTRY_URI: 'http://127.0.0.1:1' };
    const system = { ...env, SENTRY_TOKEN: 'system' };
    const commands: Record<string, [args: string[], env: Record<string, string>]> = {
      '--help': [['--help'], env],
      check: [['check'], env],
      'check of the system token': [['check'], system],
      'check --probe': [['check', '--probe'], env],
      'check --probe of the system token': [['check', '--probe'], system],
      healthcheck: [['healthcheck', '--listen=127.0.0.1:1'], env],
      'a token that no field can carry': [[], { ...env, SENTRY_TOKEN: `${TOKEN} x` }],
      'an alias that no field can carry': [[], { ...env, ALIAS_TOKENS: `${ALIAS}\x01` }],
      'a base URI with a password': [[], { ...env, SENTRY_URI: `http://u:${encodeURIComponent(PASSWORD)}@x` }],
      'a broken connection string': [[], { ...system, PGX_CONN: `password='${PASSWORD}` }],
      'a connection string that is a password': [[], { ...system, PGX_CONN: PASSWORD }],
      'an upstream header without a name': [[`--upstream-header=${KEY}`], env],
      'an upstream header of a name that is not to be set': [[`--upstream-header=Host: ${KEY}`], env],
      'an upstream header that no request can carry': [[`--upstream-header=X-Key: ${KEY}\x01`], env],
      'an upstream header twice': [[`--upstream-header=X-Key: a`, `--upstream-header=x-key: ${KEY}`], env],
      'a flag misspelt': [[`--tokn=${TOKEN}`], env],
      'an argument too many': [[TOKEN], env],
      'secrets where others belong': [[`--listen=${TOKEN}`, `--read-timeout=${ALIAS}`, `--replay-limit=${OTHER}`], env],
    };
    for (const [title, [args, variables]] of Object.entries(commands)) {
      it(`show none: ${title}`, async () => {
        const { stdout, stderr } = await runProxy(args, { env: { HOME: '/nonexistent', ...variables } });
        assert.notEqual(stdout + stderr, '');
        assertNoSecret(stdout + stderr, SECRETS);
      });
    }
  });

  describe('files', () => {
    it('show none of their content, whether well or badly formed, or changed', async (t) => {
      const folder = await mkdtemp(join(tmpdir(), 'sentry-api-proxy-secrets-'));
      t.after(() => rm(folder, { recursive: true, force: true }));
      const [token, aliases, headers] = ['token', 'aliases', 'headers'].map((name) => join(folder, name)) as [
        string,
        string,
        string,
      ];
      const put = async (path: string, text: string) => {
        await writeFile(`${path}.new`, text);
        await rename(`${path}.new`, path);
      };
      await put(token, `${TOKEN}\n`);
      await put(aliases, `# ${OTHER}\n${ALIAS}\n`);
      await put(headers, `# ${OTHER}\n${UPSTREAM_HEADERS}\n`);
      const files = { SENTRY_TOKEN_FILE: token, ALIAS_TOKENS_FILE: aliases, UPSTREAM_HEADERS_FILE: headers };
      const env = { ...files, SENTRY_URI: 'http://127.0.0.1:1' };
      const proxy = await startProxy(['--log-level=debug'], { env });
      const reloads = () => proxy.logLines().filter(({ event }) => event === 'reload').length;
      for (const [path, text] of [
        [token, `${OTHER} ${TOKEN}\n`],
        [token, `${OTHER}\n`],
        [aliases, `${ALIAS}\x01\n`],
        [aliases, `${ALIAS}\n${TOKEN}\n`],
        [headers, `${KEY}\n`],
        [headers, `X-Gateway-Key: ${KEY}2\n`],
      ] as const) {
        const before = reloads();
        await put(path, text);
        const deadline = performance.now() + 10_000;
        while (reloads() === before && performance.now() < deadline) await sleep(50);
        assert.ok(reloads() > before, 'the change was not noticed');
      }
      const { stdout, stderr } = await proxy.stop();
      assertNoSecret(stdout + stderr, SECRETS);
    });
  });
});
