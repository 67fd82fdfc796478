import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { decodeStoredToken } from '../../adapters/system-token/postgres/stored-token.ts';

const HEX64 = '0123456789abcdef'.repeat(4);
const HEX40 = HEX64.slice(0, 40);
const HEX32 = HEX64.slice(0, 32);

const base64 = (...parts: (string | number[])[]): string =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))),
  ).toString('base64');

const accepts = (value: unknown, token: string): void => assert.deepEqual(decodeStoredToken(value), { token });

const refuses = (value: unknown, reason: RegExp): void => {
  const result = decodeStoredToken(value);
  assert.ok('reason' in result, 'a token was found');
  assert.match(result.reason, reason);
};

const NOTHING = /^No token is stored yet\./;
const PICKLE = /pickle that is damaged or holds something other/;
const CHARACTERS = /characters that an HTTP header cannot carry/;

describe('a stored token is read', () => {
  it('from a jsonb column, as the driver hands it on', () => {
    for (const token of [HEX64, HEX40, HEX32, HEX64.toUpperCase()]) accepts(token, token);
  });

  it('from JSON text', () => {
    accepts(`"${HEX64}"`, HEX64);
    accepts(` "${HEX40}"\n`, HEX40);
    accepts('"\\u0061b\\/c"', 'ab/c');
  });

  it('from a bare string, with any text of the operator', () => {
    for (const token of [
      'secret',
      's.e-c_r~e+t/==',
      'sntrys_eyJpYXQiOjE3MDAwMDAwMDB9_abc',
      '12345',
      '1e5',
      '{not-json',
      'VGhpcyBpcyBub3QgYSBwaWNrbGU=',
      'a$b',
    ]) {
      accepts(token, token);
    }
  });

  // Written by Python 3's pickle module.
  const python3: [string, string][] = [
    ['protocol 0', 'VjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYKcDAKLg=='],
    ['protocol 1', 'WEAAAAAwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmcQAu'],
    [
      "protocol 2, Sentry's own",
      'gAJYQAAAADAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWZxAC4=',
    ],
    [
      'protocol 3',
      'gANYQAAAADAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWZxAC4=',
    ],
    [
      'protocol 4',
      'gASVRAAAAAAAAACMQDAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWaULg==',
    ],
    [
      'protocol 5',
      'gAWVRAAAAAAAAACMQDAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWaULg==',
    ],
    [
      'bytes, protocol 3',
      'gANDQDAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWZxAC4=',
    ],
    [
      'bytes, protocol 4',
      'gASVRAAAAAAAAABDQDAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWaULg==',
    ],
  ];
  for (const [name, stored] of python3) it(`from a pickle of Python 3: ${name}`, () => accepts(stored, HEX64));

  it('from a pickle of 32 hex digits', () => {
    accepts('gAJYIAAAADAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmcQAu', HEX32);
  });

  const python2: [string, string][] = [
    ['unicode, protocol 2', base64([0x80, 2], 'X', [64, 0, 0, 0], HEX64, 'q', [1], '.')],
    ['str, protocol 2', base64([0x80, 2], 'U', [64], HEX64, 'q', [1], '.')],
    ['str, protocol 1', base64('U', [64], HEX64, 'q', [1], '.')],
    ['str, protocol 0', base64(`S'${HEX64}'\np1\n.`)],
    ['str, protocol 0, double quotes', base64(`S"${HEX64}"\np1\n.`)],
    ['long str, protocol 2', base64([0x80, 2], 'T', [64, 0, 0, 0], HEX64, 'q', [1], '.')],
  ];
  for (const [name, stored] of python2) it(`from a pickle of Python 2: ${name}`, () => accepts(stored, HEX64));

  it('from the rarer opcodes of a string', () => {
    accepts(base64([0x80, 3], 'B', [64, 0, 0, 0], HEX64, '.'), HEX64);
    accepts(base64([0x80, 4, 0x8d, 64, 0, 0, 0, 0, 0, 0, 0], HEX64, [0x94], '.'), HEX64);
    accepts(base64([0x80, 4, 0x8e, 64, 0, 0, 0, 0, 0, 0, 0], HEX64, [0x94], '.'), HEX64);
    accepts(base64([0x80, 2], 'X', [3, 0, 0, 0], 'abc', 'r', [0, 1, 0, 0], '.'), 'abc');
    accepts(base64('Va\\u005cb\np0\n.'), 'a\\b');
  });
});

