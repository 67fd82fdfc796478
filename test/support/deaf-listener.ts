import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from './child-process.ts';
import { endsWithTestFile } from './test-file.ts';

export interface DeafListener {
  port: number;
  /** From now on it takes connections, and answers each request with 200. */
  wake(): void;
  stop(): void;
}

/**
 * An address at which nothing answers, not even with a refusal: a listener that is stopped, with its queue full, so
 * that the kernel drops what else comes (Linux). Undefined where that can't be had.
 */
export async function listenDeafly(host: string, port: number): Promise<DeafListener | undefined> {
  const code = `
    const server = require('node:net').createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok'));
    });
    server.listen({ host: '${host}', port: ${port}, backlog: 1 });
    server.on('listening', () => process.stdout.write(String(server.address().port)));
    server.on('error', () => process.exit(1));`;
  const child = startChild(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'ignore'] });
  const first = await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => undefined)]);
  if (first === undefined) return undefined;
  child.kill('SIGSTOP');
  const fillers: Socket[] = [];
  const wake = () => {
    for (const socket of fillers.splice(0)) socket.destroy();
    child.kill('SIGCONT');
  };
  const stop = () => {
    forget();
    child.kill('SIGKILL');
    for (const socket of fillers) socket.destroy();
  };
  const forget = endsWithTestFile(stop);
  const at = Number(first[0]);
  for (let i = 0; i < 16; i++) {
    const socket = connect(at, host).on('error', () => {});
    fillers.push(socket);
    const isQueued = await Promise.race([once(socket, 'connect').then(() => true), sleep(200, false)]);
    if (!isQueued) return { port: at, wake, stop };
  }
  stop();
  return undefined;
}
