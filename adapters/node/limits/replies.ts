/** A store that does not answer, answers with an error, or does not speak its protocol. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  /**
   * For the log: the store's own code, the system's, or a word. An error's text may have the address in it, with the
   * password.
   */
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** The replies of the scripts, and to the commands that begin a connection. */
export type Reply = string | number | null | StoreError | readonly (string | number | null)[];

/** Bytes of a line, and of a string. */
const MAX_LENGTH = 1024;
/** Elements of an array; none of them is an array. */
const MAX_ELEMENTS = 8;

/**
 * Takes replies in the Redis protocol (RESP 2) out of what a store sends. A hostile store must not take the proxy down:
 * a reply is as small and as flat as those of the scripts, or the connection ends.
 */
export class ReplyReader {
  #rest: Buffer = Buffer.alloc(0);

  /** @throws StoreError if it is not a reply that a script could give */
  read(chunk: Buffer): Reply[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const replies: Reply[] = [];
    let at = 0;
    for (let next = replyAt(bytes, 0); next !== undefined; next = replyAt(bytes, at)) {
      replies.push(next.reply);
      at = next.end;
    }
    // A copy: a few bytes that are left must not hold a large chunk.
    this.#rest = Buffer.from(bytes.subarray(at));
    return replies;
  }
}

type Scalar = string | number | null | StoreError;

/** A reply and where it ends; undefined if it is not there as a whole. */
type Read<T> = { readonly reply: T; readonly end: number } | undefined;

function replyAt(bytes: Buffer, start: number): Read<Reply> {
  if (bytes[start] !== ASTERISK) return scalarAt(bytes, start);
  const head = lineAt(bytes, start);
  if (head === undefined) return undefined;
  const count = lengthOf(head.reply, MAX_ELEMENTS);
  if (count === null) return { reply: null, end: head.end };
  const elements: (string | number | null)[] = [];
  let at = head.end;
  while (elements.length < count) {
    const element = scalarAt(bytes, at);
    if (element === undefined) return undefined;
    if (element.reply instanceof StoreError) throw malformed();
    elements.push(element.reply);
    at = element.end;
  }
  return { reply: elements, end: at };
}

function scalarAt(bytes: Buffer, start: number): Read<Scalar> {
  const line = lineAt(bytes, start);
  if (line === undefined) return undefined;
  const { reply: text, end } = line;
  switch (bytes[start]) {
    case PLUS:
      return { reply: text, end };
    case MINUS:
      return { reply: new StoreError(/^[A-Z]+(?= |$)/.exec(text)?.[0] ?? 'ERR'), end };
    case COLON:
      if (!/^-?\d{1,15}$/.test(text)) throw malformed();
      return { reply: Number(text), end };
    case DOLLAR: {
      const length = lengthOf(text, MAX_LENGTH);
      if (length === null) return { reply: null, end };
      if (bytes.length < end + length + 2) return undefined;
      return { reply: bytes.toString('latin1', end, end + length), end: end + length + 2 };
    }
    default:
      throw malformed();
  }
}

/** The line that begins a reply, without its type. */
function lineAt(bytes: Buffer, start: number): Read<string> {
  const end = bytes.subarray(start, start + MAX_LENGTH).indexOf('\r\n');
  if (end === -1 && bytes.length - start >= MAX_LENGTH) throw malformed();
  if (end === -1) return undefined;
  return { reply: bytes.toString('latin1', start + 1, start + end), end: start + end + 2 };
}

function lengthOf(text: string, most: number): number | null {
  if (text === '-1') return null;
  if (!/^\d{1,6}$/.test(text) || Number(text) > most) throw malformed();
  return Number(text);
}

const malformed = (): StoreError => new StoreError('not Redis');

const [ASTERISK, PLUS, MINUS, COLON, DOLLAR] = [...Buffer.from('*+-:$')];
