/** The first Node that has all that the program uses; package.json says the same. */
const OLDEST = [22, 18] as const;

/** The fault of a version of Node, in one line; undefined if the program runs on it. */
export function nodeVersionFault(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNewEnough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  return isNewEnough ? undefined : `Node ${version} is too old; Node ${OLDEST.join('.')} or later is needed`;
}
