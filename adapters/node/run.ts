import packageJson from '../../package.json' with { type: 'json' };
import type { LookedUp } from '../../src/ask-sentry.ts';
import { makeGate } from '../../src/gate.ts';
import { handle } from '../../src/handle.ts';
import { addressesOf } from '../../src/keep-inside.ts';
import { type LimitStore, LocalLimits } from '../../src/policy/quotas.ts';
import { makeBodyRules } from '../../src/replay-body.ts';
import { makeUpstream } from '../../src/target-url.ts';
import type { Env } from '../../src/types.ts';
import { withUpstreamHeaders } from '../../src/upstream-headers.ts';
import { makeTransport } from '../http1/client.ts';
import { InForce, placed } from './clients.ts';
import type { Config } from './config/config.ts';
import { isLocal } from './config/listen-address.ts';
import type { StoreState } from './limits/shared-limits.ts';
import { watchExpiring } from './ops/expiring-clients.ts';
import { type Log, LogWriter } from './ops/log.ts';
import { logLookUp, logRequest } from './ops/log-request.ts';
import { makeReadiness, type Readiness } from './ops/readiness.ts';
import { turnedAwayReporter } from './ops/turned-away.ts';
import { collectEvery, tuneV8 } from './ops/v8.ts';
import type { Watch } from './ops/watch.ts';
import type { Answer } from './server/answer.ts';
import { descriptorLimit } from './server/descriptors.ts';
import { listen, listenFault } from './server/listen.ts';
import { makeServer } from './server/server.ts';
import { TokenHealth } from './token/token-health.ts';
import { TokenHolder } from './token/token-holder.ts';

/** What surrounds the configuration of a running proxy. */
export interface ConfigSource {
  /** What is worth knowing about the configuration. */
  readonly warnings: readonly string[];
  /** Calls back with a configuration made of the new content of files that changed, and with what is wrong with them. */
  watch(changed: (config: Config | undefined, problems: readonly string[]) => void): void;
}

/**
 * Runs the proxy until a signal ends the process.
 * Exit codes: 0 after SIGTERM or SIGINT, 1 if it could not listen, 128 and the signal's number after a second one.
 */
