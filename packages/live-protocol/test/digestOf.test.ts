import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestOf } from "../src/digestOf.ts";

describe("digestOf()", () => {
  it("returns the same digest for equal lists only, in the same order, of any length", () => {
    const texts = fc.array(fc.string({ maxLength: 3, unit: fc.constantFrom("a", ":", "1", "ä") }), { maxLength: 5 });
    fc.assert(
      fc.property(texts, texts, (left, right) => {
        expect(digestOf(left) === digestOf(right)).toBe(JSON.stringify(left) === JSON.stringify(right));
      }),
      { numRuns: 500 },
    );
    expect(digestOf(["1:a", "b"])).not.toBe(digestOf(["1", "a1:b"]));
    expect(digestOf(["a", "b"])).not.toBe(digestOf(["b", "a"]));
    expect(digestOf([])).toMatch(/^[0-9a-f]{64}$/);
    const long = Array.from({ length: 5000 }, (_, index) => `{"id":${index},"name":"ä${index}"}`);
    expect(digestOf(long)).toBe(digestOf(long.values()));
    expect(digestOf(long)).not.toBe(digestOf(long.slice(1)));
  });
});
