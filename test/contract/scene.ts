// A client, the proxy and an upstream: what nearly every test of the contract is played on.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fieldValue, fieldValues } from '../support/message.ts';
import { type Reply, send } from '../support/raw-client.ts';
import { answer, type Connection, OK, type RecordedRequest, type Script, Upstream } from '../support/upstream.ts';
import type { RunningTarget, StartOptions, Target } from './targets.ts';

export const SECRET = 'sentry-token-0123456789abcdef';
export const ALIAS = 'alias-of-the-tests';
/** The field line that makes a request an injected one. */
export const AS_ALIAS = `Authorization: Bearer ${ALIAS}`;
/** The field line of a client with a Sentry token of its own. */
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
  readonly reply: Reply;
  readonly connections: Connection[];
  readonly #refusesWith: readonly number[];

  constructor(reply: Reply, connections: Connection[], { refusesWith = [] }: Target) {
    this.reply = reply;
    this.connections = connections;
    this.#refusesWith = refusesWith;
  }

  /** The one request that reached the upstream, whole and alone on its connection. */
  get request(): RecordedRequest {
    assert.equal(this.connections.length, 1, 'connections to the upstream');
    const request = this.connections[0]!.request;
    assert.ok(request, 'no request reached the upstream');
    assert.equal(request.rest.toString('latin1'), '', 'bytes behind the request');
    return request;
  }

  /** Asserts that the proxy answered by itself and the upstream got nothing of the request. */
  refused(...statuses: number[]): void {
    const refusals = [...statuses, ...this.#refusesWith];
    assert.ok(refusals.includes(this.reply.status), `status ${this.reply.status}, not ${refusals.join(' or ')}`);
    assert.equal(this.connections.map(({ bytes }) => bytes.toString('latin1')).join(''), '', 'upstream');
  }
}

type Setup = Omit<StartOptions, 'upstream'> & {
  /** The path of the base URI. */
  path: string;
  /** The base URI, where it is not the scene's upstream. */
  uri?: string;
  /** What must not be in the log, beside the token and the alias. */
  secrets?: readonly string[];
};

export class Scene {
  readonly #target: Target;
  readonly #setup: Setup;
  #running: Promise<[RunningTarget, Upstream]> | undefined;

  constructor(target: Target, setup: Partial<Setup>) {
    this.#target = target;
    this.#setup = { token: SECRET, aliases: [ALIAS], path: '', ...setup };
  }

  /** Starts both at the first use, so that a target which cannot be started this way fails a test, not a hook. */
  start(): Promise<[proxy: RunningTarget, upstream: Upstream]> {
    this.#running ??= this.#start();
    return this.#running;
  }

  async #start(): Promise<[RunningTarget, Upstream]> {
    const { path, uri, secrets: _, ...options } = this.#setup;
    const upstream = await Upstream.start();
    try {
      return [await this.#target.start({ ...options, upstream: uri ?? `${upstream.uri}${path}` }), upstream];
    } catch (error) {
      await upstream.stop();
      throw error;
    }
  }

  /** Sends a request while the upstream plays the script (or answers 200), and checks what always holds. */
  async exchange(bytes: string | Buffer | (string | Buffer)[], script: Script = answer(OK)): Promise<Exchange> {
    const [proxy, upstream] = await this.start();
    const connections = upstream.play(script);
    const mayFollow = typeof bytes === 'string' && bytes.split(' HTTP/1.').length > 2;
    const reply = await send(proxy, bytes, mayFollow);
    // A runtime that serves what follows all the same is to do so now, and not during the next exchange.
    if (mayFollow) await sleep(100);
    if (connections.length === 0) await sleep(10); // Whatever must not reach the upstream has time to.
    const exchange = new Exchange(reply, connections, this.#target);
    checkInvariants(exchange, upstream);
    return exchange;
  }

  async stop(): Promise<void> {
    const [proxy, upstream] = (await this.#running?.catch(() => undefined)) ?? [];
    await proxy?.stop();
    await upstream?.stop();
    const output = proxy?.output() ?? '';
    const { secrets = [] } = this.#setup;
    for (const secret of [SECRET, ALIAS, ...secrets]) assert.ok(!output.includes(secret), 'a secret in the log');
  }
}

/** A scene for the tests of a group; it is struck after them. */
export function useScene(target: Target, setup: Partial<Setup> = {}): Scene {
  const scene = new Scene(target, setup);
  after(() => scene.stop());
  return scene;
}

/** What holds whatever a client sends and an upstream answers. */
function checkInvariants({ reply, connections }: Exchange, upstream: Upstream): void {
  assert.ok(!reply.bytes.includes(SECRET), 'the secret reached the client');
  assert.equal(reply.rest.toString('latin1'), '', 'bytes behind the response');
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