export async function runProxy(config: Config, source: ConfigSource): Promise<void> {
  tuneV8();
  const countRead = collectEvery();
  const writer = new LogWriter(config.logFormat, config.logLevel);
  const { log } = writer;
  // After an uncaught exception too: Node emits this event once it has written the exception to standard error.
  process.on('exit', () => writer.flushSync());
  const token = new TokenHolder(config.token, log);
  let isDraining = false;
  const upstream = makeUpstream(config.sentryUri);
  let { sentryTrust, upstreamHeaders } = config;
  const transport = makeTransport({
    origin: upstream.origin,
    get trust() {
      return sentryTrust;
    },
    countRead,
  });
  const send = withUpstreamHeaders(transport, () => upstreamHeaders);
  const apiRoot = `${upstream.origin}${upstream.basePath}/api/0/`;
  const health = new TokenHealth({ url: apiRoot, send, token: () => token.current });
  token.onChange = () => health.reset();
  const readiness = makeReadiness(token, health, () => isDraining);
  const admin = config.adminListen && (await startAdmin(config.adminListen, token, readiness, log));
  if (admin !== undefined) {
    token.onRenewal = (renewal) => admin.watch.renewed(renewal);
    writer.onLoss = (lines) => admin.watch.metrics.linesLost(lines);
  }
  const lookedUp = (lookedUp: LookedUp) => {
    logLookUp(log, lookedUp);
    admin?.watch.metrics.clients.lookedUp(lookedUp.result);
  };
  const local = new LocalLimits(() => performance.now());
  if (config.limitStore !== undefined) admin?.watch.metrics.clients.limitStoreIs(false);
  const limits = await limitStoreOf(config, local, (state) => {
    log(state.state === 'up' ? 'info' : 'warn', 'limit_store', state);
    admin?.watch.metrics.clients.limitStoreIs(state.state === 'up');
  });
  const bodies = makeBodyRules(config);
  const gate = makeGate(limits, { ...bodies, upstream, token, fetch: send, lookedUp });
  const inForce = await InForce.of(config, gate);
  admin?.watch.metrics.clients.clientsAre(inForce.clients);
  const env: Env<Answer> = {
    upstream,
    token,
    get principals() {
      return inForce.principals;
    },
    allowedHosts: new Set(config.allowedHosts),
    bodies,
    fetch: admin === undefined ? send : health.observe(send),
    hasGateway: upstreamHeaders.length > 0,
    inside: addressesOf(upstream, config),
    respond: (body, init) => ({ ...init, body }),
  };

  const isLogged = writer.writes('info');
  const reportTurnedAway = turnedAwayReporter(log);
  const server = makeServer({
    limits: {
      readHeader: config.readHeaderTimeout,
      read: config.readTimeout,
      write: config.writeTimeout,
      maxHead: config.maxHeaderSize,
    },
    tls: config.tls,
    maxDescriptors: descriptorLimit(),
    countRead,
    turnedAway() {
      reportTurnedAway();
      admin?.watch.metrics.turnedAway();
    },
    handle(request, trace) {
      admin?.watch.started();
      return handle(request, env, trace);
    },
    finished(request) {
      request.trace.release?.();
      if (isLogged) logRequest(log, request);
      admin?.watch.finished(request);
    },
  });

  source.watch(async (changed, problems) => {
    for (const problem of problems) log('error', 'reload', { error: problem });
    if (changed === undefined) return;
    for (const problem of await inForce.take(changed)) {
      log('error', 'reload', { error: `--clients-file (CLIENTS_FILE) names a file that ${placed(problem)}` });
    }
    local.retain(inForce.principals.names);
    admin?.watch.metrics.clients.clientsAre(inForce.clients);
    ({ sentryTrust, upstreamHeaders } = changed);
    token.reconfigure(changed.token);
    if (changed.tls !== undefined) server.setSecureContext(changed.tls);
    log('info', 'reload', countsOf(inForce));
  });

  const stop = (code: number): never => {
    writer.flushSync();
    process.exit(code);
  };
  const address = await listen(server.listener, config.listen, config.reusePort).catch((error: unknown) => {
    process.stderr.write(`sentry-api-proxy: ${listenFault(error, config.listen, 'listen')}\n`);
    return stop(1);
  });
  // One connection that can't be accepted (no descriptors are left, say) is no reason to end.
  server.listener.on('error', (error: NodeJS.ErrnoException) => log('error', 'accept', { error: error.code }));
  log('info', 'listening', {
    address: config.tls === undefined ? address : address.replace('http:', 'https:'),
    version: packageJson.version,
    sentry: upstream.origin + upstream.basePath,
    token: config.token.kind,
    ...countsOf(inForce),
  });
  if (admin !== undefined) log('info', 'admin', { address: admin.address });
  if (inForce.principals.isOpen && !config.allowAnyClient && !isLocal(config.listen)) {
    log('warn', 'open', {
      message:
        'Everyone who can reach this port acts on Sentry with the token: neither clients nor alias tokens are set.',
    });
  }
  for (const warning of source.warnings) log('warn', 'setting', { message: warning });
  const doubts = config.token.kind === 'system' ? config.token.connInfo.warnings : [];
  for (const warning of doubts) log('warn', 'database', { message: warning });
  watchExpiring(log, () => inForce.clients);
  token.start();

  const drain = async (signal: NodeJS.Signals): Promise<void> => {
    if (isDraining) stop(128 + (signal === 'SIGINT' ? 2 : 15));
    isDraining = true;
    log('info', 'draining', { signal });
    await new Promise((resolve) => setTimeout(resolve, config.drainDelay));
    await server.drain();
    await limits.close?.();
    log('info', 'stopped', {});
    stop(0);
  };
  process.on('SIGTERM', drain);
  process.on('SIGINT', drain);
}

const countsOf = ({ principals }: InForce) => ({ alias_tokens: principals.aliases, clients: principals.names.size });

/** The library that speaks to a shared store is loaded only where there is one. */
async function limitStoreOf(
  { limitStore }: Config,
  local: LocalLimits,
  onState: (state: StoreState) => void,
): Promise<LimitStore> {
  if (limitStore === undefined) return local;
  const { SharedLimits } = await import('./limits/shared-limits.ts');
  return new SharedLimits(limitStore, local, onState);
}

/** Loaded only where there is an admin listener: the proxy itself starts without any of it. */
async function startAdmin(
  address: NonNullable<Config['adminListen']>,
  token: TokenHolder,
  readiness: Readiness,
  log: Log,
): Promise<{ watch: Watch; address: string }> {
  const [{ makeAdmin }, { Watch }] = await Promise.all([import('./ops/admin.ts'), import('./ops/watch.ts')]);
  const watch = new Watch(token, readiness);
  const { listener } = makeAdmin(watch, readiness);
  const where = await listen(listener, address, false).catch((error: unknown) => {
    process.stderr.write(`sentry-api-proxy: ${listenFault(error, address, 'admin-listen')}\n`);
    process.exit(1);
  });
  listener.on('error', (error: NodeJS.ErrnoException) => log('error', 'accept', { error: error.code }));
  return { watch, address: where };
}
