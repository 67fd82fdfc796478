// What more than one reader of HTTP needs to know of its grammar.

/** The characters of a token (RFC 9110 section 5.6.2), as a class of a regular expression. */
export const TOKEN_CHARACTER = "[!#$%&'*+.^_`|~0-9A-Za-z-]";

const TOKEN = new RegExp(`^${TOKEN_CHARACTER}+$`);
const VISIBLE_ASCII = /^[!-~]*$/;
const PLAIN_VALUE = /^[\t -~]*$/;

/** Whether the text can be a method or a field name. */
export const isToken = (text: string): boolean => TOKEN.test(text);

/**
 * Whether the text has no character but those of a URL (RFC 3986): none that ends a line, and none that becomes one when it
 * is written as latin1, as U+010A would. The empty text has none either.
 */
export const isVisibleAscii = (text: string): boolean => VISIBLE_ASCII.test(text);

/** Whether the text can be a token of `Authorization: Bearer` (RFC 6750 section 2.1, and what issuers make beyond it). */
export const isSendableToken = (text: string): boolean => text !== '' && isVisibleAscii(text);

/** Whether every runtime sends the text unchanged as a field's value. Beyond ASCII, they disagree about the bytes. */
export const isPlainValue = (text: string): boolean => PLAIN_VALUE.test(text);

/** The path of a request target or of a URL without a fragment, with all that comes before it. */
export function pathOf(target: string): string {
  const mark = target.indexOf('?');
  return mark === -1 ? target : target.slice(0, mark);
}

/** The query, without its question mark; undefined if there is none. */
export function queryOf(target: string): string | undefined {
  const mark = target.indexOf('?');
  return mark === -1 ? undefined : target.slice(mark + 1);
}
