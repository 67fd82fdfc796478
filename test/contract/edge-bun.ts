import { COMMON_GAPS } from './edge-gaps.ts';
import { edgeSettings, startRuntime } from './edge-process.ts';
import type { Target } from './targets.ts';

const SERVER = 'https://bun.com/docs/runtime/http/server';

export const bun: Target = {
  name: 'Bun',
  async start(options) {
    return startRuntime('bun', ['adapters/bun.ts'], { ...edgeSettings(options), PORT: '0', NO_COLOR: '1' });
  },
  refusesWith: [0, 505],
  hangsUpEarly: true,
  gaps: {
    ...COMMON_GAPS,
    'requests after a request': {
      reason: 'Bun closes the connection, and with it the response that is running, when another request comes on it',
      link: 'https://github.com/oven-sh/bun/pull/38128',
      tests: [
        /^request fields: serves an upgrade/,
        /^framing: does not read a second request (after (?!an HTTP\/1\.0)|that comes after)/,
      ],
    },
    'normalized URLs': {
      reason: 'Bun resolves dot segments, turns backslashes and encodes, before the handler sees the URL',
      link: 'https://github.com/oven-sh/bun/issues/4001',
      tests: [
        'request target: passes byte for byte: /\\elsewhere.example/x',
        /^request target: passes byte for byte or refuses what no URI may have: (\/a"|\/caf)/,
        /^request target: passes dot segments byte for byte where there is no base path: (?!.*%(?!2e))/i,
        /^request target: under the base path \/sentry\/? no target leaves it(?!.*%(?!2e))/i,
        'request target: takes path and query of an absolute-form target: http://proxy.example//elsewhere.example/%2e',
        'request target: refuses the target "/a\x7fb"',
      ],
    },
    'request targets in other forms': {
      reason: "a Request has a URL, and no target; what is not a path is the runtime's to read",
      link: SERVER,
      tests: [
        /^request target: refuses (TRACK \/x|TRACE \*) with 405/,
        /^request target: refuses the target "(http:\/\/(elsewhere|proxy|a:b)|http:\/\/\/x)/,
        "errors: answers a target of another authority with 400 in the client's format",
      ],
    },
    'the line after the last chunk': {
      reason: 'Bun takes the last chunk for the end of the body; no byte of the content is missing then',
      link: SERVER,
      tests: ['bodies: does not let a body cut off before its last line look whole'],
    },
    trailers: {
      reason: 'Bun answers a chunked body with trailers with 400',
      link: SERVER,
      tests: [/^bodies: drops the trailers of a body/],
    },
    'Expect in another case': {
      reason: 'Bun knows 100-continue in lower case only, and tells HTTP/1.0 clients too',
      link: 'https://github.com/oven-sh/bun/issues/30248',
      tests: [
        'framing: answers Expect: 100-continue with 100 and goes on',
        'framing: sends no 100 to an HTTP/1.0 client',
      ],
    },
    'HTTP/1.0': {
      reason: 'Bun gathers a response that has no length, and the adapter wants a Host',
      link: SERVER,
      tests: ['framing: serves an HTTP/1.0 client without Host', 'framing: sends no chunks to an HTTP/1.0 client'],
    },
    'a client that keeps sending after an early answer': {
      reason: 'Bun closes the connection with the response, and the reset may overtake it',
      link: SERVER,
      tests: ['upstream faults: lets a client keep sending after an early answer'],
    },
    'the length of content that HEAD would have': {
      reason: 'Bun adds Content-Length: 0 to an answer to HEAD that says no length',
      link: SERVER,
      tests: ['keep inside: says nothing of the content in answer to HEAD that it might have edited'],
    },
    'errors before the handler': {
      reason: 'what Bun refuses by itself it answers without a length',
      link: SERVER,
      tests: [
        /^errors: answers (nonsense|framing that is not acceptable) with 400 in full/,
        'errors: answers a header section above the limit with 431 in full',
      ],
    },
  },
};
