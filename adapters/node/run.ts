import packageJson from '../../package.json' with { type: 'json' };
import { type LimitStore, LocalLimits } from '../../src/enforce/local-limits.ts';
import { makeUpstream } from '../../src/http/target-url.ts';
import { withUpstreamHeaders } from '../../src/http/upstream-headers.ts';
import { makeEnv } from '../../src/pipeline/make-env.ts';
import { singleToken } from '../../src/tokens/token-choice.ts';
import { makeTransport } from '../http1/client/transport.ts';
import type { Answer } from '../http1/server/answer.ts';
import { systemCapacity } from '../http1/server/capacity.ts';
import { listen, listenFault } from '../http1/server/listen.ts';
import type { ListenAddress } from '../http1/server/listen-address.ts';
import { InForce } from './clients/active-clients.ts';
import { changeFields } from './clients/client-changes.ts';
import { watchExpiring } from './clients/expiring-clients.ts';
import type { Config } from './config/config.ts';
import { problemText } from './config/problem-text.ts';
import type { FilesWatch, OnReload } from './config/reload.ts';
import { type Log, LogWriter } from './log/log.ts';
import { logDoubts } from './log/log-doubts.ts';
import { logKeys, logLookUp } from './log/log-request.ts';
import type { AdminOptions } from './ops/admin.ts';
import { makeReadiness, type Readiness } from './ops/readiness.ts';
import type { Watch } from './ops/telemetry.ts';
import { collectEvery, tuneV8 } from './ops/v8.ts';
import { makeProxyServer } from './proxy-server.ts';
import type { Signals } from './signals.ts';
import { ActiveTokens } from './token/active-tokens.ts';
import { namedTokenStates } from './token/named-token-state.ts';
import { TokenHealth } from './token/token-health.ts';
import { TokenHolder } from './token/token-holder.ts';
import { TokenRefusals } from './token/token-refusals.ts';
import { otherCredentials } from './token/tokens-problems.ts';

/** What surrounds the configuration of a running proxy. */
export interface ConfigSource {
  /** What is worth knowing about the configuration. */
  readonly warnings: readonly string[];
  /** Calls back with a configuration made of the new content of files that changed, and with what is wrong with them. */
  watch(onReload: OnReload): FilesWatch;
}

/**
 * Runs the proxy until a signal ends the process.
 * Exit codes: 0 after SIGTERM or SIGINT, 1 if it could not listen, 128 and the signal's number after a second one; SIGHUP has all files read again.
 */
export async function runProxy(config: Config, source: ConfigSource, signals: Signals): Promise<void> {
  tuneV8();
  const countRead = collectEvery();
  const writer = new LogWriter(config.logFormat, config.logLevel);
  const { log } = writer;
  // After an uncaught exception too: Node emits this event once it has written the exception to standard error.
  process.on('exit', () => writer.flushSync());

  const sentry = makeSentry(config, countRead);
  const token = new TokenHolder(config.token, log);
  const health = new TokenHealth({ url: `${sentry.uri}/api/0/`, send: sentry.send, token: () => token.current });
  token.onChange = () => health.reset();
  const capacity = systemCapacity();
  let isDraining = false;
  const readiness = makeReadiness(token, health, () => isDraining);
  const admin =
    config.adminListen &&
    (await startAdmin(config.adminListen, {
      capacity: capacity.admin,
      allowedHosts: config.adminAllowedHosts,
      token,
      readiness,
      log,
    }));
  if (admin !== undefined) {
    token.onRenewal = (renewal) => admin.watch.renewed(renewal);
    writer.onLoss = (lines) => admin.watch.metrics.linesLost(lines);
  }

  const local = new LocalLimits(() => performance.now());
  const limits = await limitStoreOf(config, local, log, admin?.watch);
  const inForce = await InForce.of(config, (fetched) => {
    logKeys(log, fetched);
    admin?.watch.metrics.identities.keysFetched(fetched);
  });
  admin?.watch.issuersAre(() => inForce.issuers);
  admin?.watch.metrics.clients.clientsAre(inForce.clients);

  const tokens =
    config.tokensText === undefined
      ? undefined
      : await ActiveTokens.of(config, otherCredentials(config, inForce.digests), token, log);
  const watched = admin === undefined ? sentry.transport : health.observe(sentry.transport);
  const observed = tokens === undefined ? watched : observeTokens(tokens, log, admin?.watch).observe(watched);
  const env = makeEnv<Answer>(config, {
    tokens: tokens ?? singleToken(token),
    fetch: observed,
    upstreamHeaders: sentry.headers,
    authenticator: inForce,
    limits,
    lookedUp(lookedUp) {
      logLookUp(log, lookedUp);
      admin?.watch.metrics.clients.lookedUp(lookedUp.result);
    },
    respond: (body, init) => ({ ...init, body }),
  });
  const server = makeProxyServer(config, env, { capacity: capacity.clients, countRead, writer, watch: admin?.watch });

  const files = source.watch(async ({ group, config: changed, problems, isAsked }) => {
    for (const problem of problems) log('error', 'reload', { error: problemText(problem) });
    if (changed === undefined) return;
    const taken = await inForce.take(changed, isAsked && group === 'clients');
    for (const problem of taken.problems) log('error', 'reload', { error: problemText(problem) });
    local.retain(inForce.names);
    admin?.watch.metrics.clients.clientsAre(inForce.clients);
    const others = otherCredentials(changed, inForce.digests);
    for (const problem of (await tokens?.take(changed, others)) ?? []) {
      log('error', 'reload', { error: problemText(problem) });
    }
    sentry.take(changed);
    token.reconfigure(changed.token);
    if (changed.tls !== undefined) server.setSecureContext(changed.tls);
    // The line would look like a success, if all that changed is a file that is bad.
    const isNews = taken.problems.length === 0 || taken.isChanged;
    const changes = changeFields(taken.changes);
    const areNamed = Object.values(changes).some((names) => names !== undefined);
    // After a signal another line reports the end of it all.
    if (isNews && (areNamed || !isAsked)) log('info', 'reload', { ...countsOf(inForce), ...changes });
  });

  const address = await listen(server.listener, config.listen, config.reusePort).catch((error: unknown) =>
    cannotListen(error, config.listen, 'listen'),
  );
  // One connection that can't be accepted (no descriptors are left, say) is no reason to end.
  server.listener.on('error', (error: NodeJS.ErrnoException) => log('error', 'accept', { error: error.code }));
  log('info', 'listening', {
    address: config.tls === undefined ? address : address.replace('http:', 'https:'),
    version: packageJson.version,
    sentry: sentry.uri,
    token: config.token.kind,
    ...countsOf(inForce),
  });
  if (admin !== undefined) log('info', 'admin', { address: admin.address });
  logDoubts(log, config, source.warnings, inForce.isOpen);
  watchExpiring(log, () => inForce.clients);
  token.start();
  // In the background: the proxy is ready without the keys of any issuer.
  setInterval(() => void inForce.refresh(), REFRESH_INTERVAL).unref();
  void inForce.refresh();

  signals.onReload(async () => {
    await files.readAgain();
    log('info', 'reload', { signal: 'SIGHUP', ...countsOf(inForce) });
  });
  signals.onStop(async (signal) => {
    isDraining = true;
    log('info', 'draining', { signal });
    await new Promise((resolve) => setTimeout(resolve, config.drainDelay));
    await server.drain();
    await limits.close?.();
    log('info', 'stopped', {});
    process.exit(0);
  });
}

