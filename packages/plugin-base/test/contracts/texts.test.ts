import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkData, decode, encode, nfcText, TupleSelector } from "@peek/plugin-base/contracts";
import { anyText, faultyText } from "./anyValue.ts";
import { caught } from "./caught.ts";

/** Half of a pizza, as `slice()` leaves it. */
const half = "Pizza \ud83c";

/** A value with a text somewhere in it, and the path of that. */
const places: readonly (readonly [string, (text: string) => unknown])[] = [
  ["$", (text) => text],
  ["$.a[1].b", (text) => ({ a: [1, { b: text }] })],
  ["$[0]", (text) => new Set([text])],
  ["$[0].key", (text) => new Map([[text, 1]])],
  ["$[0].value", (text) => new Map([[1, text]])],
  ["$", (text) => ({ [text]: 1 })],
  ["$.at[0]", (text) => ({ date: new Date(0), at: [text] })],
];

describe.each(places)("a text at %s", (path, put) => {
  it("that is not well-formed, or has a NUL, is refused where it is sent", () => {
    fc.assert(
      fc.property(faultyText, (text) => {
        expect(caught(() => encode(put(text)))).toMatchObject({ code: "DATA_INVALID", fields: { path } });
      }),
    );
  });

  it("of whole characters arrives as it was", () => {
    fc.assert(
      // As the key of an object, `__proto__` is refused.
      fc.property(anyText, (text) => {
        fc.pre(text !== "__proto__");
        expect(decode(encode(put(text)))).toStrictEqual(put(text));
      }),
    );
  });
});

describe("what comes from another side", () => {
  it("with a text that is not well-formed, or has a NUL, is refused, however it is written", () => {
    const written = fc.tuple(faultyText, fc.constantFrom("as it is", "escaped", "in upper case")).map(([text, how]) => {
      const escaped = [...Array(text.length).keys()]
        .map((index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, "0")}`)
        .join("");
      if (how === "escaped") return `"${escaped}"`;
      if (how === "in upper case")
        return `"${escaped.replaceAll(/\\u.{4}/g, (each) => each.toUpperCase().replace("U", "u"))}"`;
      return JSON.stringify(text).replaceAll(/\\ud[89a-f]../g, (each) =>
        String.fromCharCode(Number.parseInt(each.slice(2), 16)),
      );
    });
    fc.assert(
      fc.property(written, (text) => {
        expect(caught(() => decode(text))).toMatchObject({ code: "DATA_INVALID", fields: { path: "$" } });
        expect(caught(() => decode(`{"a":[${text}]}`))).toMatchObject({
          code: "DATA_INVALID",
          fields: { path: "$.a[0]" },
        });
        expect(caught(() => decode(`{${text}:1}`))).toMatchObject({ code: "DATA_INVALID", fields: { path: "$" } });
      }),
    );
  });

  it("may write whole characters with escapes", () => {
    expect(decode(String.raw`"\ud83c\udf55 \\u0000 \\ud83c"`)).toBe(String.raw`🍕 \u0000 \ud83c`);
  });
});

describe("a selector", () => {
  it("with such a text is refused, by who makes it and by who gets it", () => {
    const error = caught(() => new TupleSelector("peek_plugin_pump.Pump", { site: half }));
    expect(error).toMatchObject({ code: "DATA_INVALID", fields: { path: "$.site" } });
    const parsed = caught(() => TupleSelector.parse(`["peek_plugin_pump.Pump",{"site":${JSON.stringify(half)}}]`));
    expect(parsed).toMatchObject({ code: "DATA_INVALID" });
  });
});

describe("nfcText()", () => {
  const composed = "J\u00fcrgen";

  it("takes the composed form alone, and says what to do", () => {
    expect(checkData(nfcText(), composed, "the name")).toBe(composed);
    const error = caught(() => checkData(nfcText().max(100), composed.normalize("NFD"), "the name"));
    expect(error).toMatchObject({ code: "DATA_INVALID", message: expect.stringContaining("normalize()") });
  });

  it("takes what normalize() gives of any text", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(nfcText().safeParse(text.normalize()).success).toBe(true);
      }),
    );
  });
});
