// The proxy's two readers of HTTP/1.1 beside node:http's, on messages that are nearly right: what the proxy takes,
// node:http has to read the same way, and what the proxy refuses though node:http takes it is refused by a known rule.
//
// A failure names its seed: HTTP1_FUZZ_SEED=<seed> plays that one alone, HTTP1_FUZZ_SECONDS=<n> plays for longer.
import assert from 'node:assert/strict';
import { METHODS } from 'node:http';
import test from 'node:test';
import { requestOf, responseOf } from '../support/http1-mutations.ts';
import {
  isRefusal,
  nodeReadsRequest,
  nodeReadsResponse,
  type Outcome,
  proxyReadsRequest,
  proxyReadsResponse,
} from '../support/http1-reading.ts';

const ONLY = process.env.HTTP1_FUZZ_SEED;
const MILLISECONDS = 1000 * Number(process.env.HTTP1_FUZZ_SECONDS ?? 2);

/** What the proxy refuses on purpose though node:http does not. */
const STRICTER = new Set([
  // node:http ignores a zero before the number.
  'a malformed Content-Length',
  // node:http takes an empty or repeated Host and any characters in it.
  'no Host, a malformed one or more than one',
  'more than one Authorization',
  // node:http hands on any target, an authority that is not Host's among them.
  "a request target that is not a path, nor one at Host's authority",
  // node:http takes what looks like HTTP/0.9, high bytes and a fragment.
  'a malformed request line',
  // node:http takes the same expectation twice.
  'expectation_failed',
  // node:http reads a body with an unknown coding until the connection is closed, and a request without one.
  'a Transfer-Encoding other than chunked',
  'a Transfer-Encoding in HTTP/1.0',
  // node:http takes controls in a reason phrase and a lone CR before a request line.
  'a control character in the head',
  // node:http takes empty lines before a status line, and any number in it.
  'a field line without a valid name',
  'a malformed status line',
  'bytes after the response that was said to be the last',
  // node:http takes a head that ends with LF LF after a request line of HTTP/0.9.
  'closed without a request',
  // node:http takes some of these behind the last chunk.
  'framing in a trailer section',
  // node:http takes an LF alone before a request line.
  'a line that does not end with CRLF',
  // node:http takes a chunk extension that is none.
  'a broken body',
  'a malformed chunk size',
]);

/** What node:http refuses, or reads as something else, though it is allowed, or harmless here. */
const NODE_IS_ODD = [
  // Blanks around the parts of a chunk extension (RFC 9112 section 7.1.1: to be parsed and removed).
  /^[0-9A-Fa-f]+(?:[ \t]+;|;[^\r\n]*[ \t])/m,
  // A tab behind the coding (RFC 9110 section 5.6.3: optional whitespace).
  /^transfer-encoding:[ \t]*chunked *\t/im,
  // An interim response that says the connection is closed after it.
  /^HTTP\/1\.1 1\d\d [\s\S]*?^connection:[ \t]*close[\s\S]*?^HTTP\/1/im,
];

const isMethodKnown = (start: string): boolean => METHODS.includes(start.split(' ', 1)[0]!);

function compare(text: string, proxy: Outcome, node: Outcome): void {
  const isWholeToNode = !isRefusal(node) && node.body !== undefined;
  if (isRefusal(proxy) || proxy.body === undefined) {
    const rule = isRefusal(proxy) ? proxy.refused : 'a broken body';
    if (isWholeToNode) assert.ok(STRICTER.has(rule), `refused by a rule that node:http does not have: ${rule}`);
  } else if (!NODE_IS_ODD.some((excuse) => excuse.test(text))) {
    assert.deepEqual(proxy, node);
  }
}

async function play(judge: (seed: number) => Promise<{ text: string; proxy: Outcome; node: Outcome }>): Promise<void> {
  const started = performance.now();
  const first = Number(ONLY ?? 1);
  for (let seed = first; ; seed++) {
    const { text, proxy, node } = await judge(seed);
    try {
      compare(text, proxy, node);
    } catch (error) {
      const story = `HTTP1_FUZZ_SEED=${seed}\n${JSON.stringify(text)}\n`;
      throw new assert.AssertionError({ message: story + (error as Error).message, actual: proxy, expected: node });
    }
    const isOver = ONLY !== undefined || performance.now() - started > MILLISECONDS;
    if (isOver) return;
  }
}

const textOf = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString('latin1');

test('requests are read as node:http reads them, or refused', () =>
  play(async (seed) => {
    const chunks = requestOf(seed);
    const proxy = await proxyReadsRequest(chunks);
    // node:http knows a list of methods; to the proxy a method is a token.
    const isComparable = isRefusal(proxy) || isMethodKnown(proxy.start);
    return { text: textOf(chunks), proxy, node: isComparable ? await nodeReadsRequest(chunks) : proxy };
  }));

test('responses are read as node:http reads them, or refused', () =>
  play(async (seed) => {
    const { chunks, method } = responseOf(seed);
    const proxy = await proxyReadsResponse(chunks, method);
    return { text: textOf(chunks), proxy, node: await nodeReadsResponse(chunks, method) };
  }));