/** Milliseconds between two looks at whether an issuer's keys are due. */
const REFRESH_INTERVAL = 1000;

type CountRead = (bytes: number) => void;

/** The way to Sentry, with what can change of it while the proxy runs. */
function makeSentry(config: Config, countRead: CountRead) {
  let { sentryTrust, upstreamHeaders } = config;
  const { origin, basePath } = makeUpstream(config.sentryUri);
  const transport = makeTransport({
    origin,
    get trust() {
      return sentryTrust;
    },
    countRead,
  });
  const headers = () => upstreamHeaders;
  return {
    uri: origin + basePath,
    transport,
    headers,
    send: withUpstreamHeaders(transport, headers),
    take(changed: Config): void {
      ({ sentryTrust, upstreamHeaders } = changed);
    },
  };
}

function cannotListen(error: unknown, address: ListenAddress, flag: string): never {
  process.stderr.write(`sentry-api-proxy: ${listenFault(error, address, flag)}\n`);
  process.exit(1);
}

const countsOf = ({ aliases, names }: InForce) => ({ alias_tokens: aliases, clients: names.size });

/** Watches what Sentry says to the tokens of the tokens file. */
function observeTokens(tokens: ActiveTokens, log: Log, watch: Watch | undefined): TokenRefusals {
  const refusals = new TokenRefusals((value) => tokens.nameOf(value));
  refusals.onChange = (name, isRefused) =>
    log(isRefused ? 'warn' : 'info', 'token', { token: name, state: isRefused ? 'refused' : 'accepted' });
  if (watch !== undefined) watch.metrics.namedTokens = () => namedTokenStates(tokens.list, refusals);
  return refusals;
}

/** The library that speaks to a shared store is loaded only where there is one. */
async function limitStoreOf(
  { limitStore }: Config,
  local: LocalLimits,
  log: Log,
  watch: Watch | undefined,
): Promise<LimitStore> {
  if (limitStore === undefined) return local;
  watch?.metrics.clients.limitStoreIs(false);
  const { SharedLimits } = await import('./limits/shared-limits.ts');
  return new SharedLimits(limitStore, local, (state) => {
    const isUp = state.state === 'up';
    log(isUp ? 'info' : 'warn', 'limit_store', state);
    watch?.metrics.clients.limitStoreIs(isUp);
  });
}

/** What the admin listener is made of. */
interface AdminParts extends AdminOptions {
  readonly token: TokenHolder;
  readonly readiness: Readiness;
  readonly log: Log;
}

/** Loaded only where there is an admin listener: the proxy itself starts without any of it. */
async function startAdmin(
  address: NonNullable<Config['adminListen']>,
  { capacity, allowedHosts, token, readiness, log }: AdminParts,
): Promise<{ watch: Watch; address: string }> {
  const [{ makeAdmin }, { Watch }] = await Promise.all([import('./ops/admin.ts'), import('./ops/telemetry.ts')]);
  const watch = new Watch(token, readiness);
  const { listener } = makeAdmin(watch, readiness, {
    capacity,
    // No page in a browser reaches a Unix socket.
    allowedHosts: 'path' in address ? undefined : allowedHosts,
  });
  const where = await listen(listener, address, false).catch((error: unknown) =>
    cannotListen(error, address, 'admin-listen'),
  );
  listener.on('error', (error: NodeJS.ErrnoException) => log('error', 'accept', { error: error.code }));
  return { watch, address: where };
}
