// workerd as Cloudflare runs it, with the bundle and the configuration that are deployed.
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare';
import { builtWorker, type WorkerOptions } from '../support/builds.ts';
import { COMMON_GAPS } from './edge-gaps.ts';
import { edgeSettings, OWN_SERVER } from './edge-process.ts';
import type { RunningTarget, Target } from './targets.ts';

/** What workerd reads and writes HTTP/1.1 with. */
const KJ_HTTP = 'https://github.com/capnproto/capnproto/blob/v2/c%2B%2B/src/kj/compat/http.c%2B%2B';

/** The bindings of a worker in addition to text. */
export interface BoundServices {
  /** Modules of other workers, by the names of their bindings. */
  services?: Record<string, string>;
  /** How many requests Rate Limiting bindings let through in ten seconds, by the names of the bindings. */
  rateLimits?: Record<string, number>;
}

/** Runs a worker on a socket of workerd's own, with nothing of Miniflare's between it and either side. */
export async function startWorkerd(
  { script, compatibilityDate, compatibilityFlags }: WorkerOptions,
  bindings: Record<string, unknown>,
  { services = {}, rateLimits = {} }: BoundServices = {},
): Promise<RunningTarget> {
  let output = '';
  class Kept extends Log {
    override log(message: string): void {
      output += `${message}\n`;
    }
  }
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      telemetry: { enabled: false },
      log: new Kept(LogLevel.VERBOSE),
      handleStructuredLogs: ({ message }) => {
        output += `${message}\n`;
      },
      workers: [
        {
          name: 'proxy',
          modules: [{ type: 'ESModule', path: 'worker.js', contents: script }],
          compatibilityDate,
          compatibilityFlags,
          bindings: bindings as Record<string, string>,
          serviceBindings: Object.fromEntries(Object.keys(services).map((name) => [name, `bound-as-${name}`])),
          ratelimits: Object.fromEntries(
            Object.entries(rateLimits).map(([name, limit], index) => [
              name,
              { namespace_id: String(1001 + index), simple: { limit, period: 10 as const } },
            ]),
          ),
          unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
          stripCfConnectingIp: false,
        },
        ...Object.entries(services).map(([name, module]) => ({
          name: `bound-as-${name}`,
          modules: [{ type: 'ESModule' as const, path: 'worker.js', contents: module }],
          compatibilityDate,
        })),
      ],
    }),
  );
  await miniflare.ready;
  const { hostname, port } = await miniflare.unsafeGetDirectURL('proxy');
  return {
    host: hostname,
    port: Number(port),
    ...OWN_SERVER,
    keepsConnections: true,
    output: () => output,
    stop: () => miniflare.dispose(),
  };
}

let built: Promise<WorkerOptions> | undefined;

