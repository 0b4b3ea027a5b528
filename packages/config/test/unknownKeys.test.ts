import { describe, expect, it } from "vitest";
import { z } from "zod";
import { checkTolerantly } from "@peek/config";

const schema = z.strictObject({
  name: z.string().default("none"),
  inner: z.strictObject({ width: z.number().default(1), height: z.number().default(2) }).prefault({}),
  items: z.array(z.strictObject({ label: z.string() })).default([]),
  either: z.union([z.string(), z.strictObject({ version: z.string() })]).optional(),
});
const known = { name: "a", inner: { width: 1, height: 2 }, items: [{ label: "a" }], either: { version: "1" } };

const check = (value: unknown) => checkTolerantly<unknown>(schema, value, () => known);

describe("checkTolerantly", () => {
  it("fills a value that is right with defaults", () => {
    expect(check({})).toEqual({
      value: { name: "none", inner: { width: 1, height: 2 }, items: [] },
      issues: [],
      unknownKeys: [],
    });
  });

  it("sets unknown keys apart at every depth", () => {
    const { value, issues, unknownKeys } = check({ nam: 1, inner: { widht: 3 }, items: [{ label: "x", lable: 1 }] });
    expect(value).toEqual({ name: "none", inner: { width: 1, height: 2 }, items: [{ label: "x" }] });
    expect(issues).toEqual([]);
    expect(new Set(unknownKeys)).toEqual(
      new Set([
        { path: "nam", nearest: "name" },
        { path: "inner.widht", nearest: "inner.width" },
        { path: "items[0].lable", nearest: "items[0].label" },
      ]),
    );
  });

  it("leaves the value that it was given as it was", () => {
    const given = { nam: 1, inner: { x: 1 } };
    check(given);
    expect(given).toEqual({ nam: 1, inner: { x: 1 } });
  });

  it.each([
    ["a slip", "hight", "height"],
    ["other case", "HEIGHT", "height"],
    ["another word", "colour", undefined],
  ])("proposes a key for %s only where one is near", (_what, key, nearest) => {
    const { unknownKeys } = check({ inner: { [key]: 1 } });
    expect(unknownKeys).toEqual([{ path: `inner.${key}`, nearest: nearest && `inner.${nearest}` }]);
  });

  it.each(["__proto__", "constructor", "prototype", "toString", ""])("sets a key named %j apart too", (key) => {
    const given: unknown = JSON.parse(`{${JSON.stringify(key)}: {"name": "stolen", "polluted": true}}`);
    const { value, unknownKeys } = check(given);
    expect(value).toEqual({ name: "none", inner: { width: 1, height: 2 }, items: [] });
    expect(unknownKeys).toHaveLength(1);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  it("sets __proto__ apart within an inner object", () => {
    const { value, unknownKeys } = check(JSON.parse('{"inner": {"__proto__": {"width": 9}, "height": 3}}'));
    expect(value).toMatchObject({ inner: { width: 1, height: 3 } });
    expect(unknownKeys.map((each) => each.path)).toEqual(["inner.__proto__"]);
  });

  it("tells what is wrong with known keys, beside the unknown ones", () => {
    const { value, issues, unknownKeys } = check({ name: 1, nmae: "x" });
    expect(value).toBeUndefined();
    expect(issues.map((issue) => issue.path)).toEqual([["name"]]);
    expect(unknownKeys).toEqual([{ path: "nmae", nearest: "name" }]);
  });

  it("sets an unknown key apart in one form of several", () => {
    const { value, unknownKeys } = check({ either: { version: "1", versoin: true } });
    expect(value).toMatchObject({ either: { version: "1" } });
    expect(unknownKeys).toEqual([{ path: "either.versoin", nearest: "either.version" }]);
  });

  it.each([null, undefined, 1, "text", []])("finds %j wrong as a whole", (value) => {
    expect(check(value)).toMatchObject({ value: undefined, unknownKeys: [], issues: [{ path: [] }] });
  });
});
