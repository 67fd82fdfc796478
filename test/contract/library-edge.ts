// The library on the `fetch` of the other runtimes, which each lose something else of a message.
import { join } from 'node:path';
import { build } from 'esbuild';
import { compatibility } from '../support/builds.ts';
import { bun } from './edge-bun.ts';
import { deno } from './edge-deno.ts';
import { COMMON_GAPS } from './edge-gaps.ts';
import { startRuntime } from './edge-process.ts';
import { startWorkerd, workerd } from './edge-workerd.ts';
import { libraryOptions } from './library.ts';
import type { Gap, Target } from './targets.ts';

/** What `fetch` takes part in. The other groups test the runtime's own server, as its adapter's contract does. */
export const GROUPS_OF_FETCH = [
  'bodies',
  'upstream faults',
  'routing',
  'clients',
  'several tokens',
  'request fields',
  'response fields',
  'upstream headers',
  'keep inside',
];

/** What each of them adds to a request, or keeps from a request and a response. */
const FETCH_GAPS: Record<string, Gap> = {
  'a body with GET': COMMON_GAPS['a body with GET']!,
  'fields and connections of fetch': {
    reason: 'fetch keeps connections and adds its own fields to a request; so does the server to a response',
    link: 'https://fetch.spec.whatwg.org/#http-network-or-cache-fetch',
    tests: [
      /^request fields: drops Accept-Encoding of a request/,
      /^(request|response) fields: adds no field but/,
      /^request fields: serves an upgrade/,
    ],
  },
};

const KEEPS_OPEN: Gap = {
  reason: 'fetch keeps its connection for the next request',
  link: 'https://fetch.spec.whatwg.org/#connections',
  tests: ['upstream faults: ends with the message, not with the connection, of an upstream that keeps it open'],
};

/** Each chunk passes through JavaScript streams twice. */
const SLOW = { patience: 20_000 };

const SERVER = 'test/contract/library-edge-server.ts';

export const libraryOnDeno: Target = {
  ...deno,
  name: 'the library on the fetch of Deno',
  async start(options) {
    const args = ['serve', '--host=127.0.0.1', '--port=0', '--allow-env', '--allow-net', SERVER];
    const env = { OPTIONS: JSON.stringify(libraryOptions(options)), DENO_NO_UPDATE_CHECK: '1' };
    return { ...(await startRuntime('deno', args, env)), keepsConnections: true, ...SLOW };
  },
  gaps: {
    ...FETCH_GAPS,
    'kept upstream connections': KEEPS_OPEN,
    'Accept-Language': {
      reason: "Deno's fetch adds it to a request that has none",
      link: 'https://fetch.spec.whatwg.org/#http-network-or-cache-fetch',
      tests: [/^request fields: drops Accept-Language of a request/],
    },
    'whole bodies': {
      reason: "Deno's fetch sends every stream in chunks, so that a body is read whole before it is sent",
      link: 'https://docs.deno.com/api/web/~/fetch',
      tests: [
        'bodies: streams a body before it is whole',
        'bodies: begins to send a body of 200 MiB',
        'upstream faults: passes an early answer to a client that waits for it',
      ],
    },
    'requests that are sent again': {
      reason: "Deno's fetch tries a GET again when the connection breaks before a response",
      link: 'https://docs.rs/hyper-util/latest/hyper_util/client/legacy/struct.Builder.html#method.retry_canceled_requests',
      tests: [
        /^upstream faults: answers 502 when the upstream (closes|resets) (at once|after the request|inside the)/,
        'upstream faults: answers 502 when the upstream sends only interim responses',
      ],
    },
    'lenient reading of responses': {
      reason: "Deno's fetch takes contradicting framing and unknown transfer codings, and 300 KB of fields",
      link: 'https://github.com/hyperium/hyper',
      tests: [
        /^upstream faults: answers 502 when the upstream sends "(Content-Length: (2, 2|2\\r\\nContent-Length: 2"|0\\r)|Transfer-Encoding: )/,
        'upstream faults: answers 502 when the upstream sends a header section of 300022 bytes',
      ],
    },
    'a client that keeps sending after an early answer': {
      reason: 'Deno closes the connection with the response, and the reset may overtake it',
      link: 'https://github.com/denoland/deno/pull/34446',
      tests: ['upstream faults: lets a client keep sending after an early answer'],
    },
    'the length of content that HEAD would have': deno.gaps['the length of content that HEAD would have']!,
  },
};

export const libraryOnBun: Target = {
  ...bun,
  name: 'the library on the fetch of Bun',
  async start(options) {
    const env = { OPTIONS: JSON.stringify(libraryOptions(options)), NO_COLOR: '1' };
    return { ...(await startRuntime('bun', [SERVER], env)), keepsConnections: true, ...SLOW };
  },
  gaps: {
    ...FETCH_GAPS,
    'lenient reading of responses': {
      reason: "Bun's fetch takes some malformed heads, and a body that breaks off before its last line",
      link: 'https://bun.com/docs/runtime/networking/fetch',
      tests: [
        'upstream faults: answers 502 when the upstream sends the status line "HTTP/1.1  200 OK"',
        /^upstream faults: answers 502 when the upstream sends "(Content-Length: (2\\r\\nContent-Length: 2|0\\r)|Transfer-Encoding: (chunked\\r\\nContent-Length|gzip|"))/,
        'upstream faults: answers 502 when the upstream sends a header section of 300022 bytes',
        /^upstream faults: breaks the connection when the upstream (closes before the end of the trailers|resets a body without framing)/,
      ],
    },
    'the line after the last chunk': bun.gaps['the line after the last chunk']!,
    trailers: bun.gaps.trailers!,
    'the length of content that HEAD would have': bun.gaps['the length of content that HEAD would have']!,
  },
};

let bundled: Promise<string> | undefined;

/** The module as one file, as a Worker's author would deploy it. */
async function bundle(): Promise<string> {
  const entry = join(import.meta.dirname, '../..', SERVER);
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, format: 'esm', write: false });
  return outputFiles[0]!.text;
}

export const libraryOnWorkerd: Target = {
  ...workerd,
  name: 'the library in a Worker',
  async start(options) {
    bundled ??= bundle();
    const worker = { script: await bundled, ...(await compatibility()) };
    return { ...(await startWorkerd(worker, { OPTIONS: JSON.stringify(libraryOptions(options)) })), ...SLOW };
  },
  gaps: {
    ...FETCH_GAPS,
    'kept upstream connections': KEEPS_OPEN,
    'field values that are not UTF-8': {
      reason: 'workerd reads and writes field values as UTF-8, and what is none is lost',
      link: 'https://github.com/cloudflare/workerd/issues/6927',
      tests: [
        'routing: does not inject for a token that is not ASCII',
        /^(request|response) fields: passes (X-Obs-Text|Content-Disposition) of/,
      ],
    },
    'lenient reading of responses': workerd.gaps['lenient reading of responses']!,
    'a client that keeps sending after an early answer':
      workerd.gaps['a client that keeps sending after an early answer']!,
  },
};
