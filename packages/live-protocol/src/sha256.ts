import { createHash } from "node:crypto";

/** The SHA-256 of texts one after another, in UTF-8, as 64 hexadecimal digits. Browsers get `sha256.browser.ts` by `#sha256`. */
export function sha256(texts: Iterable<string>): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(text);
  return hash.digest("hex");
}
