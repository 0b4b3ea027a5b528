import { cutText } from "@peek/errors";
import fc from "fast-check";
import { expect, it } from "vitest";

it("a text of a message is cut to its length, between characters, and has no NUL", () => {
  expect(cutText("north", 5)).toBe("north");
  expect(cutText("northern", 5)).toBe("nort…");
  expect(cutText("a🍕bc", 3)).toBe("a\u{FFFD}…");
  expect(cutText("a\0b\ud83c", 9)).toBe("a\u{FFFD}b\u{FFFD}");
});

it("any text is cut to its length, is well-formed and has no NUL", () => {
  const anyUnits = fc.array(fc.integer({ min: 0, max: 0xff_ff })).map((units) => String.fromCharCode(...units));
  fc.assert(
    fc.property(anyUnits, fc.integer({ min: 1, max: 20 }), (text, length) => {
      const cut = cutText(text, length);
      expect(cut.length).toBeLessThanOrEqual(length);
      expect(cut.isWellFormed()).toBe(true);
      expect(cut).not.toContain("\0");
      if (text.length <= length && text.isWellFormed() && !text.includes("\0")) expect(cut).toBe(text);
    }),
  );
});
