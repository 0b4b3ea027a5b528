import { cutText } from "@peek/errors";
/** The maximum length of a path in a message: keys may come from a peer, and be of any length. */
const maxLength = 100;
const identifier = /^[A-Za-z_$][A-Za-z0-9_$]*$/;

/** Formats a path within a value for a message: `$.a[3].b`; `$` is the value itself. */
export function dataPath(steps: readonly PropertyKey[]): string {
  let text = "$";
  for (const step of steps) {
    text += stepText(step);
    if (text.length > maxLength) return cutText(text, maxLength);
  }
  return text;
}

function stepText(step: PropertyKey): string {
  if (typeof step === "number") return `[${step}]`;
  const name = String(step).slice(0, maxLength);
  return identifier.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}
