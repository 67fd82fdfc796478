// Requests and responses that are nearly right, made from a seed and sent in pieces through a real proxy; what comes out
// on its other side is held against what any of them may lead to.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Random, randomOf } from './http1-mutations.ts';
import { fieldValues, type Message, MessageReader } from './message.ts';
import { type ListeningProxy, startProxy } from './proxy-process.ts';
import type { Ending } from './raw-client.ts';
import { assertNoSecret } from './secrets.ts';

export const SECRET = 'the-token-that-nobody-may-see';
const ALIAS = 'the-alias-of-the-fuzzer';

/** Seconds; the proxy's deadlines, short so that what hangs does not hang for long. */
const DEADLINES = { 'read-header-timeout': 1, 'read-timeout': 2, 'write-timeout': 3 };
/** Milliseconds after which a connection that has not ended never will. */
const PATIENCE = 12_000;
/** How often an honest exchange is tried: on a machine that is busy the deadlines above are soon met. */
const ATTEMPTS = 4;

/** Bytes. */
const REPLAY_LIMIT = 64 * 1024;

type Framing = 'none' | 'length' | 'chunked' | 'close';
type End = 'fin' | 'reset' | 'open';

interface Sent {
  bytes: Buffer;
  pieces: Buffer[];
  content: Buffer;
  isMutated: boolean;
  isCut: boolean;
  end: End;
}

interface RequestPlan extends Sent {
  method: string;
  /** As an honest client would; null where it is not to be served. */
  credentials: 'alias' | 'self' | 'none';
  isHonest: boolean;
}

interface ResponsePlan extends Sent {
  /** Before the whole request is there. */
  isEarly: boolean;
  framing: Framing;
}

interface Case {
  seed: number;
  request: RequestPlan;
  response: ResponsePlan;
  connections: UpstreamConnection[];
}

interface UpstreamConnection {
  chunks: Buffer[];
}

const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)]!;
const chance = (random: Random, percent: number): boolean => random(100) < percent;
/** Of such a form that no mutation makes it another one's. */
const idOf = (seed: number): string => createHash('sha256').update(String(seed)).digest('hex').slice(0, 16);
const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

// ---- Making messages ----

function contentOf(random: Random): Buffer {
  const size = pick(random, [0, 1, 5, 300, 4096, 65_536, 70_000, 200_000]) + random(40);
  const content = Buffer.alloc(size);
  for (let i = 0; i < size; i++) content[i] = random(256);
  return content;
}

function chunked(content: Buffer, random: Random): Buffer {
  const parts: Buffer[] = [];
  const largest = pick(random, [1 + Math.ceil(content.length / 50), 4096, 65_536]);
  for (let at = 0; at < content.length; ) {
    const chunk = content.subarray(at, at + 1 + random(largest));
    const size = chunk.length.toString(16);
    parts.push(Buffer.from(`${chance(random, 50) ? size : size.toUpperCase()}\r\n`), chunk, Buffer.from('\r\n'));
    at += chunk.length;
  }
  const trailers = chance(random, 10) ? 'X-Trailer: a\r\nAuthorization: Bearer b\r\n' : '';
  return Buffer.concat([...parts, Buffer.from(`0\r\n${trailers}\r\n`)]);
}

const REQUEST_FIELDS = [
  ...['Accept: application/json', 'Accept: */*', 'Connection: close', 'Connection: keep-alive, X-Named', 'X-Named: a'],
  ...['Connection: Authorization', 'TE: trailers', 'Upgrade: h2c', 'Cookie: a=b', 'X-Forwarded-For: 1.2.3.4'],
  ...['X_Forwarded_For: 1.2.3.4', '__proto__: x', 'Origin: null', 'X-Empty:', 'X-High: \xe4\xff', 'Content_Length: 3'],
  ...[
    'Trailer: X',
    'Keep-Alive: timeout=5',
    'Proxy-Authorization: Bearer c',
    'Range: bytes=0-1',
    `X-Long: ${'y'.repeat(3000)}`,
  ],
];
const RESPONSE_FIELDS = [
  ...['Content-Type: application/json', 'Set-Cookie: a=b', 'Set-Cookie: c=d', 'WWW-Authenticate: xBasic', 'X-Empty:'],
  ...['Connection: close', 'Connection: keep-alive', 'Connection: X-Named', 'X-Named: a', 'Keep-Alive: timeout=5'],
  ...['Location: http://127.0.0.1:1/', 'Content-Encoding: gzip', 'X-High: \xe4\xff', 'Upgrade: h2', 'ETag: "a"'],
];
const ODD = [
  '\r\n',
  '\r',
  '\n',
  '\0',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  'chunked',
  '0',
  '9',
  'F',
  '\xff',
  '\x0b',
  '\r\n\r\n',
  'Content-Length: 3\r\n',
];

