/** Letters at the start that have to agree. */
const MIN_PREFIX = 3;

/** The name that shares the longest start with what was typed, dashes and case aside; undefined if none is near. */
export function likeliest(typed: string, names: readonly string[]): string | undefined {
  const ranked = names.map((name) => ({ name, shared: sharedStart(bare(typed), bare(name)) }));
  const [best] = ranked.sort((a, b) => b.shared - a.shared);
  return best !== undefined && best.shared >= MIN_PREFIX ? best.name : undefined;
}

const bare = (text: string): string => text.toLowerCase().replace(/[-_]/g, '');

function sharedStart(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}
