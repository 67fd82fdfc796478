// What the upstream side takes for a response. Each case comes whole, a byte at a time, and cut up by chance.
import assert from 'node:assert/strict';
import test from 'node:test';
import { inPieces, randomOf } from '../support/http1-mutations.ts';
import { type Outcome, proxyReadsResponse } from '../support/http1-reading.ts';

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const SECOND = `${OK}Content-Length: 4\r\n\r\nevil`;

async function readings(bytes: string, method: string): Promise<Outcome[]> {
  const whole = Buffer.from(bytes, 'latin1');
  // A large head byte by byte takes seconds and shows nothing more.
  const byBytes = whole.length > 20_000 ? [whole] : [...whole].map((byte) => Buffer.from([byte]));
  const random = randomOf(whole.length);
  const ways = [[whole], byBytes, inPieces(whole, random), inPieces(whole, random)];
  return Promise.all(ways.map((chunks) => proxyReadsResponse(chunks, method)));
}

/** Says the response as far as it goes, or refuses it, as a response that is said to be the last and is not. */
function misreadsNothing(title: string, bytes: string, start: string, body: string): void {
  test(`takes no more than ${title}`, async () => {
    for (const outcome of await readings(bytes, 'GET')) {
      if (!('refused' in outcome)) assert.deepEqual({ start: outcome.start, body: outcome.body }, { start, body });
    }
  });
}

function takes(title: string, bytes: string, start: string, body: string, method = 'GET'): void {
  test(`takes ${title}`, async () => {
    for (const outcome of await readings(bytes, method)) {
      assert.ok(!('refused' in outcome), `refused: ${JSON.stringify(outcome)}`);
      assert.deepEqual({ start: outcome.start, body: outcome.body }, { start, body });
    }
  });
}

/** Either before the client hears of it, or with a body that fails. */
function refuses(title: string, bytes: string): void {
  test(`refuses ${title}`, async () => {
    for (const outcome of await readings(bytes, 'GET')) {
      assert.ok('refused' in outcome || outcome.body === undefined, `taken: ${JSON.stringify(outcome)}`);
    }
  });
}

