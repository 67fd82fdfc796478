import { join } from 'node:path';
import { Embedder } from './embedder.ts';
import type { Target } from './targets.ts';

const embedder = new Embedder(join(import.meta.dirname, 'node-http-server.ts'));

export const nodeHttp: Target = {
  name: `node:http ${process.version}`,
  lendsPeer: true,
  async start({ upstream, token, aliases, flags = {} }) {
    const aliasTokens = aliases.map((alias) => alias.trim()).filter((alias) => alias !== '');
    const { readHeaderTimeout, readTimeout, maxHeaderSize, upstreamHeaders, ...others } = flags;
    const milliseconds = (seconds: number | undefined) => seconds && seconds * 1000;
    const listener = {
      ...others,
      sentryUri: upstream,
      token,
      ...(aliasTokens.length > 0 && { aliasTokens }),
      ...(aliasTokens.length === 0 && flags.clients === undefined && { allowAnyClient: true }),
      upstreamHeaders: upstreamHeaders?.join('\n'),
      writeTimeout: milliseconds(flags.writeTimeout),
    };
    const server = {
      headersTimeout: milliseconds(readHeaderTimeout),
      requestTimeout: milliseconds(readTimeout),
      maxHeaderSize,
      connectionsCheckingInterval: 100,
    };
    return embedder.start({ listener, server });
  },
  refusesWith: [400, 0],
  gaps: {
    'kept client connections': {
      reason: "whether a connection is kept for the next request is the server's to say, and by default it is",
      link: 'https://nodejs.org/api/http.html#serverkeepalivetimeout',
      tests: [
        /^framing: does not read a second request/,
        /^response fields: (drops Keep-Alive of|adds no field but Connection)/,
      ],
    },
    'requests that Node keeps from the listener': {
      reason: 'CONNECT is a separate event, and methods that Node does not know are malformed to it',
      link: 'https://nodejs.org/api/http.html#event-connect_1',
      tests: [/^request target: refuses (TRACK|CONNECT) \S+ with 405/],
    },
    'errors before the listener': {
      reason: 'what Node refuses by itself it answers without content',
      link: 'https://nodejs.org/api/http.html#event-clienterror',
      tests: [
        /^errors: answers (nonsense|framing that is not acceptable) with 400 in full/,
        'errors: answers a header section above the limit with 431 in full',
        /^lifetimes: answers 408 to a (header section|body|chunked body) that does not end/,
      ],
    },
    'two blanks in the request line': {
      reason: "Node's parser skips the second one",
      link: 'https://github.com/nodejs/llhttp',
      tests: ['framing: refuses two blanks in the request line'],
    },
  },
};
