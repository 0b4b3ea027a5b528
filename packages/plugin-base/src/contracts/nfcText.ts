import { z } from "zod";

/**
 * The schema of a text in Unicode's composed form (NFC), for contracts whose texts are compared or looked up by: "ü" may also be written as
 * "u" and two dots, which looks the same and is another text. Others are refused; whoever sends it writes `text.normalize()`.
 *
 * @example
 * defineTuple("peek_plugin_pump.Pump", { name: nfcText().max(100) }, { key: "name" });
 */
export function nfcText(): z.ZodString {
  return z.string().refine((text) => text === text.normalize(), {
    error: "a text in Unicode's composed form (NFC): send text.normalize()",
  });
}