describe('no token is found', () => {
  it('where nothing is stored', () => {
    for (const value of [null, undefined, 'null', 'gAJOLg==', 'Ti4=']) refuses(value, NOTHING);
  });

  it('in an empty string', () => {
    for (const value of ['', '""', 'gAJYAAAAAHEALg==']) refuses(value, /is empty/);
  });

  it('in a value of another type', () => {
    refuses({ token: HEX64 }, /is an object, not a string/);
    refuses([HEX64], /is an array/);
    refuses(42, /is a number/);
    refuses(true, /is a boolean/);
    refuses(Buffer.from(HEX64), /is binary/);
    refuses(`{"token":"${HEX64}"}`, /is an object/);
    refuses(`["${HEX64}"]`, /is an array/);
    refuses('false', /is a boolean/);
  });

  it('in an encrypted value, which is called that', () => {
    refuses('\u00EF\u00BB\u00BFfernet$Zm9vYmFy', /encrypted \(SENTRY_ENCRYPTION_SCHEMES\)/);
    refuses('\uFEFFfernet$Zm9vYmFy', /encrypted \(SENTRY_ENCRYPTION_SCHEMES\)/);
  });

  it('in a value that no header can carry', () => {
    for (const token of ['a b', 'a\r\nX-Evil: 1', 'a\0', 'a\x7f', 'é', '\u2028', ' a', 'a\n']) {
      refuses(token, CHARACTERS);
      refuses(JSON.stringify(token), CHARACTERS);
    }
    refuses(base64([0x80, 2], 'X', [4, 0, 0, 0], 'a\r\nb', 'q', [0], '.'), CHARACTERS);
    refuses(base64([0x80, 2], 'X', [2, 0, 0, 0], [0xc3, 0xa9], 'q', [0], '.'), CHARACTERS);
    refuses(base64('Va\\u000ab\np0\n.'), CHARACTERS);
    refuses('a'.repeat(5000), /more than 4096 characters/);
  });

  it('in JSON that was cut off', () => {
    refuses(`"${HEX64}`, /cut off or damaged/);
  });

  const hostile: [string, string][] = [
    ['a global and a call', base64("cos\nsystem\n(S'id'\ntR.")],
    ['a global and a call, protocol 2', base64([0x80, 2], 'cposix\nsystem\nq\0X', [2, 0, 0, 0], 'id', [0x85], 'R.')],
    ['a global from the stack', base64([0x80, 4, 0x8c, 2], 'os', [0x8c, 6], 'system', [0x93], '.')],
    ['an instance', base64("(S'id'\nios\nsystem\n.")],
    ['bytes as Python 3 writes them in protocol 2', base64([0x80, 2], 'c_codecs\nencode\nq\0X', [1, 0, 0, 0], 'a.')],
    ['a persistent id', base64([0x80, 2], 'X', [1, 0, 0, 0], 'aQ.')],
    ['an extension', base64([0x80, 2, 0x82, 1], '.')],
    ['a length far beyond the end', base64([0x80, 2], 'X', [0xff, 0xff, 0xff, 0xff], 'abc.')],
    ['a length of 64 bits beyond the end', base64([0x80, 4, 0x8d, 3, 0, 0, 0, 0, 0, 0, 0xff], 'abc.')],
    ['a length one beyond the end', base64([0x80, 2], 'X', [5, 0, 0, 0], 'abc.')],
    ['no opcode at all', base64([0x80, 2])],
    ['no STOP', base64([0x80, 2], 'X', [3, 0, 0, 0], 'abc')],
    ['something after STOP', base64([0x80, 2], 'X', [3, 0, 0, 0], 'abc..')],
    ['two strings', base64([0x80, 2], 'X', [1, 0, 0, 0], 'aX', [1, 0, 0, 0], 'b.')],
    ['two memos', base64([0x80, 2], 'X', [1, 0, 0, 0], 'aq\0q\x01.')],
    ['a fetch from the memo', base64([0x80, 2], 'X', [1, 0, 0, 0], 'aq\0', '0h\0.')],
    ['a memo before anything', base64([0x80, 2], 'q\0.')],
    ['a memo without a number', base64('Va\npx\n.')],
    ['a string without its newline', base64([0x80, 0], 'Vabc.')],
    ['a literal without quotes', base64('Sabc\np0\n.')],
    ['a literal with one quote', base64("S'\np0\n.")],
    ['a literal with an escape', base64("S'a\\x41'\np0\n.")],
    ['a dict', base64([0x80, 2], '}q\0.')],
    ['a dict, protocol 0', base64('(dp0\n.')],
    ['a list', base64([0x80, 4], ']', [0x94], '.')],
    ['a number', base64('I1\n.')],
    ['a frame cut off', base64([0x80, 4, 0x95, 1, 2])],
  ];
  for (const [name, stored] of hostile) it(`in a pickle with ${name}`, () => refuses(stored, PICKLE));

  it("in any part of Sentry's own pickle: a value that was cut off is never taken for a token", () => {
    const whole = base64([0x80, 2], 'X', [64, 0, 0, 0], HEX64, 'q', [0], '.');
    for (let length = 4; length < whole.length; length++) {
      if (whole.slice(0, length).endsWith('=')) continue;
      refuses(whole.slice(0, length), PICKLE);
    }
  });
});

describe('reading a stored token', () => {
  it('never throws, gives a token that a header can carry or a reason, and never quotes the value', () => {
    const opcodes = 'XUTSVCBNq.rp(]}cR0\n\x80\x02\x04\x95\x8c\x8d\x8e\x94\x00\x01\x03\x08';
    for (let round = 0; round < 20_000; round++) {
      const bytes = randomBytes(1 + (round % 40));
      // Half of the rounds are made of opcodes only, or they would never get beyond the first one.
      if (round % 2) bytes.set(bytes.map((byte) => opcodes.charCodeAt(byte % opcodes.length)));
      for (const value of [bytes.toString('base64'), bytes.toString('latin1'), bytes.toString('utf8')]) {
        const result = decodeStoredToken(value);
        if ('token' in result) assert.match(result.token, /^[\x21-\x7e]+$/);
        else if (value.length > 12) assert.ok(!result.reason.includes(value));
      }
    }
  });

  it('takes a large hostile value in its stride', () => {
    const size = 2 ** 22;
    refuses('['.repeat(size), /more than 4096/);
    refuses(base64([0x80, 2], 'X', [0xff, 0xff, 0xff, 0x7f], 'a'.repeat(size)), PICKLE);
    refuses(base64(`V${'\\u0041'.repeat(size / 8)}\np0\n.`), /more than 4096/);
    refuses('\u00EF\u00BB\u00BF'.repeat(size / 4), /more than 4096/);
  });
});
