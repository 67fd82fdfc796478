import packageJson from '../../package.json' with { type: 'json' };
import { LocalLimits } from '../../src/enforce/local-limits.ts';
import { makeEnv } from '../../src/pipeline/make-env.ts';
import { singleToken } from '../../src/tokens/token-choice.ts';
import { systemCapacity } from '../http1/listen/capacity.ts';
import { listen } from '../http1/listen/listen.ts';
import type { Answer } from '../http1/server/answer.ts';
import { ActiveClients } from './clients/active-clients.ts';
import { watchExpiring } from './clients/expiring-clients.ts';
import type { Config } from './config/config.ts';
import type { FilePoller, OnReload } from './config/reload.ts';
import { LogWriter } from './log/log.ts';
import { logKeys, logLookup } from './log/log-request.ts';
import { makeReadiness } from './ops/readiness.ts';
import { collectEvery, tuneV8 } from './ops/v8.ts';
import { limitStoreOf } from './run/limits.ts';
import { cannotListen, startAdmin } from './run/listening.ts';
import { reloader } from './run/reload.ts';
import { makeSentry } from './run/sentry.ts';
import { makeProxyServer } from './run/server.ts';
import { countsOf, logDoubts } from './run/start-lines.ts';
import { observeTokens } from './run/tokens.ts';
import type { Signals } from './signals.ts';
import { ActiveTokens } from './token/active-tokens.ts';
import { TokenHealth } from './token/token-health.ts';
import { TokenHolder } from './token/token-holder.ts';
import { otherCredentials } from './token/tokens-problems.ts';

/** The surroundings of a running proxy's configuration. */
interface ConfigSource {
  /** Warnings about the configuration. */
  readonly warnings: readonly string[];
  /** Calls back with a configuration made of the new content of changed files, and with the problems of these files. */
  watch(onReload: OnReload): FilePoller;
}

/**
 * Runs the proxy until a signal ends the process.
 * Exit codes: 0 after SIGTERM or SIGINT, 1 if it could not listen, 128 and the signal's number after a second one. After
 * SIGHUP all files are read again.
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
  let isDraining = false;
  const readiness = makeReadiness(token, health, () => isDraining);
  const capacity = systemCapacity();
  const forAdmin = { capacity: capacity.admin, allowedHosts: config.adminAllowedHosts, token, readiness, log };
  const admin = config.adminListen && (await startAdmin(config.adminListen, forAdmin));
  if (admin !== undefined) {
    token.onRenewal = (renewal) => admin.telemetry.renewed(renewal);
    writer.onLoss = (lines) => admin.telemetry.metrics.linesLost(lines);
  }

  const local = new LocalLimits(() => performance.now());
  const limits = await limitStoreOf(config, local, log, admin?.telemetry);
  const activeClients = await ActiveClients.of(config, (fetched) => {
    logKeys(log, fetched);
    admin?.telemetry.metrics.identities.keysFetched(fetched);
  });
  admin?.telemetry.issuersAre(() => activeClients.issuers);
  admin?.telemetry.clientsAre(activeClients.clients);

  const tokens =
    config.tokensText === undefined
      ? undefined
      : await ActiveTokens.of(config, otherCredentials(config, activeClients.digests), token, log);
  const watched = admin === undefined ? sentry.transport : health.observe(sentry.transport);
  const observed = tokens === undefined ? watched : observeTokens(tokens, log, admin?.telemetry).observe(watched);
  const env = makeEnv<Answer>(config, {
    tokens: tokens ?? singleToken(token),
    fetch: observed,
    upstreamHeaders: sentry.headers,
    authenticator: activeClients,
    limits,
    lookedUp(lookedUp) {
      logLookup(log, lookedUp);
      admin?.telemetry.metrics.clients.lookedUp(lookedUp.result);
    },
    respond: (body, init) => ({ ...init, body }),
  });
  const server = makeProxyServer(config, env, {
    capacity: capacity.clients,
    countRead,
    writer,
    telemetry: admin?.telemetry,
  });

  const files = source.watch(
    reloader({ log, activeClients, local, tokens, sentry, token, server, telemetry: admin?.telemetry }),
  );

  const address = await listen(server.listener, config.listen, config.reusePort).catch((error: unknown) =>
    cannotListen(error, config.listen, 'listen'),
  );
  // A connection that can't be accepted (no descriptors are left, for example) does not end the program.
  server.listener.on('error', (error: NodeJS.ErrnoException) => log('error', 'accept', { error: error.code }));
  log('info', 'listening', {
    address: config.tls === undefined ? address : address.replace('http:', 'https:'),
    version: packageJson.version,
    sentry: sentry.uri,
    token: config.token.kind,
    ...countsOf(activeClients),
  });
  if (admin !== undefined) log('info', 'admin', { address: admin.address });
  logDoubts(log, config, source.warnings, activeClients.isOpen);
  watchExpiring(log, () => activeClients.clients);
  token.start();
  // In the background: the proxy is ready without the keys of any issuer.
  setInterval(() => void activeClients.refresh(), REFRESH_INTERVAL).unref();
  void activeClients.refresh();

  signals.onReload(async () => {
    await files.readAgain();
    log('info', 'reload', { signal: 'SIGHUP', ...countsOf(activeClients) });
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
