import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { PeekError } from "@peek/errors";
import { decode, encode } from "@peek/plugin-base/contracts";
import { anyText, anyValue } from "./anyValue.ts";
import { caught } from "./caught.ts";
import { expectSame } from "./expectSame.ts";

const prototypeNames = Reflect.ownKeys(Object.prototype).toString();

afterEach(() => {
  expect(Reflect.ownKeys(Object.prototype).toString()).toBe(prototypeNames);
  expect(Object.hasOwn({}, "polluted") || "polluted" in {}).toBe(false);
});

/** Decodes what comes from anybody: nothing but a value or the one error may come of it. */
function decodeHostile(text: string): void {
  try {
    decode(text);
  } catch (error) {
    if (!(error instanceof PeekError)) throw error;
    expect(error.code).toBe("DATA_INVALID");
    expect(error.message.length).toBeLessThan(300);
  }
}

describe("decode", () => {
  it.each([
    ["nothing but a blank", " "],
    ["half a text", '{"a":'],
    ["more than one value", "1 2"],
    ["undefined", "undefined"],
    ["a date that is a number", '{"$date":5}'],
    ["a date that does not exist", '{"$date":"2026-02-31T00:00:00.000Z"}'],
    ["an hour that does not exist", '{"$date":"2026-02-01T24:00:00.000Z"}'],
    ["a month that does not exist", '{"$date":"2026-13-01T00:00:00.000Z"}'],
    ["a date in words", '{"$date":"1 May 2026"}'],
    ["a year that does not exist", '{"$date":"-000000-01-01T00:00:00.000Z"}'],
    ["a tag among other keys", '{"$date":"2026-01-01T00:00:00.000Z","y":1}'],
    ["a tag after other keys", '{"y":1,"$date":"2026-01-01T00:00:00.000Z"}'],
    ["an unknown tag", '{"$tag":1}'],
    ["a lone $", '{"$":1}'],
    ["a bigint that is a number", '{"$bigint":5}'],
    ["a bigint in hexadecimal", '{"$bigint":"0x10"}'],
    ["an empty bigint", '{"$bigint":""}'],
    ["a bigint with a leading zero", '{"$bigint":"01"}'],
    ["a bigint of too many digits", `{"$bigint":"${"9".repeat(1_000_000)}"}`],
    ["bytes that are none", '{"$bytes":"AA*="}'],
    ["bytes with blanks", '{"$bytes":"AA ="}'],
    ["bytes without padding", '{"$bytes":"AAE"}'],
    ["bytes in the alphabet of URLs", '{"$bytes":"__--"}'],
    ["bytes as a list", '{"$bytes":[1,2]}'],
    ["an ordinary number in a tag", '{"$number":"5"}'],
    ["a number in $number", '{"$number":5}'],
    ["something for undefined", '{"$undefined":1}'],
    ["a map that is no list", '{"$map":{}}'],
    ["a map of no pairs", '{"$map":[[1,2,3]]}'],
    ["a map of texts", '{"$map":["ab"]}'],
    ["a key twice in a map", '{"$map":[[1,2],[1,3]]}'],
    ["a set that is a text", '{"$set":"ab"}'],
    ["an item twice in a set", '{"$set":[1,1]}'],
    ["__proto__", '{"__proto__":{"polluted":1}}'],
    ["__proto__, further in", '[{"a":{"__proto__":{"polluted":1}}}]'],
    ["__proto__ in escapes", String.raw`{"\u005f_proto__":{"polluted":1}}`],
    ["__proto__ in a map", '{"$map":[["a",{"__proto__":{"polluted":1}}]]}'],
    ["a tag in escapes", String.raw`{"\u0024tag":1}`],
  ])("refuses %s", (_, text) => {
    const error = caught(() => decode(text));
    expect(error.code).toBe("DATA_INVALID");
    expect(error.message.length).toBeLessThan(250);
  });

  it("says where", () => {
    expect(caught(() => decode('{"a":[0,{"b":{"$date":5}}]}'))).toMatchObject({
      message: "The text of a value is malformed. $.a[1].b: has something else in $date than belongs there",
      fields: { path: "$.a[1].b" },
    });
    expect(caught(() => decode('{"$map":[[1,2],[3,{"$x":1}]]}')).message).toContain("$[1].value: has the unknown tag");
  });

  it("keeps a path and a tag from a peer short", () => {
    const error = caught(() => decode(`{"${"long".repeat(1000)}":{"$${"tag".repeat(1000)}":1}}`));
    expect(error.message.length).toBeLessThan(300);
  });

  it("reads keys and tags that are written with escapes", () => {
    expect(decode(String.raw`{"\u0024bigint":"5"}`)).toBe(5n);
    expect(decode(String.raw`{"a":"\u0024date"}`)).toStrictEqual({ a: "$date" });
  });

  it("takes __proto__ and tags for what they are where they are no keys", () => {
    const value = { a: "__proto__", b: "$date", c: ['{"$date":5}', '"__proto__":'], $__proto__: 1 };
    expect(decode(encode(value))).toStrictEqual(value);
  });

  it.each([
    ["lists", "[", "]"],
    ["objects", '{"a":', "}"],
  ])("refuses more than 100 levels of %s", (_, open, close) => {
    const nested = (levels: number): string => `${open.repeat(levels)}1${close.repeat(levels)}`;
    expect(() => decode(nested(100))).not.toThrow();
    for (const levels of [101, 1000, 1_000_000]) {
      const error = caught(() => decode(nested(levels)));
      expect(error.code).toBe("DATA_INVALID");
      expect(error.message).toContain("more than 100 levels");
    }
    // Neither is closed.
    for (const levels of [99, 150, 1_000_000])
      expect(caught(() => decode(open.repeat(levels))).code).toBe("DATA_INVALID");
  });

  it("does not count brackets within texts, nor those that follow each other", () => {
    const many = "[".repeat(500);
    const lists = Array.from({ length: 300 }, () => [{ a: [] }]);
    for (const value of [[many], [`"${many}`], [`\\"${many}`], [`\\\\"${many}`], ["\\", many], ['"', many], lists]) {
      expect(decode(encode(value))).toStrictEqual(value);
    }
    // A text that ends before a level is not mistaken for one that goes on.
    const behind = `["a\\\\",${"[".repeat(300)}`;
    expect(caught(() => decode(behind)).message).toContain("more than 100 levels");
  });

  it("has one error for any other text", () => {
    fc.assert(fc.property(anyText, decodeHostile));
    const token = fc.constantFrom(
      ...[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"',
        "1",
        "null",
        '"a"',
        '"__proto__"',
        '"polluted"',
        '{"__proto__":{"polluted":1}}',
      ],
      ...["$date", "$map", "$set", "$bytes", "$undefined", "$x", "$$"].map((tag) => `{"${tag}":`),
      ...["[[1,2]]", '"AA=="', '"2026-01-01T00:00:00.000Z"', "\\u0024", "\\", "constructor", "\0"],
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 12 }), (tokens) => decodeHostile(tokens.join(""))),
      { numRuns: 500 },
    );
  });

  it("has one error for a text that was cut or changed", () => {
    fc.assert(
      fc.property(anyValue, fc.nat(), fc.nat(5), fc.string({ maxLength: 3 }), (value, at, length, other) => {
        const text = encode(value);
        const start = at % (text.length + 1);
        decodeHostile(text.slice(0, start));
        decodeHostile(text.slice(start));
        decodeHostile(text.slice(0, start) + other + text.slice(start + length));
      }),
      { numRuns: 1000 },
    );
  });

  it("gives for every text that it takes a value that can be sent on", () => {
    fc.assert(
      fc.property(anyValue, fc.nat(), fc.constantFrom("$", '"', "1", "[", "-"), (value, at, other) => {
        const text = encode(value);
        const start = at % (text.length + 1);
        let changed: unknown;
        try {
          changed = decode(text.slice(0, start) + other + text.slice(start + 1));
        } catch {
          return;
        }
        expectSame(decode(encode(changed)), changed);
      }),
      { numRuns: 1000 },
    );
  });
});
