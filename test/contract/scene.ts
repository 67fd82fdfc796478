// A client, the proxy and an upstream: what nearly every test of the contract is played on.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fieldValue, fieldValues } from '../support/message.ts';
import { type Reply, send } from '../support/raw-client.ts';
import { answer, type Connection, OK, type RecordedRequest, type Script, type Upstream } from '../support/upstream.ts';
import { FOLLOWING, type Setup, Stage, Stages } from './stage.ts';
import type { RunningTarget, Target } from './targets.ts';

export const SECRET = 'sentry-token-0123456789abcdef';
export const ALIAS = 'alias-of-the-tests';
/** The field line that makes a request an injected one. */
export const AS_ALIAS = `Authorization: Bearer ${ALIAS}`;
/** The field line of a client with its own Sentry token. */
export const AS_SELF = 'Authorization: Bearer token-of-a-client';
export const INJECTED = `Bearer ${SECRET}`;

/** The bytes of a request; a Host is added where none is given, and nothing else. */
export function request(requestLine: string, fields: readonly string[] = [], content = ''): string {
  const host = fields.some((line) => /^host:/i.test(line)) ? [] : ['Host: proxy.example'];
  return `${[requestLine, ...host, ...fields].join('\r\n')}\r\n\r\n${content}`;
}

/** A GET of some resource. */
export function get(...fields: string[]): string {
  return request('GET /api/0/projects/ HTTP/1.1', fields);
}

/** A GET that must not be read after another request on its connection. */
export function following(): string {
  return request(`GET ${FOLLOWING} HTTP/1.1`, [AS_ALIAS]);
}

/** A POST with a Content-Length. */
export function post(content: string, ...fields: string[]): string {
  return request('POST /api/0/projects/ HTTP/1.1', [...fields, `Content-Length: ${content.length}`], content);
}

/** A POST with a chunked body, given as it is on the wire. */
export function postChunked(body: string, ...fields: string[]): string {
  return request('POST /api/0/projects/ HTTP/1.1', [...fields, 'Transfer-Encoding: chunked'], body);
}

/** One request by a client and what came of it on both sides. */
export class Exchange {
  /** Stands in the target of a request that followed the first one. */
  readonly number: string;
  readonly reply: Reply;
  readonly connections: Connection[];
  readonly #refusesWith: readonly number[];

  constructor(number: string, reply: Reply, connections: Connection[], { refusesWith = [] }: Target) {
    this.number = number;
    this.reply = reply;
    this.connections = connections;
    this.#refusesWith = refusesWith;
  }

  /** The one request that reached the upstream, whole and alone on its connection. */
  get request(): RecordedRequest {
    assert.equal(this.connections.length, 1, 'connections to the upstream');
    const request = this.connections[0]!.request;
    assert.ok(request, 'no request reached the upstream');
    assert.equal(request.rest.toString('latin1'), '', 'bytes after the request');
    return request;
  }

  /** Asserts that the proxy answered by itself and the upstream got nothing of the request. */
  refused(...statuses: number[]): void {
    const refusals = [...statuses, ...this.#refusesWith];
    assert.ok(refusals.includes(this.reply.status), `status ${this.reply.status}, not ${refusals.join(' or ')}`);
    assert.equal(this.connections.map(({ bytes }) => bytes.toString('latin1')).join(''), '', 'upstream');
  }
}

/** Where the scenes of a target leave their proxies for each other. */
const stagesOf = new WeakMap<Target, Stages>();

/** Lets scenes that are set up alike follow each other on the same proxy, until the tests around this call are over. */
export function shareStages(target: Target): void {
  const stages = new Stages();
  stagesOf.set(target, stages);
  after(() => stages.stop());
}

interface Options extends Setup {
  /** What must not be in the log, next to the token and the alias. */
  secrets?: readonly string[];
}

export class Scene {
  readonly #target: Target;
  readonly #setup: Setup;
  readonly #secrets: readonly string[];
  #running: Promise<Stage> | undefined;

  constructor(target: Target, { secrets = [], ...setup }: Partial<Options>) {
    this.#target = target;
    this.#setup = { token: SECRET, aliases: [ALIAS], path: '', ...setup };
    this.#secrets = [SECRET, ALIAS, ...secrets];
  }

  /** Starts both at the first use, so that a target which cannot be started this way fails a test, not a hook. */
  async start(): Promise<[proxy: RunningTarget, upstream: Upstream]> {
    const { proxy, upstream } = await this.#stage();
    return [proxy, upstream];
  }

  #stage(): Promise<Stage> {
    this.#running ??=
      stagesOf.get(this.#target)?.take(this.#target, this.#setup) ?? Stage.start(this.#target, this.#setup);
    return this.#running;
  }

  /** Sends a request while the upstream plays the script (or answers 200), and checks what always holds. */
  async exchange(bytes: string | Buffer | (string | Buffer)[], script: Script = answer(OK)): Promise<Exchange> {
    const stage = await this.#stage();
    const connections = stage.play(script);
    const number = stage.number();
    const mayFollow = typeof bytes === 'string' && bytes.split(' HTTP/1.').length > 2;
    const sent = mayFollow ? bytes.replaceAll(FOLLOWING, FOLLOWING.replace('0000', number)) : bytes;
    const reply = await send(stage.proxy, sent, mayFollow);
    // Time for bytes that must not reach the upstream to do so.
    if (mayFollow || connections.length === 0) await sleep(10);
    const exchange = new Exchange(number, reply, stage.end(number, connections), this.#target);
    checkInvariants(exchange, stage.upstream);
    return exchange;
  }

  async stop(): Promise<void> {
    const stage = await this.#running?.catch(() => undefined);
    if (stage === undefined) return;
    const stages = stagesOf.get(this.#target);
    await (stages === undefined ? stage.stop() : stages.giveBack(stage, this.#setup));
    const output = stage.proxy.output();
    for (const secret of this.#secrets) assert.ok(!output.includes(secret), 'a secret in the log');
  }
}

/** A scene for the tests of a group; it is struck after them. */
export function useScene(target: Target, setup: Partial<Options> = {}): Scene {
  const scene = new Scene(target, setup);
  after(() => scene.stop());
  return scene;
}

/** True of everything that a client sends and an upstream answers. */
function checkInvariants({ reply, connections }: Exchange, upstream: Upstream): void {
  assert.ok(!reply.bytes.includes(SECRET), 'the secret reached the client');
  assert.equal(reply.rest.toString('latin1'), '', 'bytes after the response');
  for (const { request, failure } of connections) {
    assert.equal(failure, undefined);
    if (request === undefined) continue;
    assert.equal(fieldValue(request, 'Host'), upstream.authority);
    const [scheme, token] = fieldValue(request, 'Authorization')?.split(' ') ?? [];
    assert.ok(scheme?.toLowerCase() !== 'bearer' || token !== ALIAS, 'the alias went upstream');
    assert.deepEqual(request.trailers, []);
    for (const name of ['Expect', 'Upgrade', 'TE', 'Trailer', 'Keep-Alive']) {
      assert.deepEqual(fieldValues(request, name), [], name);
    }
  }
}
