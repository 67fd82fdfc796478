import { connect } from 'node:net';
import { freePort } from './free-port.ts';
import { installedProgram, removeFolder, serviceFolder, startService } from './system-service.ts';

/** Where Redis is, if it is installed. It is a package of the system's, not of npm's. */
export const redisServer: string | undefined = installedProgram('redis-server');

export interface Redis {
  host: string;
  port: number;
  /** As a client is given it. */
  url: string;
  stop(): Promise<void>;
}

/**
 * A Redis on a free port of 127.0.0.1 that keeps nothing on disk.
 *
 * @param port to listen on, for a test that stops one and starts it again.
 */
export async function startRedis(port?: number): Promise<Redis> {
  if (redisServer === undefined) throw new Error('Redis is not installed: apt-get install redis-server');
  const host = '127.0.0.1';
  const listening = port ?? (await freePort());
  const folder = await serviceFolder('redis');
  const options = ['--bind', host, '--port', String(listening), '--dir', folder, '--save', '', '--appendonly', 'no'];
  const remove = () => removeFolder(folder);
  try {
    const service = await startService([redisServer, ...options], () => answersPing(host, listening));
    return {
      host,
      port: listening,
      url: `redis://${host}:${listening}`,
      stop: () => service.stop().finally(remove),
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Sends commands, each in Redis' inline form, and waits for the replies: `+OK`, or a number like `:3`. */
export async function tell({ host, port }: Redis, ...commands: string[]): Promise<readonly string[]> {
  const socket = connect(port, host, () => socket.write(commands.map((command) => `${command}\r\n`).join('')));
  let answers = '';
  for await (const bytes of socket) {
    answers += bytes;
    const lines = answers.split('\r\n').slice(0, -1);
    if (lines.some((line) => !/^(\+OK|:\d+)$/.test(line))) throw new Error(`Redis answered ${lines.join(', ')}`);
    if (lines.length === commands.length) return lines;
  }
  throw new Error('Redis closed the connection');
}

/** Sends a command in Redis' inline form. @returns the line that it is answered with */
export async function reply({ host, port }: Redis, command: string): Promise<string> {
  const socket = connect(port, host, () => socket.write(`${command}\r\n`));
  let answer = '';
  for await (const bytes of socket) {
    answer += bytes;
    if (answer.includes('\r\n')) break;
  }
  return answer.split('\r\n', 1)[0]!;
}

function answersPing(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => socket.write('PING\r\n'));
    socket.setTimeout(1000, () => socket.destroy());
    socket.on('data', (answer) => {
      resolve(answer.toString().startsWith('+PONG'));
      socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(false));
  });
}
