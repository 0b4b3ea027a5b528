import { encode } from "@peek/plugin-base/contracts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  applyChanges,
  applyDelta,
  type Changes,
  type Delta,
  deltaFields,
  diff,
  digestOf,
  isNothing,
  keyTextOf,
  longestRising,
  mergeChanges,
  readDelta,
} from "@peek/live-protocol";

/** Few keys and values: lists that have much in common. */
const list = fc
  .uniqueArray(fc.record({ id: fc.nat(12), value: fc.nat(3) }), { selector: ({ id }) => id, maxLength: 12 })
  .map((rows) => new Map(rows.map((row) => [keyTextOf(row, ["id"]), JSON.stringify(row)])));

function rowsOf(
  count: number,
  change: (row: { id: number; name: string; value: number }) => void,
): Map<string, string> {
  const rows = Array.from({ length: count }, (_, id) => {
    const row = { id, name: `Pump ${id}`, value: id * 7 };
    change(row);
    return row;
  });
  return new Map(rows.map((row) => [keyTextOf(row, ["id"]), JSON.stringify(row)]));
}

function applied(before: ReadonlyMap<string, string>, changes: Changes<string>): [string, string][] {
  const rows = new Map(before);
  applyChanges(rows, changes);
  return [...rows];
}

describe("changes between two lists of rows", () => {
  it("make the second of the first, with its order", () => {
    fc.assert(
      fc.property(list, list, (before, after) => {
        const changes = diff(before, after);
        expect(applied(before, changes)).toEqual([...after]);
        expect(isNothing(changes)).toBe(JSON.stringify([...before]) === JSON.stringify([...after]));
      }),
    );
  });

  it("are the same over the wire, where tuples were parsed", () => {
    fc.assert(
      fc.property(list, list, (before, after) => {
        const text = `{${deltaFields(diff(before, after))}}`;
        const delta: Delta = JSON.parse(text);
        const parsed = (rows: ReadonlyMap<string, string>): Map<string, unknown> =>
          new Map([...rows].map(([key, row]): [string, unknown] => [key, JSON.parse(row)]));
        const rows = parsed(before);
        applyDelta(rows, delta, ["id"]);
        expect([...rows]).toEqual([...parsed(after)]);
        // What is made of a parsed row is the text that it was made of.
        expect(applied(before, readDelta(delta, ["id"], JSON.stringify))).toEqual([...after]);
      }),
    );
  });

  it("of several steps are as good as one", () => {
    fc.assert(
      fc.property(fc.array(list, { minLength: 2, maxLength: 8 }), (lists) => {
        const [first = new Map(), ...others] = lists;
        const last = others.at(-1) ?? new Map();
        const steps = others.map((each, index) => diff(lists[index] ?? new Map(), each));
        expect(applied(first, mergeChanges(steps, last))).toEqual([...last]);
      }),
      { numRuns: 500 },
    );
  });

  it("move one row when one has moved", () => {
    const before = rowsOf(1000, () => undefined);
    const entries = [...before];
    const [moved] = entries.splice(700, 1);
    if (moved === undefined) throw new Error("There is no row");
    entries.splice(3, 0, moved);
    expect(diff(before, new Map(entries))).toEqual({ removed: ["700"], updated: [], inserted: [[3, ...moved]] });
  });

  it("are less than 300 bytes when one of 1,000 rows has changed", () => {
    const before = rowsOf(1000, () => undefined);
    const after = rowsOf(1000, (row) => {
      if (row.id === 500) row.value = -1;
    });
    const text = deltaFields(diff(before, after));
    expect(text).toBe('"u":[{"id":500,"name":"Pump 500","value":-1}]');
    expect(text.length).toBeLessThan(300);
  });
});

describe("the longest part that rises", () => {
  it("rises, and none is longer", () => {
    const permutation = fc.uniqueArray(fc.nat(30), { maxLength: 9 });
    fc.assert(
      fc.property(permutation, (numbers) => {
        const part = longestRising(numbers);
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

describe("a key", () => {
  it("is one text for each, of one field or of several", () => {
    const encoded = (value: object): unknown => JSON.parse(encode(value));
    expect(keyTextOf(encoded({ id: 5, x: 1 }), ["id"])).toBe("5");
    expect(keyTextOf(encoded({ id: "5" }), ["id"])).toBe('"5"');
    expect(keyTextOf(encoded({ a: "x", b: new Date(0) }), ["a", "b"])).toBe(
      '["x",{"$date":"1970-01-01T00:00:00.000Z"}]',
    );
    const texts = [{ id: null }, { id: undefined }, { id: 1n }, { id: 1 }, { id: "1" }].map((row) =>
      keyTextOf(encoded(row), ["id"]),
    );
    expect(new Set(texts).size).toBe(texts.length);
    expect(keyTextOf(encoded({ $id: 7 }), ["$id"])).toBe("7");
  });
});

describe("a digest", () => {
  it("is the same for the same rows only, in the same order, however long", () => {
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