export const workerd: Target = {
  name: 'workerd',
  async start(options) {
    const settings = edgeSettings(options);
    built ??= builtWorker();
    return startWorkerd(await built, settings);
  },
  refusesWith: [500, 501],
  hangsUpEarly: true,
  gaps: {
    ...COMMON_GAPS,
    'kept client connections': {
      reason: "workerd closes a client's connection when the client asks for it, and not for the Worker",
      link: 'https://developers.cloudflare.com/workers/runtime-apis/headers/',
      tests: [/^request fields: serves an upgrade/, /^framing: does not read a second request/],
    },
    'pooled upstream connections and CF-Worker': {
      reason: 'workerd keeps connections to Sentry, sends no Connection: close, and names the Worker to Sentry',
      link: 'https://developers.cloudflare.com/fundamentals/reference/http-headers/#cf-worker',
      tests: [
        /^(request|response) fields: adds no field but/,
        'upstream faults: ends with the message, not with the connection, of an upstream that keeps it open',
      ],
    },
    'field values of a request that are not UTF-8': {
      reason: 'workerd reads field values as UTF-8, and what is none is lost',
      link: 'https://github.com/cloudflare/workerd/issues/6927',
      tests: [
        'routing: does not inject for a token that is not ASCII',
        /^request fields: passes (X-Obs-Text|Content-Disposition) of/,
      ],
    },
    'plain dot segments': {
      reason: 'fetch() resolves them, even with fetch_legacy_url, so they are answered with 400',
      link: 'https://developers.cloudflare.com/workers/configuration/compatibility-flags/#use-standard-url-parsing-in-fetch',
      tests: [
        /^request target: passes dot segments byte for byte where there is no base path: [^%\\]*\/\.\.(?=[/?]|$)[^%\\]*$/,
      ],
    },
    'request targets in other forms': {
      reason: "a Request has a URL, and no target; what is not a path is the runtime's to read",
      link: KJ_HTTP,
      tests: [
        /^request target: refuses (TRACK|CONNECT) \S+ with 405/,
        /^request target: refuses the target "(http:\/\/(elsewhere\.example[/:]|proxy|a:b)|ftp:|proxy|elsewhere|\*|x)/,
        /^request target: refuses the target "\/.*#/,
        'request target: refuses the target * of OPTIONS',
        "errors: answers a target of another authority with 400 in the client's format",
      ],
    },
    'lenient reading of requests': {
      reason: 'workerd takes LF for CRLF, control bytes in values, and the last one of contradicting framings',
      link: KJ_HTTP,
      tests: [
        /^framing: refuses "(Content-Length: 6 \| Transfer|Transfer-Encoding: chunked \| (Content|Transfer-Encoding: chunked))/,
        /^framing: refuses "Content-Length: 5 \| content-length: 5"/i,
        /^framing: refuses "Transfer-Encoding: (identity \| Transfer-Encoding: chunked|(gzip|chunked|), chunked)"/,
        'framing: refuses "X: y\\nTransfer-Encoding: chunked"',
        /^framing: lets no odd byte hide Transfer-Encoding: (?!inside|after its name)/,
        'framing: does not let a chunked body look whole: "5;a\\u0000b\\r\\nhello\\r\\n0\\r\\n\\r\\n"',
        'framing: does not let a chunked body look whole: "5\\r\\nhello\\r\\n0\\r\\n\\n"',
        /^framing: refuses (LF|DEL|a control byte) in a field/,
        /^framing: refuses (lines that end|a header section that ends) with LF/,
      ],
    },
    'a request body that is cut off': {
      reason:
        'workerd fails the request to Sentry and does not say that the client was the cause; it is answered with 502',
      link: KJ_HTTP,
      tests: ['bodies: does not let a body shorter than its Content-Length look whole'],
    },
    'HTTP/1.0 and HTTP/2 in plain text': {
      reason: 'workerd answers HTTP/1.0 with HTTP/1.0, and waits after the preface of HTTP/2',
      link: KJ_HTTP,
      tests: [/^framing: (sends no 100 to|serves) an HTTP\/1\.0 client/, 'framing: refuses the preface of HTTP/2'],
    },
    'size of the header section': {
      reason: "the limit is workerd's: 128 KB",
      link: 'https://developers.cloudflare.com/workers/platform/limits/#request-limits',
      tests: [
        /^framing: refuses a (header section|field|target) of 20 KB/,
        'errors: answers a header section above the limit with 431 in full',
      ],
    },
    'errors before the handler': {
      reason: 'what workerd refuses by itself it answers in its own words',
      link: KJ_HTTP,
      tests: [/^errors: answers (nonsense|framing that is not acceptable) with 400 in full/],
    },
    'lenient reading of responses': {
      reason: 'workerd takes contradicting framing, unknown transfer codings and large header sections from Sentry',
      link: KJ_HTTP,
      tests: [
        /^upstream faults: answers 502 when the upstream sends "Content-Length: 2(, |\\r\\nContent-Length: )2"/,
        /^upstream faults: answers 502 when the upstream sends "Content-Length: 0\\r\\nTransfer/,
        /^upstream faults: answers 502 when the upstream sends "Transfer-Encoding: /,
        'upstream faults: answers 502 when the upstream sends "X: a\\u0001b\\r\\nContent-Length: 2"',
        'upstream faults: answers 502 when the upstream sends a header section of 300022 bytes',
      ],
    },
    'a client that keeps sending after an early answer': {
      reason: 'workerd closes the connection with the response, and the reset may overtake it',
      link: KJ_HTTP,
      tests: ['upstream faults: lets a client keep sending after an early answer'],
    },
    'the deadline inside a response': {
      reason: 'workerd relays the body of a response by itself, and runs no code of the Worker during that time',
      link: 'https://developers.cloudflare.com/workers/runtime-apis/streams/',
      tests: [/^lifetimes: breaks the connection (when the upstream falls silent|of a client that does not read)/],
    },
    'a client that leaves with a FIN': {
      reason: 'workerd takes it for half-closed, as RFC 9112 section 9.6 allows; a reset ends the request at once',
      link: 'https://github.com/capnproto/capnproto/pull/788',
      tests: [
        /^lifetimes: aborts the upstream request when the client, (waiting for the answer|having uploaded), goes by leave/,
        'lifetimes: aborts the upstream request when the client goes by leave from a stream that is silent',
      ],
    },
  },
};
