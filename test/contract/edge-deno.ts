import { COMMON_GAPS } from './edge-gaps.ts';
import { edgeSettings, startRuntime } from './edge-process.ts';
import type { Target } from './targets.ts';

/** Since 2.8.3 Deno reads HTTP/1.1 by itself. */
const OWN_PARSER = 'https://github.com/denoland/deno/pull/34446';

export const deno: Target = {
  name: 'Deno',
  async start(options) {
    const args = ['serve', '--host=127.0.0.1', '--port=0', '--allow-env', '--allow-net', 'adapters/deno.ts'];
    const running = await startRuntime('deno', args, { ...edgeSettings(options), DENO_NO_UPDATE_CHECK: '1' });
    return { ...running, keepsConnections: true };
  },
  refusesWith: [0],
  gaps: {
    ...COMMON_GAPS,
    'kept client connections': {
      reason: 'Deno sends Connection: close as it is told, and then keeps the connection and reads on',
      link: 'https://github.com/denoland/deno/issues/9411',
      tests: [
        /^request fields: serves an upgrade/,
        /^response fields: adds no field but Connection/,
        /^framing: does not read a second request/,
        /^framing: refuses "Content-Length: 5 \| content-length: 5"/i,
        'framing: refuses "Transfer-Encoding: gzip, chunked"',
      ],
    },
    'lines that end with LF': {
      reason: "Deno's server takes LF for CRLF (RFC 9112 section 2.2 allows it)",
      link: OWN_PARSER,
      tests: [
        'framing: refuses "X: y\\nTransfer-Encoding: chunked"',
        /^framing: refuses (LF in a field|lines that end with LF|a header section that ends with LF)/,
        /^framing: lets no odd byte hide Transfer-Encoding: (before its name|(before|between it and) the line before it)/,
      ],
    },
    'blanks before a chunk size': {
      reason: "Deno's server skips them",
      link: OWN_PARSER,
      tests: ['framing: does not let a chunked body look whole: " 5\\r\\nhello\\r\\n0\\r\\n\\r\\n"'],
    },
    'HTTP/1.0': {
      reason: "Deno's server answers HTTP/1.0 with HTTP/1.0, and the adapter wants a Host",
      link: OWN_PARSER,
      tests: [/^framing: (sends no 100 to|serves) an HTTP\/1\.0 client/],
    },
    'size of the header section': {
      reason: "Deno's server takes a hundred fields of any size",
      link: OWN_PARSER,
      tests: [
        'framing: takes a header section of 15 KB',
        /^framing: refuses a (header section|field|target) of 20 KB with 431/,
        'errors: answers a header section above the limit with 431 in full',
      ],
    },
    'request targets in other forms': {
      reason: "a Request has a URL, and no target; what is not a path is the runtime's to read",
      link: 'https://docs.deno.com/api/deno/~/Deno.serve',
      tests: [
        /^request target: refuses (CONNECT \/x|TRACE \*) with 405/,
        'request target: takes path and query of an absolute-form target: http://proxy.example?y',
        /^request target: refuses the target "(http:\/\/(elsewhere|proxy|a:b)|http:\/\/\/x|ftp:|file:)/,
        'request target: refuses the target * of OPTIONS',
        "errors: answers a target of another authority with 400 in the client's format",
      ],
    },
    'the length of content that HEAD would have': {
      reason: 'Deno adds Content-Length: 0 to an answer to HEAD that says no length',
      link: OWN_PARSER,
      tests: ['keep inside: says nothing of the content in answer to HEAD that it might have edited'],
    },
    'errors before the handler': {
      reason: 'what Deno refuses by itself it answers with 400 and no content',
      link: OWN_PARSER,
      tests: [
        "errors: answers two Hosts with 400 in the client's format",
        /^errors: answers (nonsense|framing that is not acceptable) with 400 in full/,
      ],
    },
  },
};
