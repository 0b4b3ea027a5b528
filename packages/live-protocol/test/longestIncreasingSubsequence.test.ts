import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { longestIncreasingSubsequence } from "../src/longestIncreasingSubsequence.ts";

describe("longestIncreasingSubsequence()", () => {
  it("returns an increasing subsequence, and no other is longer", () => {
    const permutation = fc.uniqueArray(fc.nat(30), { maxLength: 9 });
    fc.assert(
      fc.property(permutation, (numbers) => {
        const part = longestIncreasingSubsequence(numbers);
        const values = part.map((index) => numbers[index] ?? -1);
        expect(values).toEqual(values.toSorted((a, b) => a - b));
        expect(part).toEqual(part.toSorted((a, b) => a - b));
        let longest = 0;
        for (let mask = 0; mask < 1 << numbers.length; mask += 1) {
          const chosen = numbers.filter((_, index) => (mask & (1 << index)) !== 0);
          if (chosen.every((value, index) => index === 0 || value > (chosen[index - 1] ?? -1))) {
            longest = Math.max(longest, chosen.length);
          }
        }
        expect(part.length).toBe(longest);
      }),
      { numRuns: 50 },
    );
  });
});
