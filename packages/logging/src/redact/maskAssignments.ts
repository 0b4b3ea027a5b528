import { isPlural, isSecretKey } from "./isSecretKey.ts";
import { redacted } from "./redacted.ts";

// A key and the separator to its value: `token=`, `"token": `, `token =>`; also as JSON within JSON.
const assignment = /(?<![\w$.-])([\w$.-]{1,100})(?:\\{0,7}["'])?\s{0,3}(?:=>|[=:])\s{0,3}/g;
const header = /^(?:set-?cookie|cookie|(?:proxy-)?authorization)$/i;
const bare = /[^\s&;,"'<>()[\]{}|\\]+/y;
const literal = /^(?:true|false|null|undefined|none)$/i;
// "token: invalid signature" mentions a token, but contains none.
const prose =
  /^(?:a|an|cannot|expected|expired|has|incorrect|invalid|is|missing|must|no|not|of|required|should|the|too|unknown|was|wrong)$/i;

/** Masks the values of `password=…`, `"api_key": "…"`, `Cookie: …` and the like. */
export function maskAssignments(text: string): string {
  let masked = "";
  let done = 0;
  assignment.lastIndex = 0;
  for (let match = assignment.exec(text); match !== null; match = assignment.exec(text)) {
    const [whole, key = ""] = match;
    if (!isSecretKey(key)) continue;
    const value = valueAt(text, match.index + whole.length, key, /[=>]\s*$/.test(whole));
    if (value === undefined) continue;
    masked += text.slice(done, value.from) + redacted;
    done = value.to;
    assignment.lastIndex = Math.max(done, assignment.lastIndex);
  }
  return masked + text.slice(done);
}

interface Span {
  readonly from: number;
  readonly to: number;
}

function valueAt(text: string, from: number, key: string, assigned: boolean): Span | undefined {
  const quote = /\\{0,7}["']/y;
  quote.lastIndex = from;
  const opening = quote.exec(text)?.[0];
  if (opening !== undefined)
    return { from: from + opening.length, to: closingOf(text, from + opening.length, opening) };
  if (text.startsWith("[", from) && !text.startsWith(redacted, from)) return { from, to: listEnd(text, from) };
  // The list was masked before.
  if (text.startsWith(`${redacted},`, from) || text.startsWith(`${redacted}}`, from)) return undefined;
  if (header.test(key)) return { from, to: endOfLine(text, from) };
  bare.lastIndex = from;
  const value = bare.exec(text)?.[0];
  if (value === undefined || literal.test(value) || (!assigned && prose.test(value))) return undefined;
  if (isPlural(key) && /^[\d.]+$/.test(value)) return undefined;
  return { from, to: from + value.length };
}

/** The end of a quoted value: the same quote, with the same number of escapes. */
function closingOf(text: string, from: number, quote: string): number {
  for (let end = text.indexOf(quote, from); end !== -1; end = text.indexOf(quote, end + 1)) {
    if (end === from || text[end - 1] !== "\\") return end;
  }
  return text.length;
}

function endOfLine(text: string, from: number): number {
  const end = /[\n\r"']|\\[nr"]/g;
  end.lastIndex = from;
  return end.exec(text)?.index ?? text.length;
}

/** The end of a list: the first bracket outside of its quoted values. */
function listEnd(text: string, from: number): number {
  const next = /\\{0,7}["']|\]/g;
  next.lastIndex = from;
  for (let match = next.exec(text); match !== null; match = next.exec(text)) {
    if (match[0] === "]") return next.lastIndex;
    next.lastIndex = closingOf(text, next.lastIndex, match[0]) + match[0].length;
  }
  return text.length;
}
