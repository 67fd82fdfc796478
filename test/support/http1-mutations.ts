// Messages that are nearly right, made from a seed.

/** Whole numbers from 0 up to, but not including, `below`. */
export type Random = (below: number) => number;

/** Mulberry32: small, and the same on every platform. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)]!;

const REQUESTS = [
  'GET /api/0/projects/?a=b&c=%20d HTTP/1.1\r\nHost: sentry.example\r\nAccept: */*\r\n\r\n',
  'GET / HTTP/1.0\r\n\r\n',
  'HEAD http://sentry.example/x HTTP/1.1\r\nHost: sentry.example\r\nConnection: close, X-Y\r\nX-Y: 1\r\n\r\n',
  'POST /p HTTP/1.1\r\nHost: a:8080\r\nContent-Length: 11\r\n\r\nhello world',
  'PUT /p HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 0\r\nX-Empty:\r\n\r\n',
  'POST /p HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc',
  'POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;q="x;y"\r\n world\r\n0\r\n\r\n',
  'POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a\r\nTrailer: X\r\n\r\n00A\r\n0123456789\r\n0\r\nX: y\r\nZ: \r\n\r\n',
  'DELETE /d HTTP/1.1\r\nhost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n',
];

const RESPONSES = [
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\nhello world',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n000\r\nX: y\r\n\r\n',
  'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end',
  'HTTP/1.0 200\r\nX: y\r\n\r\nuntil the end',
  'HTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 100\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}',
  'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n',
];

const PIECES = [
  ...['\0', '\t', ' ', '\r', '\n', '\r\n', '\r\n\r\n', '\x0b', '\x0c', '\x1f', '\x7f', '\x80', '\x85', '\xa0', '\xff'],
  ...[':', ';', ',', '"', '\\', '=', '/', '?', '#', '@', '%', '+', '-', '_', '.', '0', '1', '9', 'a', 'F', 'x', '0x'],
  ...['chunked', 'identity', 'gzip', 'close', 'HTTP/1.1', 'HTTP/1.0', '\r\n ', '\r\n\t', ' ,', '1e1', '0\r\n\r\n'],
];

const LINES = [
  ...['Content-Length: 5', 'Content-Length: 3', 'Content-Length: 0', 'Content-Length: 05', 'Content-Length: +5'],
  ...['Content-Length: 5, 5', 'Content-Length:', 'Content-Length: 99999999999999999999', 'Content-Length : 5'],
  ...['Transfer-Encoding: chunked', 'Transfer-Encoding: gzip, chunked', 'Transfer-Encoding: identity'],
  ...['Transfer-Encoding: chunked, chunked', 'Transfer-Encoding : chunked', 'Transfer-Encoding:\x0bchunked'],
  ...['Transfer-Encoding:', 'Transfer-Encoding: "chunked"', 'Host: b', 'Host:', 'Connection: close', ' folded'],
  ...['Connection: keep-alive', 'Expect: 100-continue', 'Expect: 200', 'Upgrade: x', 'X\0: y', ': y', 'X', 'X: \xe9'],
];

type Mutation = (text: string, random: Random) => string;

const replaced = (text: string, at: number, count: number, by: string): string =>
  text.slice(0, at) + by + text.slice(at + count);

const MUTATIONS: readonly Mutation[] = [
  (text, random) => replaced(text, random(text.length + 1), 0, pick(random, PIECES)),
  (text, random) => replaced(text, random(text.length + 1), 1, pick(random, PIECES)),
  (text, random) => replaced(text, random(text.length + 1), 1 + random(4), ''),
  (text, random) => replaced(text, random(text.length + 1), 1, String.fromCharCode(random(256))),
  (text, random) => {
    const lines = text.split('\r\n');
    lines.splice(1 + random(Math.max(1, lines.length - 1)), random(2), pick(random, LINES));
    return lines.join('\r\n');
  },
  (text, random) => {
    const lines = text.split('\r\n');
    lines.splice(random(lines.length), 0, pick(random, lines));
    return lines.join('\r\n');
  },
  (text, random) => {
    const ends = [...text.matchAll(/\r\n/g)];
    const at = ends.length === 0 ? 0 : pick(random, ends).index;
    return replaced(text, at, 2, pick(random, ['\n', '\r', '\n\r', '\r\r\n', '\r\n\r\n', ' \r\n', '']));
  },
  (text, random) => {
    const numbers = [...text.matchAll(/\d+/g)];
    const found = numbers.length === 0 ? { index: 0, 0: '' } : pick(random, numbers);
    const by = [String(Number(found[0]) + 1), `0${found[0]}`, `-${found[0]}`, '', '9'.repeat(16), `${found[0]} `];
    return replaced(text, found.index, found[0].length, pick(random, by));
  },
  (text, random) => text.slice(0, random(text.length + 1)),
  (text, random) => {
    const at = random(text.length + 1);
    const part = text.slice(at, at + 1 + random(12));
    return replaced(text, at, part.length, random(2) ? part.toUpperCase() : part.toLowerCase());
  },
];

function mutated(corpus: readonly string[], random: Random): Buffer[] {
  let text = pick(random, corpus);
  if (random(8) === 0) text += pick(random, corpus);
  for (let left = random(4); left > 0; left--) text = pick(random, MUTATIONS)(text, random);
  return inPieces(Buffer.from(text, 'latin1'), random);
}

/** Cuts bytes up as a network may: not at all, anywhere, or after every byte. */
export function inPieces(bytes: Buffer, random: Random): Buffer[] {
  const longest = pick(random, [bytes.length + 1, 40, 7, 1]);
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + random(longest);
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

export const requestOf = (seed: number): Buffer[] => mutated(REQUESTS, randomOf(seed));

export function responseOf(seed: number): { chunks: Buffer[]; method: string } {
  const random = randomOf(seed);
  const method = pick(random, ['GET', 'GET', 'GET', 'POST', 'HEAD']);
  return { chunks: mutated(RESPONSES, random), method };
}
