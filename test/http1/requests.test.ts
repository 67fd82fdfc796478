// What the listening side takes for a request. Each case comes whole, a byte at a time, and cut up by chance.
import assert from 'node:assert/strict';
import test from 'node:test';
import { inPieces, randomOf } from '../support/http1-mutations.ts';
import { type Outcome, proxyReadsRequest } from '../support/http1-reading.ts';

const LINE = 'POST /p?q HTTP/1.1\r\nHost: sentry.example\r\n';
const CHUNKED = `${LINE}Transfer-Encoding: chunked\r\n\r\n`;

async function readings(bytes: string): Promise<Outcome[]> {
  const whole = Buffer.from(bytes, 'latin1');
  // A large head byte by byte takes seconds and shows nothing more.
  const byBytes = whole.length > 20_000 ? [whole] : [...whole].map((byte) => Buffer.from([byte]));
  const random = randomOf(whole.length);
  const ways = [[whole], byBytes, inPieces(whole, random), inPieces(whole, random)];
  return Promise.all(ways.map((chunks) => proxyReadsRequest(chunks)));
}

function takes(title: string, bytes: string, start: string, body: string): void {
  test(`takes ${title}`, async () => {
    for (const outcome of await readings(bytes)) {
      assert.ok(!('refused' in outcome), `refused: ${JSON.stringify(outcome)}`);
      assert.deepEqual({ start: outcome.start, body: outcome.body }, { start, body });
    }
  });
}

/** Either before the handler is asked, or with a body that fails. */
function refuses(title: string, bytes: string): void {
  test(`refuses ${title}`, async () => {
    for (const outcome of await readings(bytes)) {
      assert.ok('refused' in outcome || outcome.body === undefined, `taken: ${JSON.stringify(outcome)}`);
    }
  });
}

takes('the least', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'GET /', '');
takes('an empty line before it', '\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', 'GET /', '');
takes('a Host with an empty port', 'GET / HTTP/1.1\r\nHost: a:\r\n\r\n', 'GET /', '');
takes('HTTP/1.0 without Host', 'GET / HTTP/1.0\r\n\r\n', 'GET /', '');
takes('a method of its own', 'X-M!~ / HTTP/1.1\r\nHost: a\r\n\r\n', 'X-M!~ /', '');
takes(
  'every byte that a target may have',
  `GET /!"$%&'()*+,;<=>@[\\]^{|}~? HTTP/1.1\r\nHost: a\r\n\r\n`,
  `GET /!"$%&'()*+,;<=>@[\\]^{|}~?`,
  '',
);
takes('the absolute form at its own Host', 'GET http://A:80/b?c HTTP/1.1\r\nHost: a:80\r\n\r\n', 'GET /b?c', '');
takes('the absolute form without a path', 'GET http://a?c HTTP/1.1\r\nHost: a\r\n\r\n', 'GET /?c', '');
takes('200 fields', `GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(199)}\r\n`, 'GET /', '');
takes('a length', `${LINE}Content-Length: 5\r\n\r\nhello`, 'POST /p?q', 'hello');
takes('a length of nothing', `${LINE}Content-Length: 0\r\n\r\n`, 'POST /p?q', '');
takes('no more than the length', `${LINE}Content-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\n\r\n`, 'POST /p?q', 'hello');
takes('blanks around a value', `${LINE}Content-Length: \t5 \t\r\n\r\nhello`, 'POST /p?q', 'hello');
takes('chunks', `${CHUNKED}5\r\nhello\r\n00a\r\n0123456789\r\n0\r\n\r\n`, 'POST /p?q', 'hello0123456789');
takes('chunks in capitals', `${CHUNKED}A\r\n0123456789\r\n000\r\n\r\n`, 'POST /p?q', '0123456789');
takes('the coding in capitals', `${LINE}TRANSFER-ENCODING: Chunked\r\n\r\n0\r\n\r\n`, 'POST /p?q', '');
takes('chunk extensions', `${CHUNKED}5;a;b=c;d="e\\";f" ; g = h\r\nhello\r\n0;i\r\n\r\n`, 'POST /p?q', 'hello');
takes('trailers', `${CHUNKED}5\r\nhello\r\n0\r\nX: y\r\nZ:\r\n\r\n`, 'POST /p?q', 'hello');
takes('line ends inside a chunk', `${CHUNKED}4\r\n\r\n\r\n\r\n0\r\n\r\n`, 'POST /p?q', '\r\n\r\n');

