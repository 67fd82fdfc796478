import { once } from 'node:events';
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Postgres } from '../../demo/postgres.ts';
import { startChild } from './child-process.ts';
import { freePort } from './free-port.ts';
import { installedProgram } from './system-service.ts';

/** Where PgBouncer is, if it is installed. It is a package of the system's, not of npm's. */
export const pgBouncer: string | undefined = installedProgram('pgbouncer');

export interface PgBouncer {
  host: string;
  port: number;
  stop(): Promise<void>;
}

/** A PgBouncer before a PostgreSQL, as self-hosted Sentry has it (trust, transaction pooling), with one connection. */
export async function startPgBouncer(postgres: Postgres): Promise<PgBouncer> {
  if (pgBouncer === undefined) throw new Error('PgBouncer is not installed: apt-get install pgbouncer');
  const folder = await mkdtemp(join(tmpdir(), 'sentry-pgbouncer-'));
  const host = '127.0.0.1';
  const port = await freePort();
  const config = `[databases]
postgres = host=${postgres.socketDir} port=${postgres.port}
[pgbouncer]
listen_addr = ${host}
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${folder}/users
pool_mode = transaction
default_pool_size = 1
`;
  await writeFile(join(folder, 'users'), '"postgres" ""\n');
  await writeFile(join(folder, 'pgbouncer.ini'), config);
  const identity = await unprivileged();
  if (identity.uid !== undefined) await chown(folder, identity.uid, identity.gid!);

  const args = ['-q', join(folder, 'pgbouncer.ini')];
  const server = startChild(pgBouncer, args, { ...identity, stdio: ['ignore', 'ignore', 'pipe'] });
  const gone = once(server, 'close');
  let said = '';
  server.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const stop = async () => {
    server.kill('SIGTERM');
    await gone;
    await rm(folder, { recursive: true, force: true });
  };
  for (let attempt = 0; !(await isListening(host, port)); attempt++) {
    await sleep(50);
    if (attempt < 200) continue;
    await stop();
    throw new Error(`PgBouncer does not listen.\n${said}`);
  }
  return { host, port, stop };
}

async function unprivileged(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const [, uid, gid] = /^nobody:[^:]*:(\d+):(\d+):/m.exec(await readFile('/etc/passwd', 'utf8'))!;
  return { uid: Number(uid), gid: Number(gid) };
}

function isListening(host: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, host, () => resolve(true));
  socket.on('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}
