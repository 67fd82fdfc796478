// `npm run demo`: PostgreSQL, a stand-in for Sentry, and the proxy between clients and it, all on this machine.
// With `-- --once` it ends after the steps, with exit code 0 only if each of them really happened.
import { execFile } from 'node:child_process';
import { hash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify, styleText } from 'node:util';
import { startIssuer } from './issuer.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { type RunningProxy, startProxy } from './proxy.ts';
import { type RecordedRequest, rotateSystemToken, type Sentry, startSentry } from './sentry.ts';

const PREFERRED_PORT = 8080;
const UPLOAD_BYTES = 256 * 1024;
/** Sentry's own, which leads nowhere here. */
const PUBLIC_ADDRESS = 'https://sentry.invalid';
/** The program that the npm package @sentry/cli has. */
const SENTRY_CLI = createRequire(import.meta.url).resolve('@sentry/cli/bin/sentry-cli');

/** The requests of the agent in the last step, and their statuses. */
const AGENTS_REQUESTS = [
  { method: 'GET', path: '/api/0/projects/acme/checkout/issues/', status: 200 },
  { method: 'GET', path: '/api/0/organizations/acme/issues/', status: 200 },
  { method: 'GET', path: '/api/0/projects/acme/courier-app/issues/', status: 403 },
  { method: 'GET', path: '/api/0/organizations/acme-labs/issues/', status: 403 },
  { method: 'PUT', path: '/api/0/projects/acme/checkout/issues/', status: 403 },
  { method: 'GET', path: '/api/0/projects/acme/checkout/keys/', status: 403 },
];

interface Parts {
  database: Postgres;
  sentry: Sentry;
  proxy: RunningProxy;
  /** The system token in the database. */
  token: string;
  /** A token of the organization acme, which can do uploads and releases. */
  organizationToken: string;
}

const isOnce = readFlags().once;
const cleanups: (() => Promise<void>)[] = [];
let cleaning: Promise<void> | undefined;
/** When the examples were printed, as the proxy's log writes it. */
let upSince: string | undefined;
let isStopping = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, async () => {
    isStopping = true;
    await cleanUp();
    say(upSince ? '\nStopped.' : '\nInterrupted.');
    process.exit(upSince ? 0 : 1);
  });
}
// The reader of the output has gone, for example `head`.
process.stdout.once('error', () => process.exit(1));

try {
  say(bold('\nsentry-api-proxy, a demonstration on this machine alone\n'));
  const parts = await start();
  await requestWithoutToken(parts);
  await requestAfterRotation(parts);
  await uploadAfterRotation(parts);
  await secondPage(parts);
  await uploadWithSentryCli(parts);
  const agent = await agentWithinItsRights(parts);
  await releaseWithTheOrganizationsToken(parts);
  await jobWithoutASecret(parts);
  if (!isOnce) await stayUp(parts, agent);
} catch (error) {
  if (!isStopping) say(`  ${styleText('red', '✗', { stream: process.stdout })} ${(error as Error).message}\n`);
  process.exitCode = 1;
} finally {
  await cleanUp();
}

