import { encode } from "@peek/plugin-base/contracts";
import { describe, expect, it } from "vitest";
import { tupleKey } from "../src/tupleKey.ts";

describe("tupleKey()", () => {
  it("returns different texts for different keys, of one field or of several", () => {
    const encoded = (value: object): unknown => JSON.parse(encode(value));
    expect(tupleKey(encoded({ id: 5, x: 1 }), ["id"])).toBe("5");
    expect(tupleKey(encoded({ id: "5" }), ["id"])).toBe('"5"');
    expect(tupleKey(encoded({ a: "x", b: new Date(0) }), ["a", "b"])).toBe(
      '["x",{"$date":"1970-01-01T00:00:00.000Z"}]',
    );
    const texts = [{ id: null }, { id: undefined }, { id: 1n }, { id: 1 }, { id: "1" }].map((row) =>
      tupleKey(encoded(row), ["id"]),
    );
    expect(new Set(texts).size).toBe(texts.length);
    expect(tupleKey(encoded({ $id: 7 }), ["$id"])).toBe("7");
  });
});
