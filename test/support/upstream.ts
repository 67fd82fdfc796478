// An upstream that records what it is sent, byte for byte, and answers as a test scripts it.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Message, MessageReader } from './message.ts';
import type { Ending } from './raw-client.ts';
import { endsWithTestFile } from './test-file.ts';

export interface RecordedRequest extends Message {
  method: string;
  target: string;
  /** As Sentry behind uWSGI reads it: a chunked body is empty to it. */
  content: Buffer;
  /** The content that came, however it was framed. */
  received: Buffer;
}

/** What the upstream does with a connection, from its first byte on. */
export type Script = (connection: Connection) => void | Promise<void>;

/** One connection to the upstream, which should carry one request. */
export class Connection {
  readonly socket: Socket;
  readonly #reader = MessageReader.ofRequest();
  /** Settles when the other side ended the connection. */
  readonly ended: Promise<Ending>;
  ending: Ending = 'open';
  /** What went wrong in the script that served it. */
  failure: unknown;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#reader.push(chunk));
    this.ended = new Promise((resolve) => {
      const end = (ending: Ending) => {
        if (this.ending === 'open') this.ending = ending;
        resolve(this.ending);
        this.#reader.wake();
      };
      socket.on('end', () => end('fin'));
      socket.on('error', () => end('reset'));
      socket.on('close', () => end('fin'));
    });
  }

  /** Everything that came. */
  get bytes(): Buffer {
    return this.#reader.bytes;
  }

  /** The request line, once the header section is there. @throws {AssertionError} if that is malformed. */
  get requestLine(): string | undefined {
    return this.#reader.head?.startLine;
  }

  /** @throws {AssertionError} if the bytes are not a well-formed request; undefined while its head is not there. */
  get request(): RecordedRequest | undefined {
    const message = this.#reader.read();
    if (message === undefined) return undefined;
    const [method = '', target = ''] = message.startLine.split(' ');
    const { content: received, framing } = message;
    return { ...message, method, target, received, content: framing === 'chunked' ? Buffer.alloc(0) : received };
  }

  /** Resolves when the header section is there. */
  head(): Promise<void> {
    return this.#reader.until(() => this.#reader.head !== undefined || this.ending !== 'open');
  }

  /** Resolves when the whole request is there. */
  whole(): Promise<void> {
    return this.#reader.until(() => this.#reader.isWhole || this.ending !== 'open');
  }

  send(bytes: string | Buffer): void {
    if (this.socket.writable) this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  finish(): void {
    this.socket.end();
  }

  /** A RST, late enough that the other side has read what was sent before. */
  async reset(): Promise<void> {
    await sleep(50);
    if (!this.socket.destroyed) this.socket.resetAndDestroy();
  }
}

/** Sends these bytes when the whole request has come, and a FIN. */
export function answer(bytes: string | Buffer): Script {
  return async (connection) => {
    await connection.whole();
    connection.send(bytes);
    connection.finish();
  };
}

/** A complete response; Content-Length and Date are added. */
export function response(statusLine: string, fields: readonly string[] = [], content: string | Buffer = ''): Buffer {
  const body = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
  const date = 'Date: Sun, 06 Nov 1994 08:49:37 GMT';
  const lines = [`HTTP/1.1 ${statusLine}`, date, ...fields, `Content-Length: ${body.length}`];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

export const OK = response('200 OK', ['Content-Type: text/plain'], 'ok');

export class Upstream {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #forget: () => void;
  readonly #scripts = new Map<string, { script: Script; connections: Connection[] }>();

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => void this.#serve(socket));
    this.play(answer(OK));
    this.#forget = endsWithTestFile(() => this.#close());
  }

  /** Listens on 127.0.0.1 and answers 200 to everything, until another script is played. */
  static async start(port = 0): Promise<Upstream> {
    const server = createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new Upstream(server);
  }

  get uri(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The Host that a request to this upstream carries. */
  get authority(): string {
    return `127.0.0.1:${this.port}`;
  }

  /**
   * From now on connections are served by this script; only those whose request's target begins with `at`, if given.
   *
   * @returns the connections that this script served; it grows as they come.
   */
  play(script: Script, at = ''): Connection[] {
    // A connection that was left open would carry the next request of a proxy that keeps its own, and the old script on.
    if (at === '') for (const { socket } of this.#scripts.get('')?.connections ?? []) socket.end();
    const connections: Connection[] = [];
    this.#scripts.set(at, { script, connections });
    return connections;
  }

  /** Answers 200 to everything again. Connections that were left open end. */
  reset(): void {
    this.#scripts.clear();
    this.play(answer(OK));
    for (const socket of this.#sockets) socket.end();
  }

  async #serve(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    const connection = new Connection(socket);
    const { script, connections } = await this.#scriptFor(connection);
    connections.push(connection);
    try {
      await script(connection);
    } catch (error) {
      connection.failure = error;
      socket.destroy();
    }
  }

  async #scriptFor(connection: Connection): Promise<{ script: Script; connections: Connection[] }> {
    const byDefault = this.#scripts.get('')!;
    if (this.#scripts.size === 1) return byDefault;
    await connection.head();
    const target = connection.request?.target ?? '';
    const at = [...this.#scripts.keys()].find((start) => start !== '' && target.startsWith(start));
    return at === undefined ? byDefault : this.#scripts.get(at)!;
  }

  #close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.#forget();
    this.#close();
    await once(this.#server, 'close');
  }
}