function readFlags(): { once: boolean } {
  try {
    return parseArgs({ options: { once: { type: 'boolean', default: false } } }).values;
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}

async function start(): Promise<Parts> {
  const postgres = await startPostgres();
  cleanups.push(postgres.stop);
  const token = await rotateSystemToken(postgres);
  part('PostgreSQL', `${postgres.host}:${postgres.port}`, "Sentry's table of options, with the system token in it");

  const organizationToken = `sntrys_${randomBytes(16).toString('hex')}`;
  const sentry = await startSentry({ database: postgres, organizationToken });
  cleanups.push(sentry.stop);
  part('Sentry', sentry.url, 'a stand-in that accepts this token, and one of the organization acme');

  const port = isOnce ? 0 : await preferredPort();
  const proxy = await proxyFor(sentry, postgres, ['--listen', `127.0.0.1:${port}`]);
  part('Proxy', proxy.url, 'started with --token system\n');

  // Sentry writes this into what it answers; a client that went there would leave the demonstration, and fail.
  sentry.urlPrefix = PUBLIC_ADDRESS;
  return { database: postgres, sentry, proxy, token, organizationToken };
}

/** A proxy that reads the system token, with these further flags. */
async function proxyFor(sentry: Sentry, postgres: Postgres, flags: string[]): Promise<RunningProxy> {
  const toSentry = ['--sentry-uri', sentry.url, '--token', 'system', '--pgx-conn', postgres.connectionString];
  const proxy = await startProxy([...toSentry, ...flags], (line) => {
    const isNew = upSince !== undefined && JSON.parse(line).time >= upSince;
    if (isNew && !isStopping) say(dim(line));
  });
  cleanups.push(proxy.stop);
  return proxy;
}

async function requestWithoutToken({ sentry, proxy, token }: Parts): Promise<void> {
  const path = '/api/0/organizations/';
  step(1, 'A request without any token', `GET ${path}`);

  const direct = await fetch(sentry.url + path);
  row('straight to Sentry', direct.status, (await direct.json()).detail);
  expect(direct.status === 401, 'Sentry should have refused a request without credentials.');

  const { response, received } = await through(proxy, sentry, path);
  await expectOk(response);
  const names = (await response.json()).map(({ name }: { name: string }) => name);
  row('through the proxy', response.status, names.join(', '));
  expect(names.length === 2, 'The proxy should have given the two organizations.');
  expect(
    received.length === 1 && received[0]!.bearer === token && received[0]!.status === 200,
    'Sentry should have received one request, with the system token.',
  );
  done('The proxy read the system token from PostgreSQL and put it on the request.');
}

async function requestAfterRotation(parts: Parts): Promise<void> {
  const path = '/api/0/projects/acme/checkout/issues/';
  step(2, 'The token is rotated in the database, then a request', `GET ${path}`);

  const { response, received, tokens } = await afterRotation(parts, path);
  await expectOk(response);
  const issues = await response.json();
  row('through the proxy', response.status, `${issues.length} of ${response.headers.get('x-hits')} issues`);
  expect(issues.length > 0, 'The proxy should have given the first page of issues.');
  expectHealed(received, tokens);
  done('Sentry refused the old token; the proxy read the new one and sent the request again.');
}

async function uploadAfterRotation(parts: Parts): Promise<void> {
  const path = '/api/0/organizations/acme/chunk-upload/';
  step(3, 'The token is rotated once more, then an upload', `POST ${path}, ${UPLOAD_BYTES / 1024} KiB`);

  const chunk = randomBytes(UPLOAD_BYTES);
  const sha1 = hash('sha1', chunk);
  const body = new FormData();
  body.append('file', new Blob([chunk]), sha1);
  const { response, received, tokens } = await afterRotation(parts, path, { method: 'POST', body });
  await expectOk(response);
  row('through the proxy', response.status, `SHA-1 ${sha1}`);
  expectHealed(received, tokens);
  expect(
    received.every(({ bodyBytes }) => bodyBytes > UPLOAD_BYTES),
    'Sentry should have received the whole body both times.',
  );
  const stored = parts.sentry.chunks.get(sha1);
  expect(stored?.equals(chunk) === true, 'Sentry should have stored the chunk as it was sent.');
  done('The proxy had kept the body and sent it again; Sentry has stored it, its SHA-1 is right.');
}

async function secondPage({ sentry, proxy }: Parts): Promise<void> {
  const path = '/api/0/projects/acme/checkout/issues/';
  step(4, 'The second page of a list, by the URL that Sentry gives', `GET ${path}`);

  const first = await through(proxy, sentry, path);
  await expectOk(first.response);
  const next = /<([^>]+)>; rel="next"; results="true"/.exec(first.response.headers.get('link') ?? '')?.[1] ?? '';
  row('through the proxy', first.response.status, `the next page is at ${next}`);
  expect(next.startsWith(`${proxy.url}/`), `The link should lead to the proxy, not to ${PUBLIC_ADDRESS}.`);

  const second = await through(proxy, sentry, next.slice(proxy.url.length));
  await expectOk(second.response);
  const issues = await second.response.json();
  row('', second.response.status, `${issues.length} more issues`);
  expect(issues.length === 25, 'The proxy should have given the second page of issues.');
  done(`Sentry had written ${PUBLIC_ADDRESS} into Link; the proxy put its own address there.`);
}

async function uploadWithSentryCli({ sentry, proxy }: Parts): Promise<void> {
  step(5, 'An upload with sentry-cli', 'sentry-cli debug-files upload crash.sym');

  const folder = await mkdtemp(join(tmpdir(), 'sentry-api-proxy-demo-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  const symbols = 'MODULE Linux x86_64 C0BCC3F19827FE653058404B2831D9E60 crash\nFUNC 1730 1a 0 main\n';
  await writeFile(join(folder, 'crash.sym'), symbols);
  const before = sentry.requests.length;
  const args = ['debug-files', 'upload', '--wait', '--org', 'acme', '--project', 'checkout', 'crash.sym'];
  const env = {
    ...{ PATH: process.env.PATH, HOME: folder, SENTRY_LOAD_DOTENV: '0' },
    // No alias tokens are set, so that any token does; this one has the form that sentry-cli wants.
    ...{ SENTRY_URL: proxy.url, SENTRY_AUTH_TOKEN: '0'.repeat(64) },
  };
  const { stdout } = await promisify(execFile)(process.execPath, [SENTRY_CLI, ...args], {
    cwd: folder,
    env,
    timeout: 30_000,
  });
  for (const [index, { method, target, status }] of sentry.requests.slice(before).entries()) {
    row(index === 0 ? 'what Sentry received' : '', status, `${method} ${target}`);
  }
  expect(/ OK /.test(stdout), `sentry-cli should have uploaded the file:\n${stdout}`);
  expect(sentry.chunks.has(hash('sha1', symbols)), 'Sentry should have stored the file.');
  done('sentry-cli sent the file where the proxy had told it to, and Sentry has stored it.');
}

interface Agent {
  proxy: RunningProxy;
  token: string;
}

async function agentWithinItsRights({ database, sentry, token }: Parts): Promise<Agent> {
  const own = randomBytes(32).toString('hex');
  const client = {
    name: 'triage-agent',
    token: `sha256:${hash('sha256', own)}`,
    scopes: ['event:read'],
    projects: ['acme/checkout', 'acme/storefront'],
  };
  const shown = JSON.stringify({ clients: [{ ...client, token: 'sha256:…' }] });
  step(6, 'An AI agent that may read the issues of two projects, and nothing else', `--clients '${shown}'`);

  const proxy = await proxyFor(sentry, database, [
    ...['--listen', '127.0.0.1:0', '--clients', JSON.stringify({ clients: [client] })],
  ]);
  const before = sentry.requests.length;
  for (const { method, path, status } of AGENTS_REQUESTS) {
    const headers = { Authorization: `Bearer ${own}` };
    const response = await fetch(proxy.url + path, { method, headers, signal: AbortSignal.timeout(20_000) });
    const answer = await response.json();
    row('through the proxy', response.status, `${method} ${path}`);
    const projects = response.ok ? projectsIn(answer) : [];
    say(dim(`${' '.repeat(31)}${response.ok ? `issues of ${projects.join(' and ')}` : answer.detail}`));
    expect(response.status === status, `The proxy should have answered ${method} ${path} with ${status}.`);
    const isWithinTwo = projects.every((slug) => client.projects.includes(`acme/${slug}`));
    expect(isWithinTwo, 'The agent should have seen issues of its two projects alone.');
  }
  const received = sentry.requests.slice(before);
  for (const [index, { method, target, status }] of received.entries()) {
    row(index === 0 ? 'what Sentry received' : '', status, `${method} ${target}`);
  }
  const isRead = ({ method, target, bearer }: RecordedRequest) =>
    method === 'GET' && bearer === token && !/courier-app|acme-labs|keys/.test(target);
  expect(
    received.length > 0 && received.every(isRead),
    'Sentry should have received nothing that the agent may not do.',
  );
  done('The proxy told the agent what it lacks, and narrowed a list of the whole organization to its two projects.');
  return { proxy, token: own };
}

async function releaseWithTheOrganizationsToken({ database, sentry, token, organizationToken }: Parts): Promise<void> {
  const entry = { name: 'acme-ci', token: organizationToken, orgs: ['acme'], scopes: ['org:ci'] };
  const shown = JSON.stringify({ tokens: [{ ...entry, token: 'sntrys_…' }] });
  step(
    7,
    "A release, which Sentry refuses to its system token: the same proxy has the organization's token",
    `--tokens '${shown}'`,
  );

  const proxy = await proxyFor(sentry, database, [
    ...['--listen', '127.0.0.1:0', '--tokens', JSON.stringify({ tokens: [entry] })],
  ]);
  const issues = await through(proxy, sentry, '/api/0/projects/acme/checkout/issues/');
  await expectOk(issues.response);
  row('a list of issues', issues.response.status, 'with the system token');
  expect(issues.received[0]?.bearer === token, 'The issues should have been read with the system token.');

  const path = '/api/0/organizations/acme/releases/';
  const body = JSON.stringify({ version: 'checkout@1.0.0', projects: ['checkout'] });
  const post = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body };
  const headers = { ...post.headers, Authorization: `Bearer ${token}` };
  const direct = await fetch(sentry.url + path, { ...post, headers });
  row('straight to Sentry', direct.status, 'with the system token');
  expect(direct.status === 404, 'Sentry should have refused the release to its system token.');
  const release = await through(proxy, sentry, path, post);
  row('through the proxy', release.response.status, "with the organization's token");
  expect(release.response.status === 201, 'Sentry should have made the release.');
  expect(release.received[0]?.bearer === organizationToken, "The release should have been made with acme's token.");
  done('The proxy sent each request with the least powerful token that would do.');
}

/** A job without a secret: its CI system's token identifies it. */
async function jobWithoutASecret({ database, sentry, token }: Parts): Promise<void> {
  const issuer = await startIssuer();
  cleanups.push(issuer.stop);
  const audience = 'sentry-proxy-of-the-demonstration';
  const identity = { issuer: 'ci', claims: { repository_id: '456789', ref: ['refs/heads/main', 'refs/tags/v*'] } };
  const client = { name: 'ci-checkout', identity, scopes: ['event:read'], projects: ['acme/checkout'] };
  const file = { issuers: { ci: { url: issuer.url, audience } }, clients: [client] };
  step(8, 'A CI job without a secret: its own token identifies it', `--clients '${JSON.stringify(file)}'`);

  const proxy = await proxyFor(sentry, database, [...['--listen', '127.0.0.1:0', '--clients', JSON.stringify(file)]]);
  const path = '/api/0/projects/acme/checkout/issues/';
  const main = { repository_id: '456789', ref: 'refs/heads/main' };
  const [header, payload = ''] = issuer.token(audience, main).split('.');
  const jobs: [string, string, number][] = [
    ['a job on main', issuer.token(audience, main), 200],
    ['a job on a branch', issuer.token(audience, { ...main, ref: 'refs/heads/experiment' }), 401],
    ['a fork', issuer.token(audience, { ...main, repository_id: '999999' }), 401],
    ['for another service', issuer.token('https://vault.example.com', main), 401],
    ['a forged token', `${header}.${payload}.${Buffer.alloc(64, 1).toString('base64url')}`, 401],
  ];
  for (const [who, jwt, status] of jobs) {
    const { response, received } = await through(proxy, sentry, path, { headers: { Authorization: `Bearer ${jwt}` } });
    const answer = await response.json();
    row(who, response.status, response.ok ? `${answer.length} issues` : answer.detail);
    expect(response.status === status, `The proxy should have answered ${who} with ${status}.`);
    const bearers = received.map(({ bearer }) => bearer).join();
    expect(
      bearers === (status === 200 ? token : ''),
      `Sentry should have received the request of ${who} only if the proxy let it in.`,
    );
  }
  done("The proxy verified each token with the issuer's public key. No secret is stored for the job.");
}

/** The slugs of the projects that a list of issues is about. */
function projectsIn(issues: { project: { slug: string } }[]): string[] {
  return [...new Set(issues.map(({ project }) => project.slug))];
}

/** A request through the proxy, and what of it Sentry received. */
async function through(proxy: RunningProxy, sentry: Sentry, path: string, init?: RequestInit) {
  const before = sentry.requests.length;
  const response = await fetch(proxy.url + path, { ...init, signal: AbortSignal.timeout(20_000) });
  return { response, received: sentry.requests.slice(before) };
}

async function afterRotation(parts: Parts, path: string, init?: RequestInit) {
  const old = parts.token;
  parts.token = await rotateSystemToken(parts.database);
  return { ...(await through(parts.proxy, parts.sentry, path, init)), tokens: { old, new: parts.token } };
}

/** Shows what Sentry received; @throws {Error} unless that is a 401 for the old token and one request with the new. */
function expectHealed(received: RecordedRequest[], tokens: { old: string; new: string }): void {
  for (const [index, { bearer, status }] of received.entries()) {
    const which = bearer === tokens.old ? 'the old token' : bearer === tokens.new ? 'the new token' : 'another token';
    row(index === 0 ? 'what Sentry received' : '', status, which);
  }
  const [first, second, ...more] = received;
  expect(first?.bearer === tokens.old && first.status === 401, 'Sentry should have refused the old token first.');
  expect(second?.bearer === tokens.new && second.status === 200, 'Sentry should have accepted the new token then.');
  expect(more.length === 0, 'Sentry should have received two requests.');
}

async function stayUp({ proxy, sentry }: Parts, agent: Agent): Promise<void> {
  say(`${bold('Try it')}, from another terminal; no token needed:

  curl ${proxy.url}/api/0/organizations/
  curl -i '${proxy.url}/api/0/projects/acme/checkout/issues/?per_page=1'
  npx sentry-cli --url ${proxy.url} --auth-token $(printf %064d 0) projects list --org acme

Rotate the token in the database, then try again:

  curl -X POST ${sentry.url}/_demo/rotate-system-token/

Be the agent, which may read the issues of checkout and storefront:

  curl -H 'Authorization: Bearer ${agent.token}' ${agent.proxy.url}/api/0/projects/acme/courier-app/issues/

Ctrl-C stops everything. What the proxy logs:
`);
  upSince = new Date().toISOString();
  await proxy.ended;
  throw new Error('The proxy ended by itself.');
}

/** The port of the examples if it is free, otherwise any. */
async function preferredPort(): Promise<number> {
  const probe = createServer();
  try {
    await once(probe.listen(PREFERRED_PORT, '127.0.0.1'), 'listening');
    return PREFERRED_PORT;
  } catch {
    return 0;
  } finally {
    probe.close();
  }
}

function cleanUp(): Promise<void> {
  cleaning ??= (async () => {
    for (const stop of cleanups.reverse()) await stop();
  })();
  return cleaning;
}

async function expectOk(response: Response): Promise<void> {
  if (!response.ok) throw new Error(`The proxy answered ${response.status}: ${(await response.text()).trim()}`);
}

function expect(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new Error(otherwise);
}

function part(name: string, where: string, what: string): void {
  say(`  ${name.padEnd(12)}${where.padEnd(24)}${what}`);
}

function step(number: number, title: string, request: string): void {
  say(`${bold(`${number}. ${title}`)}\n\n  ${request}`);
}

function row(name: string, status: number, what: string): void {
  const color = status < 400 ? 'green' : 'yellow';
  say(`    ${name.padEnd(22)}${styleText(color, String(status), { stream: process.stdout })}  ${what}`);
}

function done(what: string): void {
  say(`  ${styleText('green', '✓', { stream: process.stdout })} ${what}\n`);
}

function bold(text: string): string {
  return styleText('bold', text, { stream: process.stdout });
}

function dim(text: string): string {
  return styleText('dim', text, { stream: process.stdout });
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
