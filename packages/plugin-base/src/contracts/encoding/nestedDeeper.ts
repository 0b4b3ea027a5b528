const quote = 0x22;
const backslash = 0x5c;

/**
 * Whether the lists and objects of a JSON text are nested deeper than `levels`, up to where it stops being JSON.
 * `JSON.parse` has no limit, and a recursive walk over its result would overflow the stack.
 */
export function nestedDeeper(text: string, levels: number): boolean {
  if (!opensMore(text, levels)) return false;
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case quote:
        index = endOfString(text, index);
        break;
      case 0x5b:
      case 0x7b:
        depth += 1;
        if (depth > levels) return true;
        break;
      case 0x5d:
      case 0x7d:
        depth -= 1;
        break;
      default:
    }
  }
  return false;
}

/** Whether there are more opening brackets. Jumping from one to the next is fastest. */
function opensMore(text: string, levels: number): boolean {
  let count = 0;
  for (const bracket of ["{", "["]) {
    for (let index = text.indexOf(bracket); index !== -1; index = text.indexOf(bracket, index + 1)) {
      count += 1;
      if (count > levels) return true;
    }
  }
  return false;
}

/** The index of the closing quote of the string that begins at `start`; the end of the text without one. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

function isEscaped(text: string, index: number): boolean {
  let first = index;
  while (text.charCodeAt(first - 1) === backslash) first -= 1;
  return (index - first) % 2 === 1;
}