function someFields(random: Random, list: readonly string[]): string[] {
  return Array.from({ length: random(6) }, () => pick(random, list));
}

/** Changes a few bytes, near the begin or near an end of line rather than deep in a body. */
function mutate(bytes: Buffer, headLength: number, random: Random): Buffer {
  let mutated: Buffer = bytes;
  for (let left = 1 + random(3); left > 0; left--) {
    const isInHead = chance(random, 70);
    const at = random(Math.min(mutated.length, isInHead ? headLength : mutated.length) + 1);
    const [before, behind] = [mutated.subarray(0, at), mutated.subarray(at)];
    const odd = Buffer.from(pick(random, ODD), 'latin1');
    mutated = pick(random, [
      () => Buffer.concat([before, odd, behind]),
      () => Buffer.concat([before, odd, behind.subarray(odd.length)]),
      () => Buffer.concat([before, behind.subarray(1 + random(4))]),
      () => Buffer.concat([before, Buffer.from([random(256)]), behind.subarray(1)]),
      () => Buffer.concat([before, behind.subarray(0, random(30)), behind]),
    ])();
  }
  return mutated;
}

function piecesOf(bytes: Buffer, random: Random): Buffer[] {
  const cuts = Array.from({ length: random(2) * random(25) }, () => random(bytes.length + 1));
  if (chance(random, 10)) for (let at = 1; at < Math.min(bytes.length, 200); at++) cuts.push(at);
  const pieces: Buffer[] = [];
  let from = 0;
  for (const cut of [...cuts.sort((a, b) => a - b), bytes.length]) {
    if (cut > from) pieces.push(bytes.subarray(from, cut));
    from = Math.max(from, cut);
  }
  return pieces;
}

/** What is sent in the end of a message that was made well. */
function spoilt(head: string, body: Buffer, content: Buffer, random: Random, mutations: number): Sent {
  let bytes: Buffer = Buffer.concat([Buffer.from(head, 'latin1'), body]);
  const isMutated = chance(random, mutations);
  if (isMutated) bytes = mutate(bytes, head.length, random);
  const isCut = chance(random, 12);
  if (isCut) bytes = bytes.subarray(0, random(bytes.length));
  return { bytes, pieces: piecesOf(bytes, random), content, isMutated, isCut, end: 'open' };
}

