import { join } from 'node:path';
import { COMMON_GAPS } from './edge-gaps.ts';
import { Embedder } from './embedder.ts';
import type { StartOptions, Target } from './targets.ts';

/**
 * A target's settings as options of `createProxy`.
 * @throws {Error} where a flag is given that the library does not have.
 */
export function libraryOptions({ upstream, token, aliases, flags = {} }: StartOptions): object {
  const { readHeaderTimeout, readTimeout, writeTimeout, maxHeaderSize, upstreamHeaders, ...others } = flags;
  if (readHeaderTimeout || readTimeout || maxHeaderSize) throw new Error('The library does not read requests.');
  return {
    sentryUri: upstream,
    token,
    ...(aliases.length > 0 && { aliasTokens: aliases.map((alias) => alias.trim()).filter(Boolean) }),
    ...(aliases.length === 0 && flags.clients === undefined && { allowAnyClient: true }),
    ...(upstreamHeaders && { upstreamHeaders: upstreamHeaders.join('\n') }),
    ...(writeTimeout !== undefined && { writeTimeout: 1000 * writeTimeout }),
    ...others,
  };
}

const embedder = new Embedder(join(import.meta.dirname, 'library-server.ts'));

/** The library on Node's own `fetch`. */
export const library: Target = {
  name: `the library on the fetch of Node ${process.version}`,
  async start(options) {
    return embedder.start(libraryOptions(options));
  },
  refusesWith: [400, 0],
  gaps: {
    'a body with GET': COMMON_GAPS['a body with GET']!,
    'deadlines for the client': COMMON_GAPS['deadlines for the client']!,
    'kept client connections': {
      reason: "whether a connection is kept for the next request is the server's to say, and by default it is",
      link: 'https://nodejs.org/api/http.html#serverkeepalivetimeout',
      tests: [
        /^framing: does not read a second request/,
        /^framing: refuses "Transfer-Encoding: (identity \| Transfer-Encoding: chunked|gzip, chunked|, chunked)"/,
        /^response fields: (drops Keep-Alive of|adds no field but Connection)/,
      ],
    },
    'requests as the server reads them': {
      reason: 'the library is given a Request; what the server takes or refuses before is its own affair',
      link: 'https://github.com/nodejs/llhttp',
      tests: [
        'framing: refuses a chunked HTTP/1.0 request',
        'framing: refuses two blanks in the request line',
        /^framing: refuses (the version of GET \/x HTTP\/(2\.0|0\.9)|GET \/x$)/,
        /^errors: answers (nonsense|framing that is not acceptable) with 400 in full/,
        'errors: answers a header section above the limit with 431 in full',
      ],
    },
    'methods without a Request': {
      reason: 'no Request has the method TRACE, TRACK or CONNECT',
      link: 'https://fetch.spec.whatwg.org/#forbidden-method',
      tests: [/^request target: refuses (TRACE|TRACK|CONNECT) \S+ with 405/, /^errors: answers TRACE with 405/],
    },
    'normalized URLs': {
      reason: 'a Request has a parsed URL, without dot segments and with some characters encoded',
      link: 'https://url.spec.whatwg.org/#url-parsing',
      tests: [
        'request target: passes byte for byte: /\\elsewhere.example/x',
        'request target: passes byte for byte or refuses what no URI may have: /a"b<c>{d}|e^f`',
        /^request target: passes dot segments byte for byte where there is no base path: (?!.*(%2f|%5c|%25|%00|%09|%23|%3b|%%|%2%))/i,
        /^request target: under the base path \/sentry\/? no target leaves it: (?!.*(%2f|%5c|%25|%00|%09|%23|%3b|%%|%2%))/i,
      ],
    },
    'request targets in other forms': {
      reason: 'a Request has a URL, and no target',
      link: 'https://fetch.spec.whatwg.org/#dom-request',
      tests: [
        /^request target: takes path and query of an absolute-form target/,
        'keep inside: never leads to the authority of a target, but to the Host that is checked',
        /^request target: refuses the target ("(http:\/\/(elsewhere\.example[/:]|proxy|a:b)|http:\/\/\/x|ftp:|file:|\*)|\* of OPTIONS)/,
        /^request target: under the base path \/sentry\/? (no target leaves it by|takes path and query of) an absolute-form target/,
        "errors: answers a target of another authority with 400 in the client's format",
      ],
    },
    'fields of fetch': {
      reason: 'fetch adds its own fields to a request, and __proto__ is not among the names that it knows',
      link: 'https://fetch.spec.whatwg.org/#http-network-or-cache-fetch',
      tests: [
        /^request fields: drops Accept-(Encoding|Language) of a request/,
        /^request fields: adds no field but/,
        /^request fields: serves an upgrade/,
        /^request fields: takes field names like __proto__/,
      ],
    },
    'decoded content': {
      reason:
        'fetch decodes content before anyone sees it, so it is passed on decoded, without the fields of the encoded one',
      link: 'https://fetch.spec.whatwg.org/#handle-content-codings',
      tests: [
        /^response fields: passes Content-Encoding of/,
        /^upstream faults: leaves (gzip|what only says that it is gzip) as it is/,
        /^keep inside: passes (gzip|another coding|two codings) .*byte for byte/,
        /^keep inside: passes gzip that is none byte for byte/,
      ],
    },
    'lenient reading of responses': {
      reason:
        "Node's fetch takes status lines of other versions, unknown transfer codings, and a reset for the end of a body without framing",
      link: 'https://github.com/nodejs/undici',
      tests: [
        /^upstream faults: answers 502 when the upstream sends the status line "HTTP\/(2\.0 200 OK|0\.9 200 OK|1\.1 200 O\\u0000K)"/,
        /^upstream faults: answers 502 when the upstream sends "Transfer-Encoding: (?!chunked\\r\\nContent)/,
        /^upstream faults: breaks the connection when the upstream resets a body without framing/,
      ],
    },
    'an unrequested interim response': {
      reason: "Node's fetch takes 100 for an error where no Expect was sent",
      link: 'https://github.com/nodejs/undici',
      tests: ['upstream faults: swallows 100'],
    },
  },
};
