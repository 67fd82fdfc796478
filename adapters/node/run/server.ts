import type { Env } from '../../../src/pipeline/env.ts';
import { handle } from '../../../src/pipeline/handle.ts';
import type { Capacity } from '../../http1/listen/capacity.ts';
import type { Answer } from '../../http1/server/answer.ts';
import { makeServer, type ProxyServer } from '../../http1/server/server.ts';
import type { Config } from '../config/config.ts';
import type { LogWriter } from '../log/log.ts';
import { logRequest } from '../log/log-request.ts';
import { turnedAwayReporter } from '../log/turned-away.ts';
import type { Telemetry } from '../ops/telemetry.ts';
import type { CountRead } from './sentry.ts';

/** The parts that bound, count and record the requests of a server. */
interface Surroundings {
  readonly capacity: Capacity;
  readonly countRead: CountRead;
  readonly writer: LogWriter;
  readonly telemetry: Telemetry | undefined;
}

/** The server for clients, before it listens. */
export function makeProxyServer(
  config: Config,
  env: Env<Answer>,
  { capacity, countRead, writer, telemetry }: Surroundings,
): ProxyServer {
  const { log } = writer;
  const isLogged = writer.writes('info');
  const reportTurnedAway = turnedAwayReporter(log);
  return makeServer({
    limits: {
      readHeader: config.readHeaderTimeout,
      read: config.readTimeout,
      write: config.writeTimeout,
      maxHead: config.maxHeaderSize,
    },
    tls: config.tls,
    capacity,
    countRead,
    turnedAway() {
      reportTurnedAway();
      telemetry?.metrics.turnedAway();
    },
    handle(request, trace) {
      telemetry?.started();
      return handle(request, env, trace);
    },
    finished(request) {
      request.trace.release?.();
      if (isLogged) logRequest(log, request);
      telemetry?.finished(request);
    },
  });
}