function requestOf(seed: number, random: Random, decoy: string): RequestPlan {
  const method = pick(random, ['GET', 'GET', 'HEAD', 'POST', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
  const credentials = pick(random, ['alias', 'alias', 'alias', 'self', 'none'] as const);
  const isOld = chance(random, 8);
  const framing: Framing =
    ['GET', 'HEAD'].includes(method) && !chance(random, 10)
      ? 'none'
      : pick(random, ['none', 'length', 'length', isOld ? 'length' : 'chunked']);
  const content = framing === 'none' ? Buffer.alloc(0) : contentOf(random);
  const [host, prefix] = chance(random, 90)
    ? ['proxy.example', '']
    : pick(random, [
        [decoy, ''],
        ['proxy.example', 'http://proxy.example'],
        ['proxy.example', `http://${decoy}`],
        [decoy, `http://${decoy}`],
        ['proxy.example', `//${decoy}`],
      ] as const);
  const isElsewhere = prefix === `http://${decoy}` && host !== decoy;
  const fields = [
    `Host: ${host}`,
    ...(credentials === 'none' ? [] : [`Authorization: Bearer ${credentials === 'alias' ? ALIAS : 'of-a-client'}`]),
    ...someFields(random, REQUEST_FIELDS),
    ...(framing === 'length' ? [`Content-Length: ${content.length}`] : []),
    ...(framing === 'chunked' ? ['Transfer-Encoding: chunked'] : []),
    ...(chance(random, 10) ? ['Expect: 100-continue'] : []),
  ];
  const target = `${prefix}/fuzz/${idOf(seed)}/${pick(random, ['', '?a=b', '%2e%2e/x', '../y', ';z'])}`;
  const head = `${method} ${target} HTTP/1.${isOld ? 0 : 1}\r\n${fields.join('\r\n')}\r\n\r\n`;
  const body = framing === 'chunked' ? chunked(content, random) : content;
  const sent = spoilt(head, body, content, random, 35);
  if (!sent.isCut && chance(random, 10)) {
    // Another request after this one must never be read as one.
    const hidden = Buffer.from(`GET /fuzz/hidden/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ALIAS}\r\n\r\n`);
    sent.bytes = Buffer.concat([sent.bytes, hidden]);
    sent.pieces.push(hidden);
  }
  const end = sent.isCut ? pick(random, ['fin', 'reset', 'reset', 'open'] as const) : 'open';
  // Without a length such a body is answered with 413.
  const isTooLarge = framing === 'chunked' && credentials === 'alias' && content.length > REPLAY_LIMIT;
  const isHonest = !sent.isMutated && !sent.isCut && !isElsewhere && !isTooLarge;
  return { ...sent, end, method, credentials, isHonest };
}

function responseOf(random: Random): ResponsePlan {
  const status = pick(random, [
    '200 OK',
    '200 OK',
    '200 OK',
    '201 Created',
    '204 No Content',
    '302 Found',
    '304 Not Modified',
    '401 Unauthorized',
    '404 Not Found',
    '500 Oops',
    '200',
  ]);
  const isOld = chance(random, 8);
  const isBodiless = /^(204|304)/.test(status);
  const framing: Framing = isBodiless
    ? 'none'
    : pick(random, ['length', 'length', isOld ? 'length' : 'chunked', 'close']);
  const content = framing === 'none' ? Buffer.alloc(0) : contentOf(random);
  const fields = [
    ...someFields(random, RESPONSE_FIELDS),
    ...(framing === 'length' ? [`Content-Length: ${content.length}`] : []),
    ...(framing === 'chunked' ? ['Transfer-Encoding: chunked'] : []),
  ];
  const interim = chance(random, 10)
    ? pick(random, ['HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'])
    : '';
  const head = `${interim}HTTP/1.${isOld ? 0 : 1} ${status}\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;
  const body = framing === 'chunked' ? chunked(content, random) : content;
  const sent = spoilt(head, body, content, random, 30);
  const end = pick(
    random,
    framing === 'close' || sent.isCut || sent.isMutated
      ? (['fin', 'fin', 'fin', 'reset'] as const)
      : (['fin', 'fin', 'open', 'reset'] as const),
  );
  return { ...sent, end: chance(random, 2) ? 'open' : end, framing, isEarly: chance(random, 15) };
}

// ---- Playing them ----

async function sendPieces(socket: Socket, pieces: readonly Buffer[], random: Random): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed || !socket.writable) return;
    if (!socket.write(piece)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {});
    if (pieces.length > 1)
      await (chance(random, 3) ? sleep(random(20)) : new Promise((resolve) => setImmediate(resolve)));
  }
}

function finish(socket: Socket, end: End): void {
  if (end === 'fin') socket.end();
  else if (end === 'reset') setTimeout(() => socket.destroyed || socket.resetAndDestroy(), 30).unref();
}

async function listen(serve: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {}).setNoDelay(true);
    serve(socket);
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 });
  await once(server, 'listening');
  return server;
}

const addressOf = (server: Server): string => `127.0.0.1:${(server.address() as AddressInfo).port}`;

interface Received {
  bytes: Buffer;
  ending: Ending;
}

/** What a reader that is strict makes of some bytes; undefined where it finds them malformed. */
function readStrictly(reader: MessageReader, bytes: Buffer): Message | undefined {
  try {
    reader.push(bytes);
    return reader.read();
  } catch {
    return undefined;
  }
}

const interimLength = (text: string): number => /^(?:HTTP\/1\.1 1\d\d [\s\S]*?\r\n\r\n)*/.exec(text)![0].length;

function readResponse(bytes: Buffer, method: string): Message | undefined {
  // The reader is made for what the proxy says, which is HTTP/1.1 always.
  const begin = bytes.toString('latin1', 0, 1000);
  const interim = interimLength(begin);
  const isOld = begin.startsWith('HTTP/1.0 ', interim);
  const parts = [bytes.subarray(0, interim), Buffer.from('HTTP/1.1 '), bytes.subarray(interim + 9)];
  const read = isOld ? Buffer.concat(parts) : bytes;
  return readStrictly(MessageReader.ofResponse(method), read);
}
function readRequest(bytes: Buffer): Message | undefined {
  // RFC 9112 section 2.2: an empty line before the request line is ignored.
  const isAfterEmptyLine = bytes.toString('latin1', 0, 2) === '\r\n';
  return readStrictly(MessageReader.ofRequest(), isAfterEmptyLine ? bytes.subarray(2) : bytes);
}

/** A broken promise, with the seed that shows it. */
export class Finding extends Error {
  readonly seed: number;
  /** The bytes sent and received, shortened, for repeating the seed. */
  exchange = '';

  constructor(seed: number, message: string) {
    super(message);
    this.seed = seed;
  }
}

export interface Tally {
  cases: number;
  /** Responses of the upstream that came through whole. */
  relayed: number;
  /** Responses of the proxy's own. */
  refused: number;
  /** Responses that visibly broke off, and connections that ended without one. */
  broken: number;
  /** Honest exchanges that only went well when tried again: the machine was busy. */
  late: number;
}

export class Fuzzer {
  readonly tally: Tally = { cases: 0, relayed: 0, refused: 0, broken: 0, late: 0 };
  readonly proxy: ListeningProxy;
  readonly #upstream: Server;
  readonly #decoy: Server;
  readonly #cases: Map<string, Case>;
  readonly #strays: UpstreamConnection[];
  readonly #decoyVisits: () => number;

  private constructor(parts: {
    proxy: ListeningProxy;
    upstream: Server;
    decoy: Server;
    cases: Map<string, Case>;
    strays: UpstreamConnection[];
    decoyVisits: () => number;
  }) {
    this.proxy = parts.proxy;
    this.#upstream = parts.upstream;
    this.#decoy = parts.decoy;
    this.#cases = parts.cases;
    this.#strays = parts.strays;
    this.#decoyVisits = parts.decoyVisits;
  }

  static async start(env: Record<string, string> = {}): Promise<Fuzzer> {
    const cases = new Map<string, Case>();
    const strays: UpstreamConnection[] = [];
    let visits = 0;
    const decoy = await listen((socket) => {
      visits++;
      socket.destroy();
    });
    const upstream = await listen((socket) => serve(socket, cases, strays));
    const proxy = await startProxy(
      [
        `--sentry-uri=http://${addressOf(upstream)}`,
        `--token=${SECRET}`,
        `--alias-token=${ALIAS}`,
        `--replay-limit=${REPLAY_LIMIT}`,
        ...Object.entries(DEADLINES).map(([flag, seconds]) => `--${flag}=${seconds}`),
      ],
      { env },
    );
    return new Fuzzer({ proxy, upstream, decoy, cases, strays, decoyVisits: () => visits });
  }

  async stop(): Promise<void> {
    const { stdout, stderr } = await this.proxy.stop();
    for (const server of [this.#upstream, this.#decoy]) server.close();
    assertNoSecret(stdout + stderr, { SECRET });
    assert.equal(stderr.replace(/^(?:timers|heap) \d+\n/gm, ''), '');
  }

  /** Plays the case of the seed. @throws {Finding} */
  async play(seed: number): Promise<void> {
    this.tally.cases++;
    for (let attempt = 1; ; attempt++) {
      const unserved = await this.#playOnce(seed);
      if (unserved === undefined) return;
      if (attempt === ATTEMPTS) {
        throw Object.assign(new Finding(seed, 'an honest exchange did not go through'), { exchange: unserved });
      }
      this.tally.late++;
      await sleep(1000 * attempt);
    }
  }

  /** @returns the exchange, where it had to go well and did not */
  async #playOnce(seed: number): Promise<string | undefined> {
    const random = randomOf(seed);
    const request = requestOf(seed, random, addressOf(this.#decoy));
    const response = responseOf(random);
    const one: Case = { seed, request, response, connections: [] };
    this.#cases.set(idOf(seed), one);
    const received = await this.#exchange(one, random);
    // What must not reach the upstream has had time to.
    if (one.connections.length > 0) await sleep(5);
    this.#cases.delete(idOf(seed));
    try {
      this.#checkUpstream(one);
      return this.#checkClient(one, received) ? undefined : describeExchange(one, received);
    } catch (error) {
      const finding = error instanceof Finding ? error : new Finding(seed, (error as Error).message);
      finding.exchange = describeExchange(one, received);
      throw finding;
    }
  }

  #exchange({ seed, request }: Case, random: Random): Promise<Received> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let ending: Ending = 'open';
      const socket = connect({ port: this.proxy.port, host: this.proxy.host, allowHalfOpen: true });
      const impatience = setTimeout(() => {
        socket.destroy();
        reject(new Finding(seed, 'the connection does not end'));
      }, PATIENCE);
      socket.setNoDelay(true);
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      socket.on('end', () => {
        ending = 'fin';
        socket.end();
      });
      socket.on('error', () => {
        if (ending === 'open') ending = 'reset';
      });
      socket.on('close', () => {
        clearTimeout(impatience);
        resolve({ bytes: Buffer.concat(chunks), ending });
      });
      void sendPieces(socket, request.pieces, random).then(() => finish(socket, request.end));
    });
  }

  #checkUpstream({ seed, request, connections }: Case): void {
    const fail = (message: string) => {
      throw new Finding(seed, message);
    };
    if (this.proxy.child.exitCode !== null) fail(`the proxy ended:\n${this.proxy.output.slice(-2000)}`);
    if (this.#decoyVisits() > 0) fail('another server was asked');
    if (connections.length > 1) fail(`${connections.length} connections to the upstream`);
    const isAliasSent = request.bytes.includes(ALIAS);
    for (const stray of this.#strays) {
      const bytes = Buffer.concat(stray.chunks).toString('latin1');
      if (bytes.includes('/fuzz/hidden/')) fail('a request after another one was served');
    }
    for (const { chunks } of connections) {
      const bytes = Buffer.concat(chunks);
      const text = bytes.toString('latin1');
      const sent = readRequest(bytes);
      if (sent === undefined) throw new Finding(seed, 'the upstream got a malformed request');
      if (sent.rest.length > 0) fail('bytes after the request went upstream');
      if (sent.trailers.length > 0) fail('trailers went upstream');
      if (!/^\S+ \/\S* HTTP\/1\.1$/.test(sent.startLine)) fail(`the request line ${JSON.stringify(sent.startLine)}`);
      const credentials = fieldValues(sent, 'Authorization');
      const head = text.slice(0, text.indexOf('\r\n\r\n'));
      const isInjected = head.includes(SECRET);
      if (isInjected && !isAliasSent) fail('the token was injected for a client that sent no alias');
      if (isInjected && (credentials.length !== 1 || credentials[0] !== `Bearer ${SECRET}`))
        fail('the token is misplaced');
      if (credentials.includes(`Bearer ${ALIAS}`)) fail('the alias went upstream');
      const isHonestAlias = request.isHonest && request.credentials === 'alias';
      if (isHonestAlias && !isInjected) fail('the token was not injected');
      if (sent.complete) this.#checkBody(seed, request, sent);
    }
  }

  #checkBody(seed: number, request: RequestPlan, sent: Message): void {
    const asked = readRequest(request.bytes);
    if (asked !== undefined && !asked.complete) throw new Finding(seed, 'a body that was cut off looks whole');
    const expected = asked === undefined ? request.content : asked.content;
    if (digest(sent.content) !== digest(expected)) throw new Finding(seed, 'another body went upstream');
  }

  /** @returns whether an exchange that had to go well did */
  #checkClient({ seed, request, response, connections }: Case, { bytes, ending }: Received): boolean {
    const fail = (message: string): never => {
      throw new Finding(seed, message);
    };
    if (bytes.includes(SECRET)) fail('the token reached the client');
    const isExpected =
      request.isHonest &&
      !response.isMutated &&
      !response.isCut &&
      response.end !== 'reset' &&
      !(response.framing === 'close' && response.end === 'open');
    if (bytes.length === 0) {
      this.tally.broken++;
      return !isExpected;
    }
    const method = /^(?:\r\n)?([^ ]+) /.exec(request.bytes.toString('latin1', 0, 100))?.[1] ?? 'GET';
    const got = readResponse(bytes, method);
    if (got === undefined) {
      // Cut off in the head, or malformed.
      const text = bytes.toString('latin1');
      if (text.includes('\r\n\r\n', interimLength(text))) fail('a malformed response');
      this.tally.broken++;
      return !isExpected;
    }
    if (got.rest.length > 0) fail('bytes after the response');
    const isComplete = got.complete && (got.framing !== 'close' || ending === 'fin');
    const isOwn = fieldValues(got, 'Proxy-Status').some((value) => value.startsWith('sentry-api-proxy'));
    if (isOwn) {
      this.tally.refused++;
      return !isExpected;
    }
    if (connections.length === 0) {
      // To a request that was changed beyond recognition.
      const isStray = request.isMutated && (method === 'HEAD' || 'stray'.startsWith(got.content.toString()));
      if (!isStray) fail('a response without a sender');
      return true;
    }
    if (!isComplete) {
      this.tally.broken++;
      return !isExpected;
    }
    this.tally.relayed++;
    const given = readResponse(response.bytes, method);
    const isGivenWhole =
      given === undefined ? !response.isCut : given.complete && (given.framing !== 'close' || response.end === 'fin');
    if (!isGivenWhole) fail('a response that was cut off looks whole');
    const expected = given === undefined ? (method === 'HEAD' ? Buffer.alloc(0) : response.content) : given.content;
    if (digest(got.content) !== digest(expected)) fail('another body came back');
    return true;
  }
}