takes('a length', `${OK}Content-Length: 5\r\n\r\nhello`, '200 OK', 'hello');
takes('no more than the length', `${OK}Content-Length: 5\r\n\r\nhello${SECOND}`, '200 OK', 'hello');
for (const [title, behind] of [
  ['an empty line', '\r\n'],
  ['text', 'and more'],
  ['a NUL', '\0'],
  ['another response', SECOND],
  ['100 KB', 'x'.repeat(100_000)],
]) {
  for (const fields of ['', 'Connection: close\r\n', 'Connection: keep-alive\r\n']) {
    const to = `with ${title} behind it${fields && `, ${fields.trim()}`}`;
    const check = fields.includes('close') && behind !== '\r\n' ? misreadsNothing : takes;
    check(`a length ${to}`, `${OK}${fields}Content-Length: 5\r\n\r\nhello${behind}`, '200 OK', 'hello');
    check(
      `chunks ${to}`,
      `${OK}${fields}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n${behind}`,
      '200 OK',
      'hello',
    );
    check(`an empty body ${to}`, `${OK}${fields}Content-Length: 0\r\n\r\n${behind}`, '200 OK', '');
    check(`204 ${to}`, `HTTP/1.1 204 No Content\r\n${fields}\r\n${behind}`, '204 No Content', '');
  }
}
takes('chunks', `${CHUNKED}5\r\nhello\r\n1;a=b\r\n!\r\n0\r\nX: y\r\n\r\n`, '200 OK', 'hello!');
takes('no more than the chunks', `${CHUNKED}5\r\nhello\r\n0\r\n\r\n${SECOND}`, '200 OK', 'hello');
takes('a body until the close', `${OK}\r\nhello${SECOND}`, '200 OK', `hello${SECOND}`);
takes('an empty body until the close', `${OK}\r\n`, '200 OK', '');
takes('HTTP/1.0', 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nhello', '200 OK', 'hello');
takes('no reason', `HTTP/1.1 404\r\nContent-Length: 2\r\n\r\nno`, '404 ', 'no');
takes('an empty reason', `HTTP/1.1 404 \r\nContent-Length: 2\r\n\r\nno`, '404 ', 'no');
takes('a reason in Latin-1', `HTTP/1.1 404 Non trouv\xe9\r\nContent-Length: 2\r\n\r\nno`, '404 Non trouv\xe9', 'no');
takes('what follows a 100', `HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 5\r\n\r\nhello`, '200 OK', 'hello');
takes(
  'what follows hints',
  `${'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(3)}${CHUNKED}0\r\n\r\n`,
  '200 OK',
  '',
);
takes('204 with a body', `HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello`, '204 No Content', '');
takes(
  '204 with chunks',
  `HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  '204 No Content',
  '',
);
takes(
  '304 with the length of another',
  `HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n`,
  '304 Not Modified',
  '',
);
takes('HEAD answered with a length', `${OK}Content-Length: 5\r\n\r\n`, '200 OK', '', 'HEAD');
takes('HEAD answered with a body', `${OK}Content-Length: 5\r\n\r\nhello`, '200 OK', '', 'HEAD');
takes('HEAD answered with chunks', `${CHUNKED}5\r\nhello\r\n0\r\n\r\n`, '200 OK', '', 'HEAD');
takes('HEAD answered without framing', `${OK}\r\n`, '200 OK', '', 'HEAD');

for (const line of [
  ...[
    '',
    'HTTP/1.1',
    'HTTP/1.1 ',
    'HTTP/1.1 20',
    'HTTP/1.1 2000',
    'HTTP/1.1 099 X',
    'HTTP/1.1 600 X',
    'HTTP/1.1 999 X',
  ],
  ...['HTTP/1.1 2x0 X', 'HTTP/1.1 +20 X', 'HTTP/1.1  200 OK', 'HTTP/1.1\t200 OK', 'HTTP/1.2 200 OK', 'HTTP/2 200 OK'],
  ...['HTTP/2.0 200 OK', 'http/1.1 200 OK', ' HTTP/1.1 200 OK', 'ICY 200 OK', 'HTTP/1.1 200OK', 'HTTP/1.1 200 O\0K'],
  ...['HTTP/1.1 200 O\x7fK', 'HTTP/1.1 200 O\rK', 'HTTP/1.1 200 O\nK', 'HTTP/1.1 101 Switching Protocols'],
]) {
  refuses(`the status line ${JSON.stringify(line)}`, `${line}\r\nContent-Length: 2\r\n\r\nok`);
}
for (const line of [
  ...[
    'X',
    'X Y: z',
    'X : y',
    ': y',
    ' X: y',
    'X: y\r\n z',
    'X\xe9: y',
    'X: a\0b',
    'X: a\rb',
    'X: a\nb',
    'X: a\x7f',
    'X: a\n',
  ],
  ...['Content-Length: 2', 'Content-Length : 2', 'Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
]) {
  refuses(`the field line ${JSON.stringify(line)}`, `${OK}Content-Length: 2\r\n${line}\r\n\r\nok`);
}
for (const value of ['2, 2', '02', '+2', '-2', '2.0', '0x2', '', '2 2', '99999999999999999999']) {
  refuses(`Content-Length: ${value}`, `${OK}Content-Length: ${value}\r\n\r\nok`);
  refuses(
    `Content-Length: ${value} in an interim response`,
    `HTTP/1.1 103 X\r\nContent-Length: ${value}\r\n\r\n${SECOND}`,
  );
}
for (const value of ['gzip', 'identity', 'chunked, chunked', 'gzip, chunked', '', 'chunked;q=1', 'chunked, identity']) {
  refuses(`Transfer-Encoding: ${value}`, `${OK}Transfer-Encoding: ${value}\r\n\r\n0\r\n\r\n`);
}
refuses('chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n');
refuses('empty lines before it', `\r\n${OK}Content-Length: 2\r\n\r\nok`);
refuses('a head that does not end', `${OK}X: y\r\n`);
refuses('nothing', '');
refuses('interim responses alone', 'HTTP/1.1 100 Continue\r\n\r\n');
refuses('interim responses without end', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(3000));
refuses('a head of 100 KB', `${OK}X: ${'y'.repeat(100_000)}\r\n\r\n`);
refuses('1500 field lines', `${OK}${'X: y\r\n'.repeat(1500)}\r\n`);
refuses('a body cut short', `${OK}Content-Length: 5\r\n\r\nhell`);
for (const body of [
  ...[
    '',
    '5\r\nhello\r\n',
    '5\r\nhell',
    '5\r\nhello\r\n0\r\n',
    '0\n\n',
    '5\nhello\r\n0\r\n\r\n',
    '4\r\nhello\r\n0\r\n\r\n',
  ],
  ...[
    '6\r\nhello\r\n0\r\n\r\n',
    'x\r\n',
    '5 \r\nhello\r\n0\r\n\r\n',
    '0\r\nContent-Length: 5\r\n\r\n',
    '0\r\nX\r\n\r\n',
  ],
]) {
  refuses(`the chunks ${JSON.stringify(body)}`, CHUNKED + body);
}
