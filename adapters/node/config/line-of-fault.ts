/**
 * The line in which a text stops being JSON, if V8 gives no position: at an unexpected token, or if the text ends too soon.
 * Undefined for other faults.
 */
export function lineOfFault(text: string): number | undefined {
  const lines = text.trimEnd().split('\n');
  const fault = faultOf(text);
  if (/^Unexpected end/.test(fault)) return lines.length;
  if (!TOKEN.test(fault)) return undefined;
  // The token is in the last of the fewest lines that have the fault.
  let [fewest, most] = [1, lines.length];
  while (fewest < most) {
    const middle = (fewest + most) >> 1;
    if (TOKEN.test(faultOf(lines.slice(0, middle).join('\n')))) most = middle;
    else fewest = middle + 1;
  }
  return fewest;
}

const TOKEN = /^Unexpected token/;

/** The words of JSON.parse, which quote the text: they are never shown. */
function faultOf(text: string): string {
  try {
    JSON.parse(text);
    return '';
  } catch (error) {
    return (error as SyntaxError).message;
  }
}
