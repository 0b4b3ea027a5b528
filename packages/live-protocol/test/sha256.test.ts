import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { sha256 as sha256InNode } from "../src/sha256.ts";
import { sha256 as sha256InBrowsers } from "../src/sha256.browser.ts";

it("sha256() is SHA-256 in browsers too, for each length around a block", () => {
  for (let length = 0; length < 200; length += 1) {
    const text = Array.from({ length }, (_, index) => String.fromCharCode((index * 7 + length) % 128)).join("");
    expect(sha256InBrowsers([text])).toBe(createHash("sha256").update(text).digest("hex"));
  }
});

it("sha256() is the same in Node and in browsers, for any texts in any pieces", () => {
  // Halves of surrogate pairs are among them.
  const utf16 = fc.nat(0xffff).map((unit) => String.fromCharCode(unit));
  const text = fc.oneof(fc.string({ unit: "binary", maxLength: 150 }), fc.string({ unit: utf16, maxLength: 100 }));
  fc.assert(
    fc.property(fc.array(text, { maxLength: 4 }), (texts) => {
      expect(sha256InBrowsers(texts)).toBe(sha256InNode(texts));
    }),
  );
});
