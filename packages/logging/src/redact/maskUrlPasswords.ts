import { redacted } from "./redacted.ts";

/** A password is searched for within this number of characters. */
const maxPassword = 1024;

// Characters that always end a URL.
const outside = /["'`<>\n\r\t]|\\[nr"]/g;
const blank = /\s/;
const hostFollows = /[\w[]/;
const portFirst = /^\d{1,5}(?:[/?#,;.)\]\s]|$)/;

/** Masks the passwords of URLs, also passwords with unescaped `/`, `#`, `@` or blanks. */
export function maskUrlPasswords(text: string): string {
  let masked = "";
  let done = 0;
  for (let begin = text.indexOf("://"); begin !== -1; begin = text.indexOf("://", begin + 3)) {
    const password = findPassword(text, begin + 3);
    if (password === undefined || password.from < done) continue;
    masked += text.slice(done, password.from) + redacted;
    done = password.to;
  }
  return masked + text.slice(done);
}

function findPassword(text: string, authority: number): { readonly from: number; readonly to: number } | undefined {
  const rest = text.slice(authority, endOf(text, authority));
  const user = /^[^\s:/@?#]*/.exec(rest)?.[0] ?? "";
  if (rest[user.length] !== ":") return undefined;
  const tail = rest.slice(user.length + 1);
  const at = lastAt(tail, user);
  if (at === undefined || at === 0) return undefined;
  const from = authority + user.length + 1;
  return { from, to: from + at };
}

/** The latest possible end of the URL: a quote, a line break, or the beginning of the next URL. */
function endOf(text: string, authority: number): number {
  const limit = Math.min(text.length, authority + maxPassword);
  const window = text.slice(authority, limit);
  outside.lastIndex = 0;
  const quote = outside.exec(window)?.index ?? window.length;
  const next = window.indexOf("://");
  return authority + Math.min(quote, next === -1 ? window.length : next);
}

/** The end of the password: the last @ of its word, or the first @ after blanks. */
function lastAt(tail: string, user: string): number | undefined {
  const looksLikeHost = user.includes(".") || user === "localhost";
  if (portFirst.test(tail) && (looksLikeHost || blank.test(tail.slice(0, tail.indexOf("@"))))) return undefined;
  const word = tail.search(blank) === -1 ? tail : tail.slice(0, tail.search(blank));
  for (let at = word.lastIndexOf("@"); at > 0; at = word.lastIndexOf("@", at - 1)) {
    if (hostFollows.test(word[at + 1] ?? "")) return at;
  }
  // "https://example.com:8080 was called by a@b" has no password.
  if (looksLikeHost) return undefined;
  for (let at = tail.indexOf("@"); at !== -1; at = tail.indexOf("@", at + 1)) {
    if (hostFollows.test(tail[at + 1] ?? "")) return at;
  }
  return undefined;
}
