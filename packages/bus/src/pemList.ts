/** PEM texts, one or several. */
export type PemTexts = string | Buffer | readonly string[];

/** PEM texts as Node takes them, which does not promise to leave an array as it is. */
export function pemList(texts: PemTexts): string | Buffer | string[] {
  return typeof texts === "string" || Buffer.isBuffer(texts) ? texts : [...texts];
}
