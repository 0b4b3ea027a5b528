import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyChanges, type Changes, isNoop, mergeChanges } from "../src/Changes.ts";
import { type Delta, deltaFields, readDelta } from "../src/Delta.ts";
import { diff } from "../src/diff.ts";
import { tupleKey } from "../src/tupleKey.ts";

/** Few different keys and values, so that two lists have much in common. */
const list = fc
  .uniqueArray(fc.record({ id: fc.nat(12), value: fc.nat(3) }), { selector: ({ id }) => id, maxLength: 12 })
  .map((rows) => new Map(rows.map((row) => [tupleKey(row, ["id"]), JSON.stringify(row)])));

function rowsOf(
  count: number,
  change: (row: { id: number; name: string; value: number }) => void,
): Map<string, string> {
  const rows = Array.from({ length: count }, (_, id) => {
    const row = { id, name: `Pump ${id}`, value: id * 7 };
    change(row);
    return row;
  });
  return new Map(rows.map((row) => [tupleKey(row, ["id"]), JSON.stringify(row)]));
}

function applied(before: ReadonlyMap<string, string>, changes: Changes<string>): [string, string][] {
  const rows = new Map(before);
  applyChanges(rows, changes);
  return [...rows];
}

describe("the changes between two lists of rows", () => {
  it("turn the first list into the second, in its order", () => {
    fc.assert(
      fc.property(list, list, (before, after) => {
        const changes = diff(before, after);
        expect(applied(before, changes)).toEqual([...after]);
        expect(isNoop(changes)).toBe(JSON.stringify([...before]) === JSON.stringify([...after]));
      }),
    );
  });

  it("are the same after they were sent as a delta and parsed", () => {
    fc.assert(
      fc.property(list, list, (before, after) => {
        const text = `{${deltaFields(diff(before, after))}}`;
        const delta: Delta = JSON.parse(text);
        const parsed = (rows: ReadonlyMap<string, string>): Map<string, unknown> =>
          new Map([...rows].map(([key, row]): [string, unknown] => [key, JSON.parse(row)]));
        const rows = parsed(before);
        applyChanges(
          rows,
          readDelta(delta, ["id"], (tuple) => tuple),
        );
        expect([...rows]).toEqual([...parsed(after)]);
        // A parsed row is written as the text that it was parsed from.
        expect(applied(before, readDelta(delta, ["id"], JSON.stringify))).toEqual([...after]);
      }),
    );
  });

  it("of several steps have the same result when they are merged", () => {
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

  it("move one row if one row has moved", () => {
    const before = rowsOf(1000, () => undefined);
    const entries = [...before];
    const [moved] = entries.splice(700, 1);
    if (moved === undefined) throw new Error("The list has no row 700");
    entries.splice(3, 0, moved);
    expect(diff(before, new Map(entries))).toEqual({ removed: ["700"], updated: [], inserted: [[3, ...moved]] });
  });

  it("are less than 300 bytes long if one of 1,000 rows has changed", () => {
    const before = rowsOf(1000, () => undefined);
    const after = rowsOf(1000, (row) => {
      if (row.id === 500) row.value = -1;
    });
    const text = deltaFields(diff(before, after));
    expect(text).toBe('"u":[{"id":500,"name":"Pump 500","value":-1}]');
    expect(text.length).toBeLessThan(300);
  });
});
