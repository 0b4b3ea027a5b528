import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TupleSelector } from "@peek/plugin-base/contracts";
import { anyRecord } from "./anyValue.ts";
import { caught } from "./caught.ts";
import { expectSame } from "./expectSame.ts";

const name = "peek_plugin_tutorial.StringInt";
const canonical = (selector: Record<string, unknown>): string => new TupleSelector(name, selector).canonical();

/** The same value with everything that has no order in the opposite one. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value instanceof Map) return new Map([...value].reverse().map(([key, each]) => [reversed(key), reversed(each)]));
  if (value instanceof Set) return new Set([...value].reverse().map(reversed));
  if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array) return value;
  return reversedRecord(value as Record<string, unknown>);
}

function reversedRecord(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, each]) => [key, reversed(each)]),
  );
}

describe("TupleSelector", () => {
  it("has one text, for any order of keys", () => {
    expect(canonical({ b: 1, a: { d: [2, 1], c: "x" } })).toBe(`["${name}",{"a":{"c":"x","d":[2,1]},"b":1}]`);
    expect(canonical({ 9: 1, 10: 2, a: 3, B: 4, "": 5 })).toBe(`["${name}",{"":5,"10":2,"9":1,"B":4,"a":3}]`);
    expect(canonical({})).toBe(`["${name}",{}]`);
    fc.assert(
      fc.property(anyRecord(), (selector) => {
        expect(canonical(reversedRecord(selector))).toBe(canonical(selector));
      }),
      { numRuns: 500 },
    );
  });

  it("is another when its text is written in other characters, though it looks the same", () => {
    const texts = ["M\u00fcller", "Mu\u0308ller", "M\u00dcLLER", "m\u00fcller", "M\u00fcller "];
    expect(new Set(texts.map((text) => canonical({ text }))).size).toBe(texts.length);
    expect(new Set(texts.map((text) => canonical({ [text]: 1 }))).size).toBe(texts.length);
  });

  it("differs from every other in its text", () => {
    const values = [
      ...[
        null,
        true,
        false,
        0,
        -0,
        1,
        1n,
        "",
        "1",
        "1n",
        "null",
        Number.NaN,
        "NaN",
        [],
        [undefined],
        [null],
        {},
        { a: null },
      ],
      ...[
        new Date(0),
        new Date(0).toISOString(),
        0n,
        new Uint8Array([1]),
        "AQ==",
        [1],
        new Set([1]),
        new Map([[1, 1]]),
      ],
      ...[{ $date: new Date(0).toISOString() }, { $$date: 1 }, { $bytes: "AQ==" }, { $map: [[1, 1]] }, { $set: [1] }],
    ];
    const texts = values.map((a) => canonical({ a }));
    expect(new Set(texts).size).toBe(texts.length);
    expect(new TupleSelector("peek_plugin_tutorial.Other", {}).canonical()).not.toBe(canonical({}));
  });

  it("takes an undefined property for none, at every level", () => {
    expect(canonical({ a: undefined, b: { c: undefined }, d: [{ e: undefined }] })).toBe(canonical({ b: {}, d: [{}] }));
    expect(canonical({ a: null })).not.toBe(canonical({}));
  });

  it("comes back from its text", () => {
    fc.assert(
      fc.property(anyRecord(), (selector) => {
        const original = new TupleSelector(name, selector);
        const parsed = TupleSelector.parse(original.canonical());
        expect(parsed.name).toBe(name);
        expect(parsed.canonical()).toBe(original.canonical());
        expectSame(parsed.selector, original.selector);
        expect(parsed.equals(original)).toBe(true);
      }),
      { numRuns: 500 },
    );
    expect(new TupleSelector(name, { a: 1 }).equals(new TupleSelector(name, { a: "1" }))).toBe(false);
  });

  it("cannot be changed", () => {
    const given = { site: "north", in: { list: [1] } };
    const selector = new TupleSelector(name, given);
    given.in.list.push(2);
    expect(selector.selector).toEqual({ site: "north", in: { list: [1] } });
    expect(() => Object.assign(selector.selector, { site: "south" })).toThrow(TypeError);
    expect(() => (selector.selector["in"] as { list: number[] }).list.push(3)).toThrow(TypeError);
    expect(() => Object.assign(selector, { name: "other" })).toThrow(TypeError);
    expect(selector.selector).toBe(selector.selector);
  });

  it("gives a copy of what cannot be frozen", () => {
    const at = new Date(5);
    const selector = new TupleSelector(name, { at, sites: new Set(["north"]) });
    at.setTime(6);
    (selector.selector["at"] as Date).setTime(7);
    (selector.selector["sites"] as Set<string>).add("south");
    expect(selector.selector).toStrictEqual({ at: new Date(5), sites: new Set(["north"]) });
  });

  it.each<[string, unknown, string]>([
    ["string_int", {}, "peek_plugin_tutorial.StringInt"],
    [name, [], "plain object"],
    [name, new Date(), "plain object"],
    [name, null, "plain object"],
    [name, { a: "x".repeat(8192) }, "longer than 8192 bytes"],
    [name, { a: "é".repeat(4096) }, "longer than 8192 bytes"],
  ])("%s of %o is refused", (name, selector, message) => {
    const error = caught(() => new TupleSelector(name, selector as Record<string, unknown>));
    expect(error.code).toBe("CONTRACT_INVALID");
    expect(error.message).toContain(message);
  });

  it("takes a text of 8 KiB", () => {
    const around = canonical({ a: "" }).length;
    expect(TupleSelector.parse(canonical({ a: "x".repeat(8192 - around) })).canonical()).toHaveLength(8192);
    expect(caught(() => canonical({ a: "x".repeat(8193 - around) })).code).toBe("CONTRACT_INVALID");
  });

  it("refuses values that cannot be sent", () => {
    expect(caught(() => canonical({ a: [(): void => {}] }))).toMatchObject({
      code: "DATA_UNENCODABLE",
      fields: { path: "$.a[0]" },
    });
  });

  it.each([
    ["nothing", ""],
    ["no JSON", "["],
    ["no pair", "{}"],
    ["a name alone", `["${name}"]`],
    ["too much", `["${name}",{},1]`],
    ["a wrong name", '["string",{}]'],
    ["a list", `["${name}",[]]`],
    ["a date", `["${name}",{"$date":null}]`],
    ["blanks", `["${name}", {}]`],
    ["keys out of order", `["${name}",{"b":1,"a":2}]`],
    ["an undefined property", `["${name}",{"a":{"$undefined":0}}]`],
    ["__proto__", `["${name}",{"__proto__":{"polluted":1}}]`],
    ["too long a text", `["${name}",{"a":"${"x".repeat(9000)}"}]`],
    ["too many bytes", `["${name}",{"a":"${"é".repeat(5000)}"}]`],
  ])("refuses %s as a text", (_, text) => {
    expect(caught(() => TupleSelector.parse(text)).code).toBe("DATA_INVALID");
  });

  it("refuses any other text that is not canonical", () => {
    fc.assert(
      fc.property(anyRecord(), fc.nat(), fc.string({ maxLength: 2 }), (selector, at, other) => {
        const text = canonical(selector);
        const start = at % (text.length + 1);
        const changed = text.slice(0, start) + other + text.slice(start + 1);
        try {
          expect(TupleSelector.parse(changed).canonical()).toBe(changed);
        } catch (error) {
          expect(error).toMatchObject({ code: "DATA_INVALID" });
        }
      }),
      { numRuns: 500 },
    );
  });
});
