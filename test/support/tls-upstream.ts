import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createServer as createTlsServer,
  type SecureContextOptions,
  type TlsOptions,
  type Server as TlsServer,
} from 'node:tls';
import { promisify } from 'node:util';
import { endsWithTestFile } from './test-file.ts';
import { answer, Connection, OK, type Script } from './upstream.ts';

const openssl = (args: string[]) => promisify(execFile)('openssl', args);

export interface Certificate {
  cert: string;
  key: string;
  /** The paths of both. */
  files: { cert: string; key: string };
}

export interface IssueOptions {
  /** In openssl's words: `DNS:localhost,IP:127.0.0.1`. */
  names?: string;
  isExpired?: boolean;
}

/** A certificate authority that lives as long as a test. */
export class TestAuthority {
  readonly #folder: string;
  #serial = 1;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async make(): Promise<TestAuthority> {
    const authority = new TestAuthority(await mkdtemp(join(tmpdir(), 'sentry-tls-')));
    const { cert, key } = authority.#files('ca');
    await openssl(['req', '-x509', ...NEW_KEY, '-days', '2', '-subj', '/CN=Test CA', '-keyout', key, '-out', cert]);
    return authority;
  }

  /** The path of its own certificate. */
  get cert(): string {
    return this.#files('ca').cert;
  }

  async issue({ names = 'DNS:localhost,IP:127.0.0.1', isExpired = false }: IssueOptions = {}): Promise<Certificate> {
    const serial = `${this.#serial++}`;
    const { cert, key } = this.#files(serial);
    const request = join(this.#folder, `${serial}.csr`);
    const subjects = ['-addext', `subjectAltName=${names}`];
    await openssl(['req', ...NEW_KEY, '-subj', '/CN=test', ...subjects, '-keyout', key, '-out', request]);
    const ca = this.#files('ca');
    const by = ['-CA', ca.cert, '-CAkey', ca.key, '-set_serial', serial, '-days', isExpired ? '-1' : '2'];
    await openssl(['x509', '-req', '-in', request, '-copy_extensions', 'copy', ...by, '-out', cert]);
    return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8'), files: { cert, key } };
  }

  #files(name: string): Certificate['files'] {
    return { cert: join(this.#folder, `${name}.crt`), key: join(this.#folder, `${name}.key`) };
  }

  remove(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** An upstream that speaks TLS on 127.0.0.1. */
export class TlsUpstream {
  readonly port: number;
  /** Serves every connection from now on. */
  script: Script = answer(OK);
  /** Every connection whose handshake succeeded. */
  connections: { connection: Connection; servername: string | false; isAuthorized: boolean; isResumed: boolean }[] = [];
  readonly #listener: Server;
  readonly #tls: TlsServer;
  /** By the other side's port. */
  readonly #sockets = new Map<number, Socket>();
  readonly #forget: () => void;

  private constructor(listener: Server, tls: TlsServer) {
    this.port = (listener.address() as AddressInfo).port;
    this.#listener = listener;
    this.#tls = tls;
    this.#forget = endsWithTestFile(() => this.#close());
    listener.on('connection', (socket) => {
      this.#sockets.set(socket.remotePort!, socket);
      tls.emit('connection', socket);
    });
    tls.on('tlsClientError', () => {});
    tls.on('secureConnection', (socket) => {
      const connection = new Connection(socket);
      this.connections.push({
        connection,
        servername: socket.servername ?? false,
        isAuthorized: socket.authorized,
        isResumed: socket.isSessionReused(),
      });
      Promise.resolve(this.script(connection)).catch(() => socket.destroy());
    });
  }

  static async start(options: TlsOptions): Promise<TlsUpstream> {
    const listener = createServer();
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return new TlsUpstream(listener, createTlsServer(options));
  }

  /** Another certificate, or other versions of TLS, for the connections to come. */
  use(options: SecureContextOptions): void {
    this.#tls.setSecureContext(options);
  }

  /** A reset of the TCP connection below. */
  reset(connection: Connection): void {
    this.#sockets.get(connection.socket.remotePort!)?.resetAndDestroy();
  }

  /** A FIN on the TCP connection below, without close_notify. */
  cut(connection: Connection): void {
    this.#sockets.get(connection.socket.remotePort!)?.destroy();
  }

  #close(): void {
    this.#listener.close();
    for (const socket of this.#sockets.values()) socket.destroy();
  }

  async stop(): Promise<void> {
    this.#forget();
    this.#close();
    await once(this.#listener, 'close');
  }
}