function describeExchange({ request, response, connections }: Case, { bytes, ending }: Received): string {
  const short = (whole: Buffer) => {
    const text = whole.toString('latin1');
    return JSON.stringify(text.length > 700 ? `${text.slice(0, 600)} ... ${text.slice(-80)}` : text);
  };
  return [
    `request (${request.end}):  ${short(Buffer.concat(request.pieces))}`,
    ...connections.map(({ chunks }) => `upstream got:  ${short(Buffer.concat(chunks))}`),
    `response (${response.end}${response.isEarly ? ', early' : ''}):  ${short(response.bytes)}`,
    `client got (${ending}):  ${short(bytes)}`,
  ].join('\n');
}

/** The upstream's side of the case that the request belongs to. */
function serve(socket: Socket, cases: Map<string, Case>, strays: UpstreamConnection[]): void {
  const connection: UpstreamConnection = { chunks: [] };
  let one: Case | undefined;
  let isAnswered = false;
  socket.on('data', (chunk: Buffer) => {
    connection.chunks.push(chunk);
    const bytes = Buffer.concat(connection.chunks);
    if (one === undefined) {
      if (!bytes.includes('\r\n\r\n')) return;
      one = cases.get(/\/fuzz\/(\w+)\//.exec(bytes.toString('latin1', 0, 300))?.[1] ?? '');
      if (one === undefined) strays.push(connection);
      else one.connections.push(connection);
      if (strays.length > 100) strays.shift();
    }
    if (isAnswered) return;
    const isWhole = readRequest(bytes)?.complete ?? true;
    if (!isWhole && !one?.response.isEarly) return;
    isAnswered = true;
    if (one === undefined) {
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray');
      return;
    }
    const { seed, response } = one;
    void sendPieces(socket, response.pieces, randomOf(seed + 1)).then(() => finish(socket, response.end));
  });
  socket.on('end', () => socket.end());
}
