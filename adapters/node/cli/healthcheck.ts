import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { addressText, type ListenAddress } from '../../http1/listen/listen-address.ts';
import type { Config } from '../config/config.ts';
import { HEALTHCHECK_REQUEST } from '../ops/healthcheck-request.ts';

/** Milliseconds. */
const TIMEOUT = 3000;

/**
 * Asks the proxy that runs with this configuration whether it answers, for containers that have no shell. With an admin
 * listener it asks /livez there; else it sends TRACE, which the proxy itself answers with 405 and never forwards.
 * @returns the exit code: 0 if it answers, else 1
 */
export async function healthcheck(config: Config): Promise<number> {
  const [address, request, expected] =
    config.adminListen === undefined
      ? [
          config.listen,
          `${HEALTHCHECK_REQUEST.method} ${HEALTHCHECK_REQUEST.target} HTTP/1.1`,
          HEALTHCHECK_REQUEST.status,
        ]
      : [config.adminListen, 'GET /livez HTTP/1.1', 200];
  const isTls = config.adminListen === undefined && config.tls !== undefined;
  const fault = await ask(address, isTls, `${request}\r\nHost: localhost\r\nConnection: close\r\n\r\n`).then(
    (answer) => (answer.startsWith(`HTTP/1.1 ${expected} `) ? undefined : 'the server that answers is not this proxy'),
    (error: NodeJS.ErrnoException) => FAULTS[error.code ?? ''] ?? `no answer (${error.code ?? 'unknown error'})`,
  );
  if (fault === undefined) return 0;
  process.stderr.write(`sentry-api-proxy: ${addressText(address)}: ${fault}\n`);
  return 1;
}

const FAULTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOENT: 'there is no such socket',
  ETIMEDOUT: `no answer within ${TIMEOUT / 1000} s`,
};

/** The whole answer. Rejects with an error that has a code. */
function ask(address: ListenAddress, isTls: boolean, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const to = 'path' in address ? { path: address.path } : { host: reachable(address.host), port: address.port };
    // The proxy on this machine is asked. Whether its certificate names "localhost" says nothing about its health.
    const socket: Socket = isTls ? connectTls({ ...to, rejectUnauthorized: false }) : connectTcp(to);
    let answer = '';
    socket.setTimeout(TIMEOUT, () => socket.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })));
    socket.on('data', (bytes) => {
      answer += bytes.toString('latin1');
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
    socket.write(request);
  });
}

/** If the proxy listens on all addresses, it listens on the loopback address of IPv4 too. */
const reachable = (host: string | undefined): string =>
  host === undefined || host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
