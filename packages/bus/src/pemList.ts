/** PEM texts, one or several. */
export type PemTexts = string | Buffer | readonly string[];

/** PEM texts as `node:tls` takes them: it expects a mutable array. */
export function pemList(texts: PemTexts): string | Buffer | string[] {
  return typeof texts === "string" || Buffer.isBuffer(texts) ? texts : [...texts];
}
