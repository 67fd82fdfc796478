// The proxy and the upstream of a scene. Scenes that are set up alike and do not overlap are played on the same ones.
import assert from 'node:assert/strict';
import { type Connection, type Script, Upstream } from '../support/upstream.ts';
import type { RunningTarget, StartOptions, Target } from './targets.ts';

export type Setup = Omit<StartOptions, 'upstream'> & {
  /** The path of the base URI. */
  path: string;
  /** The base URI, where it is not the stage's upstream. */
  uri?: string;
};

/** The target of a request that is sent after another one on its connection, where none may be read. */
export const FOLLOWING = '/following-0000';

/** The exchange after whose request this one was sent. */
const followed = ({ requestLine = '' }: Connection): string | undefined =>
  /^[A-Z]+ \S*\/following-(\d{4})/.exec(requestLine)?.[1];

export class Stage {
  readonly proxy: RunningTarget;
  readonly upstream: Upstream;
  #exchanges = 0;
  /** The exchanges that ended without a second request. */
  readonly #ended = new Set<string>();
  /** Second requests that came when their exchange had ended. */
  readonly #late: string[] = [];

  private constructor(proxy: RunningTarget, upstream: Upstream) {
    this.proxy = proxy;
    this.upstream = upstream;
  }

  static async start(target: Target, { path, uri, ...options }: Setup): Promise<Stage> {
    const upstream = await Upstream.start();
    try {
      return new Stage(await target.start({ ...options, upstream: uri ?? `${upstream.uri}${path}` }), upstream);
    } catch (error) {
      await upstream.stop();
      throw error;
    }
  }

  /** A number for an exchange. It goes into the target of a request that follows the first one. */
  number(): string {
    return String(++this.#exchanges).padStart(4, '0');
  }

  /** Plays the script, and looks out for second requests of exchanges that have ended. */
  play(script: Script): Connection[] {
    return this.upstream.play((connection) => {
      const look = () => {
        const exchange = followed(connection);
        if (exchange !== undefined && this.#ended.has(exchange)) this.#late.push(exchange);
      };
      // A malformed head fails the test that it belongs to.
      connection
        .head()
        .then(look)
        .catch(() => {});
      return script(connection);
    });
  }

  /** Ends an exchange. Of the connections those are its own that carry no second request of another exchange. */
  end(exchange: string, connections: readonly Connection[]): Connection[] {
    const own = connections.filter((connection) => (followed(connection) ?? exchange) === exchange);
    if (!own.some((connection) => followed(connection) === exchange)) this.#ended.add(exchange);
    return own;
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    await this.upstream.stop();
    assert.deepEqual(this.#late, [], 'second requests that reached the upstream late, by their exchanges');
  }
}

/** Stages that are free, by what they are set up with. */
export class Stages {
  readonly #free = new Map<string, Stage[]>();

  /** @throws {Error} if the target cannot be started this way. */
  async take(target: Target, setup: Setup): Promise<Stage> {
    return this.#free.get(JSON.stringify(setup))?.pop() ?? (await Stage.start(target, setup));
  }

  /** Keeps the stage for the next scene; a client that has used up its limits cannot start another scene. */
  async giveBack(stage: Stage, setup: Setup): Promise<void> {
    if (setup.flags?.clients !== undefined) return stage.stop();
    stage.upstream.reset();
    const key = JSON.stringify(setup);
    this.#free.set(key, [...(this.#free.get(key) ?? []), stage]);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#free.values()].flat().map((stage) => stage.stop()));
  }
}