refuses('201 fields', `GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(200)}\r\n`);
refuses('two empty lines before it', '\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n');
for (const line of [
  ...[
    'GET /',
    'GET / HTTP/0.9',
    'GET / HTTP/1.2',
    'GET / HTTP/2.0',
    'GET / http/1.1',
    'GET / HTTP/1.1 ',
    ' GET / HTTP/1.1',
  ],
  ...[
    'GET  / HTTP/1.1',
    'GET /  HTTP/1.1',
    'GET\t/ HTTP/1.1',
    'GET /a b HTTP/1.1',
    'GET /#f HTTP/1.1',
    'GET /\xe9 HTTP/1.1',
  ],
  ...[
    'GET /\x7f HTTP/1.1',
    'GET /\0 HTTP/1.1',
    'G(T / HTTP/1.1',
    'GET a HTTP/1.1',
    'GET * HTTP/1.1',
    'GET a:80 HTTP/1.1',
  ],
  ...['GET http://b/ HTTP/1.1', 'GET http://x@a/ HTTP/1.1', 'GET ftp://a/ HTTP/1.1', 'GET http:///a HTTP/1.1', ''],
]) {
  refuses(`the request line ${JSON.stringify(line)}`, `${line}\r\nHost: a\r\n\r\n`);
}
for (const lines of [
  ...['', 'Host:\r\n', 'Host: a\r\nHost: a\r\n', 'Host: a b\r\n', 'Host: a/b\r\n', 'Host: x@a\r\n', 'Host: a?\r\n'],
  ...['Host: a:b\r\n', 'Host: [::1\r\n', 'Host: a#b\r\n', 'Host : a\r\n', ' Host: a\r\n'],
]) {
  refuses(`the Host ${JSON.stringify(lines)}`, `GET / HTTP/1.1\r\n${lines}\r\n`);
}
for (const line of [
  ...[
    'X',
    'X Y: z',
    'X : y',
    ': y',
    'X\t: y',
    ' X: y',
    '\tX: y',
    'X: y\r\n z',
    'X\xe9: y',
    'X(: y',
    'X: a\0b',
    'X: a\x0bb',
  ],
  ...[
    'X: a\rb',
    'X: a\nb',
    'X: a\r\r',
    'X: a\x7f',
    'X: a\n',
    '\r',
    'Authorization: a\r\nAuthorization: b',
    'Expect: 200-ok',
  ],
]) {
  refuses(`the field line ${JSON.stringify(line)}`, `GET / HTTP/1.1\r\nHost: a\r\n${line}\r\n\r\n`);
}
for (const line of [
  ...[
    '5, 5',
    '5,5',
    '05',
    '00',
    '+5',
    '-5',
    '5.0',
    '5e0',
    '0x5',
    '',
    '5 5',
    '9007199254740993',
    '１',
    '5;',
    '5\r\nContent-Length: 5',
  ],
].map((value) => `Content-Length: ${value}`)) {
  refuses(line.replaceAll('\r\n', ' and '), `${LINE}${line}\r\n\r\nhello`);
}
for (const line of [
  ...[
    'gzip',
    'identity',
    'chunked, chunked',
    'gzip, chunked',
    'chunked, gzip',
    'chunked;q=1',
    '"chunked"',
    ',chunked',
    '',
  ],
  ...[
    'chunked,',
    'xchunked',
    'chunked x',
    '\x0bchunked',
    'chunked\r\nTransfer-Encoding: chunked',
    'chunked\r\nContent-Length: 5',
  ],
].map((value) => `Transfer-Encoding: ${value}`)) {
  refuses(JSON.stringify(line), `${LINE}${line}\r\n\r\n0\r\n\r\n`);
}
refuses('a length before the coding', `${LINE}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`);
refuses('a coding in HTTP/1.0', 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n');
refuses('a body cut short', `${LINE}Content-Length: 5\r\n\r\nhell`);
for (const body of [
  ...[
    '',
    '5',
    '5\r\n',
    '5\r\nhello',
    '5\r\nhello\r\n',
    '5\r\nhello\r\n0',
    '5\r\nhello\r\n0\r\n',
    '0\r\n\r',
    '0\r\nX: y\r\n',
  ],
  ...[
    '0\n\n',
    '0\r\n\n',
    '5\nhello\r\n0\r\n\r\n',
    '5\r\nhello\n0\r\n\r\n',
    '5\r\nhello0\r\n\r\n',
    '5\r\nhello\r0\r\n\r\n',
  ],
  ...['4\r\nhello\r\n0\r\n\r\n', '6\r\nhello\r\n0\r\n\r\n', '5\r\r\nhello\r\n0\r\n\r\n', ' 5\r\nhello\r\n0\r\n\r\n'],
  ...[
    '5 \r\nhello\r\n0\r\n\r\n',
    '+5\r\nhello\r\n0\r\n\r\n',
    '-5\r\nhello\r\n0\r\n\r\n',
    '0x5\r\nhello\r\n0\r\n\r\n',
    'g\r\n',
  ],
  ...[
    '5_0\r\n',
    '\r\n',
    ';a\r\n',
    '5;\r\nhello\r\n0\r\n\r\n',
    '5;a="b\r\nhello\r\n0\r\n\r\n',
    '5;a=b c\r\nhello\r\n0\r\n\r\n',
  ],
  ...['5;a\x0b\r\nhello\r\n0\r\n\r\n', '5;a=b\rc\r\nhello\r\n0\r\n\r\n', '1000000000000005\r\nhello\r\n0\r\n\r\n'],
  ...[
    '0\r\nX\r\n\r\n',
    '0\r\n X: y\r\n\r\n',
    '0\r\nX : y\r\n\r\n',
    '0\r\nX: \0\r\n\r\n',
    '0\r\nContent-Length: 5\r\n\r\n',
  ],
  ...[
    '0\r\nTransfer-Encoding: chunked\r\n\r\n',
    `5;a=${'b'.repeat(5000)}\r\nhello\r\n0\r\n\r\n`,
    `0\r\nX: ${'y'.repeat(9000)}\r\n\r\n`,
  ],
]) {
  refuses(`the chunks ${JSON.stringify(body.slice(0, 40))}`, CHUNKED + body);
}
