// A client for many requests: it costs little, and trusts that the proxy closes each connection.
import { connect } from 'node:net';
import type { Address } from './raw-client.ts';

export interface QuickReply {
  /** 0 if no response came. */
  status: number;
  head: string;
  content: string;
  /** Milliseconds from the begin of the connection to its end. */
  elapsed: number;
}

/** Sends the bytes and takes what comes until the connection ends; rejects only after that many milliseconds. */
export function quickly(to: Address, bytes: string | Buffer, patience = 30_000): Promise<QuickReply> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const socket = connect(to.port, to.host);
    const impatience = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end of the connection within ${patience} ms`));
    }, patience);
    let received = '';
    socket.setEncoding('latin1');
    socket.on('data', (text) => {
      received += text;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(impatience);
      const end = received.indexOf('\r\n\r\n');
      const head = received.slice(0, Math.max(0, end));
      const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? 0);
      resolve({ status, head, content: received.slice(end + 4), elapsed: performance.now() - started });
    });
    socket.write(bytes as string, 'latin1');
  });
}

/** Runs the work that many times, so many at once. */
export async function crowd(size: number, times: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < times) await work(next++);
  };
  await Promise.all(Array.from({ length: size }, worker));
}
