// The value of `SELECT value FROM sentry_option`, in every form in which Sentry has stored its system token.

import { isSendableToken } from '../../../src/http/grammar.ts';

/** The token, or why there is none: a sentence for the operator that never quotes the value. */
type StoredToken = { token: string } | { reason: string };

/**
 * Finds the token in a stored option value.
 *
 * | Sentry      | column | value                                                                       |
 * | ----------- | ------ | --------------------------------------------------------------------------- |
 * | from 25.8   | jsonb  | a JSON string, which the driver has already parsed                          |
 * | from 23.4   | text   | JSON text, with its quotes (getsentry/sentry#45996)                         |
 * | before      | text   | base64 of a Python pickle, protocol 2; other protocols are accepted too     |
 *
 * In the text columns a bare string also works: Sentry itself falls back to it (`PickledObjectField.to_python`).
 *
 * Never throws, for any input.
 */
export function decodeStoredToken(value: unknown): StoredToken {
  if (value === null || value === undefined) return NOTHING_STORED;
  if (typeof value !== 'string') return refuse(`The stored value is ${kindOf(value)}, not a string.`);
  // Hex first: 64 hex digits are well-formed base64 too, and text like 1e5 is well-formed JSON.
  if (/^[0-9a-f]+$/i.test(value)) return usable(value);
  // sentry/utils/encryption.py: MARKER = "\xef\xbb\xbf", written as bytes by Python 2 and as characters by Python 3.
  if (/^(?:\uFEFF|\u00EF\u00BB\u00BF)[^$]*\$/.test(value)) {
    return refuse('The stored value is encrypted (SENTRY_ENCRYPTION_SCHEMES). Give the token itself instead.');
  }
  const json = parseJson(value);
  if (typeof json === 'string') return usable(json);
  if (json === null) return NOTHING_STORED;
  if (typeof json === 'object' || typeof json === 'boolean') {
    return refuse(`The stored value is ${kindOf(json)}, not a string.`);
  }
  if (value.startsWith('"')) return refuse('The stored value is JSON that was cut off or damaged.');
  return decodePickle(value) ?? usable(value);
}

const NOTHING_STORED = refuse(
  'No token is stored yet. Sentry makes one when its API first gets a request with a bearer token. If its configuration ' +
    'sets sentry:system-token (SENTRY_OPTIONS or config.yml), nothing is stored: give that token itself instead.',
);
const EMPTY = refuse('The stored token is empty.');
const BAD_PICKLE = refuse(
  'The stored value is a Python pickle that is damaged or holds something other than a string.',
);

/** HTTP servers commonly refuse header lines longer than this. */
const MAX_LENGTH = 4096;

function usable(token: string): StoredToken {
  if (token === '') return EMPTY;
  if (token.length > MAX_LENGTH) return refuse(`The stored token has more than ${MAX_LENGTH} characters.`);
  // RFC 6750 credentials have no spaces, RFC 9110 field values no control characters, and beyond ASCII both ends guess.
  if (!isSendableToken(token)) {
    return refuse('The stored token contains white space or characters that an HTTP header cannot carry.');
  }
  return { token };
}

function refuse(reason: string): { reason: string } {
  return { reason };
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Uint8Array) return 'binary';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The content of a pickle; undefined if the text is not a pickle, and so may itself be a token. */
function decodePickle(text: string): StoredToken | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  const versioned = bytes[0] === 0x80 && bytes[1]! <= 5;
  const complete = bytes.toString('base64') === text;
  if (complete) {
    const value = readPickle(bytes);
    if (value === null) return NOTHING_STORED;
    if (value !== undefined) return usable(value);
  }
  // Protocols 0 and 1 have no mark at the start. An opcode there and STOP at the end identify them.
  const unversioned = complete && bytes.at(-1) === 0x2e && FIRST_OPCODES.includes(String.fromCharCode(bytes[0]!));
  return versioned || unversioned ? BAD_PICKLE : undefined;
}

/** The first byte of a pickle of protocol 0 or 1: a mark, a container, a constant, a number, a string, a global. */
const FIRST_OPCODES = '(]})NIJKLMFGSTUVXcCB';

/**
 * Reads a pickle of one string (or None: null) as data. This is not Python's pickle machine: the grammar is
 * `PROTO? FRAME? string memo? STOP`, the only form that Python ever wrote for a string. The result is undefined for any
 * other form.
 * Opcodes as in CPython's Lib/pickletools.py.
 */
function readPickle(bytes: Buffer): string | null | undefined {
  let at = 0;
  let intact = true;

  const take = (length: number): Buffer => {
    if (length > bytes.length - at) intact = false;
    const end = intact ? at + length : bytes.length;
    const taken = bytes.subarray(at, end);
    at = end;
    return taken;
  };
  const takeNumber = (width: 1 | 4 | 8): number => {
    const raw = take(width);
    if (!intact) return 0;
    return width === 8 ? Number(raw.readBigUInt64LE()) : raw.readUIntLE(0, width);
  };
  const takeLine = (): string => {
    const newline = bytes.indexOf(0x0a, at);
    if (newline < 0) intact = false;
    const line = take(newline - at).toString('latin1');
    take(1);
    return line;
  };
  const skip = (opcode: number): boolean => {
    if (!intact || bytes[at] !== opcode) return false;
    at += 1;
    return true;
  };

  if (skip(0x80) && takeNumber(1) > 5) return undefined; // PROTO
  if (skip(0x95)) takeNumber(8); // FRAME: a hint for buffering

  let value: string | null;
  const opcode = take(1).toString('latin1');
  // Bytes become characters one by one: a token is ASCII, and any other token is refused later.
  switch (opcode) {
    case '\x8c': // SHORT_BINUNICODE
    case 'U': // SHORT_BINSTRING
    case 'C': // SHORT_BINBYTES
      value = take(takeNumber(1)).toString('latin1');
      break;
    case 'X': // BINUNICODE
    case 'T': // BINSTRING
    case 'B': // BINBYTES
      value = take(takeNumber(4)).toString('latin1');
      break;
    case '\x8d': // BINUNICODE8
    case '\x8e': // BINBYTES8
      value = take(takeNumber(8)).toString('latin1');
      break;
    case 'V': // UNICODE, "raw-unicode-escape"
      value = takeLine().replace(/\\u([0-9a-f]{4})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
      break;
    case 'S': {
      // STRING, a Python literal; one with escapes is not a Sentry token
      const literal = /^(['"])([^\\]*)\1$/.exec(takeLine());
      if (!literal) return undefined;
      value = literal[2]!;
      break;
    }
    case 'N': // NONE
      value = null;
      break;
    default:
      return undefined;
  }

  if (skip(0x71)) {
    take(1); // BINPUT
  } else if (skip(0x72)) {
    take(4); // LONG_BINPUT
  } else if (skip(0x70)) {
    if (!/^\d+$/.test(takeLine())) return undefined; // PUT
  } else {
    skip(0x94); // MEMOIZE
  }
  const stopped = skip(0x2e) && at === bytes.length;
  return intact && stopped ? value : undefined;
}
