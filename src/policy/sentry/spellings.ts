import { canonicalName } from './synonyms.ts';

/**
 * Whether two spellings of a segment may mean one thing to Sentry: numbers, UUIDs, short ids and keys of tags have
 * several.
 * @param isParameter whether Sentry takes a slug or an id in that place, so one can be written for the other
 */
export function mayMeanTheSame(one: string, other: string, isParameter: boolean): boolean {
  const isOtherKind = isParameter && isId(one) !== isId(other);
  const isOddlyWritten = (isOddNumber(other) && isId(one)) || (isOddNumber(one) && isId(other));
  return isOtherKind || isOddlyWritten || plain(one) === plain(other) || isSameShortId(one, other);
}

/**
 * Whether Python's int() reads a number in it that is written in another way: 012, 1_2, +12, or with digits of another
 * script.
 */
const isOddNumber = (text: string): boolean =>
  /^\s*[+-]?[\p{Nd}_]+\s*$/u.test(text) && !/^(?:0|[1-9][0-9]*)$/.test(text);

/** Whether a segment is a number or a UUID, by which Sentry finds what has a slug as well. */
const isId = (text: string): boolean => /^(?:[0-9]+|[0-9a-f-]{32,36})$/i.test(text);

/**
 * A synonym counts in every place, because a rule may leave open what comes before it. A UUID may be written without
 * dashes, and the reserved keys of tags without their prefix.
 */
const plain = (text: string): string =>
  canonicalName((isId(text) ? text.replaceAll('-', '') : text).toLowerCase().replace(/^sentry:/, ''));

/** The last of these in a short id separates the project's slug from the number. */
const SHORT_ID = /^(.+)[-_ ]([0-9a-z]+)$/;

/** Of two short ids: Crockford's base 32 reads O as 0, and I and L as 1; leading zeros do not count. */
function isSameShortId(one: string, other: string): boolean {
  const [first, second] = [one, other].map((text) => {
    const [, slug, number] = SHORT_ID.exec(text.toLowerCase()) ?? [];
    return (
      number &&
      `${slug} ${number
        .replaceAll('o', '0')
        .replaceAll(/[il]/g, '1')
        .replace(/^0+(?=.)/, '')}`
    );
  });
  return first !== undefined && first === second;
}
