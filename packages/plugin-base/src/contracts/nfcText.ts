import { z } from "zod";

/**
 * The schema of a text in Unicode's composed form (NFC), for texts that are compared or used as keys: "ü" may also be encoded as
 * "u" and two dots, which looks the same and is a different text. Other texts are refused; the sender calls `text.normalize()`.
 *
 * @example
 * defineTuple("peek_plugin_pump.Pump", { name: nfcText().max(100) }, { key: "name" });
 */
export function nfcText(): z.ZodString {
  return z.string().refine((text) => text === text.normalize(), {
    error: "a text in Unicode's composed form (NFC): send text.normalize()",
  });
}
