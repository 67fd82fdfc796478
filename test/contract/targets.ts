// What the contract is run against: each adapter, started as its users start it.
import { startProxy } from '../support/proxy-process.ts';
import type { Address } from '../support/raw-client.ts';

export interface StartOptions {
  /** Sentry's base URI. */
  upstream: string;
  token: string;
  /** Joined with `;` as they are. */
  aliases: readonly string[];
  flags?: Flags;
}

/** Settings that only some adapters have. */
export interface Flags {
  /** Seconds. */
  readHeaderTimeout?: number;
  /** Seconds. */
  readTimeout?: number;
  /** Seconds. */
  writeTimeout?: number;
  /** Bytes. */
  replayLimit?: number;
  /** Bytes. */
  replayLimitTotal?: number;
  streamChunked?: boolean;
  /** Bytes. */
  maxHeaderSize?: number;
  unmatched?: 'bypass' | 'reject';
  allowedHosts?: readonly string[];
  publicUrl?: string;
  keepInside?: boolean;
  /** The text of a clients file. */
  clients?: string;
  /** The text of a tokens file. */
  tokens?: string;
  /** `Name: value`. */
  upstreamHeaders?: readonly string[];
}

export interface RunningTarget extends Address {
  /** Everything that it wrote, to be searched for secrets. */
  output(): string;
  stop(): Promise<void>;
}

/** What a runtime cannot do, and the tests that show it: they have to fail, so that a fixed runtime shows up. */
export interface Gap {
  reason: string;
  /** Where its makers say so. */
  link: string;
  /** Tests by what their `group: test` is or matches. */
  tests: readonly (string | RegExp)[];
}

export interface Target {
  name: string;
  /** @throws {Error} if it does not start, and where a flag is given that it does not have. */
  start(options: StartOptions): Promise<RunningTarget>;
  /** Whether Sentry is told the client's address when a request is bypassed. An edge has no address that Sentry trusts. */
  lendsPeer?: boolean;
  /** Statuses with which the runtime's own server refuses requests, in addition to the contract's; 0: it only closes. */
  refusesWith?: readonly number[];
  /**
   * Its own server closes the connection with its response, even if the client is still sending. A client that is in the
   * middle of sending can lose the response by that, so that it sends less than a socket takes at once.
   */
  hangsUpEarly?: boolean;
  gaps: Record<string, Gap>;
}

export const node: Target = {
  name: `Node ${process.version}`,
  lendsPeer: true,
  async start({ upstream, token, aliases, flags = {} }) {
    const args = [`--sentry-uri=${upstream}`, `--token=${token}`];
    if (aliases.length > 0) args.push(`--alias-token=${aliases.join(';')}`);
    else if (flags.clients === undefined) args.push('--allow-any-client');
    const set = (flag: string, value: string | number | boolean | undefined) => {
      if (value !== undefined) args.push(`--${flag}=${value}`);
    };
    set('read-header-timeout', flags.readHeaderTimeout);
    set('read-timeout', flags.readTimeout);
    set('write-timeout', flags.writeTimeout);
    set('replay-limit', flags.replayLimit);
    set('replay-limit-total', flags.replayLimitTotal);
    set('stream-chunked', flags.streamChunked);
    set('max-header-size', flags.maxHeaderSize);
    set('unmatched', flags.unmatched);
    set('allowed-host', flags.allowedHosts?.join(';'));
    set('public-url', flags.publicUrl);
    set('keep-inside', flags.keepInside);
    set('clients', flags.clients);
    set('tokens', flags.tokens);
    for (const header of flags.upstreamHeaders ?? []) args.push(`--upstream-header=${header}`);
    const proxy = await startProxy(args);
    return {
      host: proxy.host,
      port: proxy.port,
      output: () => proxy.output,
      stop: async () => void (await proxy.stop()),
    };
  },
  gaps: {},
};
