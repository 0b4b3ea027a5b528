import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeUtf8 } from "@peek/config";

it("any text comes back as it was, and any other bytes are refused rather than changed", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      fc.pre(!text.startsWith("\uFEFF") && !text.slice(0, 2).includes("\0"));
      expect(decodeUtf8(Buffer.from(text))).toBe(text);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      let text: string;
      try {
        text = decodeUtf8(bytes);
      } catch (error) {
        expect(String(error)).toMatch(/it is UTF-16|it is not UTF-8: line \d+ has 0x[0-9A-F]{2} as its byte \d+/);
        return;
      }
      const mark = Buffer.from(bytes).subarray(0, 3).toString("hex") === "efbbbf" ? "\uFEFF" : "";
      expect(Buffer.from(mark + text)).toEqual(Buffer.from(bytes));
    }),
  );
});
