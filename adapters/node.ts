#!/usr/bin/env node
import { isIP } from 'node:net';
import packageJson from '../package.json' with { type: 'json' };
import { type Problem, SYSTEM } from '../src/config.ts';
import type { Env } from '../src/env.ts';
import { handle } from '../src/handle.ts';
import { AliasTokens } from '../src/routes.ts';
import { staticToken, type TokenSource } from '../src/token.ts';
import { makeUpstream } from '../src/upstream.ts';
import { gatherValues, helpText, parseCommandLine, problemText } from './node/cli.ts';
import { type Config, readConfig } from './node/config.ts';
import type { Answer, Finished } from './node/connection.ts';
import { descriptorLimit } from './node/descriptors.ts';
import { fingerprint } from './node/fingerprint.ts';
import { boundYoungGeneration } from './node/heap.ts';
import { type Log, LogWriter, loggedTarget } from './node/log.ts';
import type { MessageBody } from './node/message-body.ts';
import { makeServer } from './node/server.ts';
import { SystemToken } from './node/system-token.ts';
import { makeTransport } from './node/upstream.ts';

const BAD_CONFIGURATION = 2;

async function main(): Promise<void> {
  const problems: Problem[] = [];
  const commandLine = parseCommandLine(process.argv.slice(2), problems);
  if (commandLine.help) return void process.stdout.write(helpText());
  if (commandLine.version) return void process.stdout.write(`${packageJson.version}\n`);

  const { values, environment } = await gatherValues(commandLine.values, process.env, problems);
  const config = readConfig(values, environment, problems);
  if (problems.length > 0) {
    process.stderr.write(problemText(problems));
    process.exitCode = BAD_CONFIGURATION;
    return;
  }
  run(config);
}

function run(config: Config): void {
  boundYoungGeneration();
  const writer = new LogWriter();
  const { log } = writer;
  const token = tokenSource(config, log);
  const aliases = new AliasTokens(config.aliasTokens);
  const upstream = makeUpstream(config.sentryUri);
  const env: Env<Answer> = {
    upstream,
    token,
    aliases,
    allowedHosts: new Set(config.allowedHosts),
    replayLimit: config.replayLimit,
    fetch: makeTransport({ origin: upstream.origin, secureContext: config.secureContext }),
    respond: (body, init) => ({ ...init, body: body as MessageBody | string | null }),
  };
  const server = makeServer({
    limits: config.limits,
    maxDescriptors: descriptorLimit(),
    handle: (request, trace) => handle(request, env, trace),
    finished: (request) => logRequest(log, request),
  });

  const stop = (code: number): never => {
    writer.flushSync();
    process.exit(code);
  };
  const { listener } = server;
  listener.on('error', (error: NodeJS.ErrnoException) => {
    if (listener.listening) {
      log('error', 'listen', { error: error.code });
      return;
    }
    process.stderr.write(`sentry-api-proxy: ${listenFault(error, config)}\n`);
    stop(1);
  });
  listener.listen({ ...config.listen, backlog: 4096 }, () => {
    const address = listener.address() as { address: string; port: number };
    const host = isIP(address.address) === 6 ? `[${address.address}]` : address.address;
    log('info', 'listening', {
      address: `http://${host}:${address.port}`,
      version: packageJson.version,
      sentry: upstream.origin + upstream.basePath,
      token: config.token === SYSTEM ? SYSTEM : 'static',
      alias_tokens: aliases.size,
    });
    if (aliases.size === 0 && !isLoopback(config.listen.host)) {
      log('warn', 'open', {
        message: 'Everyone who can reach this port acts on Sentry with the token: no alias tokens are set.',
      });
    }
  });

  let isStopping = false;
  const drain = (signal: NodeJS.Signals): void => {
    if (isStopping) stop(128 + (signal === 'SIGINT' ? 2 : 15));
    isStopping = true;
    log('info', 'draining', { signal });
    void server.drain().then(() => {
      log('info', 'stopped', {});
      stop(0);
    });
  };
  process.on('SIGTERM', drain);
  process.on('SIGINT', drain);
}

function tokenSource(config: Config, log: Log): TokenSource {
  const { connInfo } = config;
  if (connInfo === undefined) return staticToken(config.token);
  const source = new SystemToken({
    async read() {
      const { readSystemToken } = await import('./node/read-system-token.ts');
      return readSystemToken(connInfo);
    },
    renewed({ cause, result, token, reason, isNews }) {
      if (!isNews) return;
      const state = token === undefined ? 'missing' : 'held';
      const tokenFingerprint = token === undefined ? undefined : fingerprint(token);
      log(result === 'failed' ? 'warn' : 'info', 'token', {
        state,
        cause,
        result,
        fingerprint: tokenFingerprint,
        reason,
      });
    },
  });
  source.start();
  return source;
}

function logRequest(log: Log, { method, target, status, duration, trace }: Finished): void {
  log('info', 'request', {
    method,
    path: loggedTarget(target),
    route: trace.route,
    status,
    attempts: trace.attempts,
    duration_ms: Math.round(duration * 10) / 10,
    error: trace.error,
    cause: trace.cause,
  });
}

function listenFault(error: NodeJS.ErrnoException, { listen }: Config): string {
  const where = `${listen.host ?? ''}:${listen.port}`;
  if (error.code === 'EADDRINUSE') return `cannot listen on ${where}: the port is in use; choose another with --listen`;
  if (error.code === 'EACCES') return `cannot listen on ${where}: this user may not; choose a port above 1023`;
  return `cannot listen on ${where}: ${error.code ?? 'unknown error'}; check --listen (LISTEN)`;
}

const isLoopback = (host: string | undefined): boolean =>
  host !== undefined && (host === 'localhost' || host === '::1' || /^127\./.test(host));

await main();
