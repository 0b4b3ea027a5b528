import { describe, expect, it } from "vitest";
import { z } from "zod";
import { checkData, decode, defineTuple, encode } from "@peek/plugin-base/contracts";
import { caught } from "./caught.ts";

const PumpTuple = defineTuple(
  "peek_plugin_pumps.Pump",
  { id: z.int(), builtAt: z.date(), turns: z.bigint(), note: z.string().optional() },
  { key: "id" },
);
const SiteTuple = defineTuple(
  "peek_plugin_pumps.Site",
  { country: z.string(), code: z.string(), pumps: z.array(PumpTuple.schema).default([]) },
  { key: ["country", "code"] },
);

const pump = { id: 1, builtAt: new Date(5), turns: 12n, note: undefined };

describe("defineTuple", () => {
  it("knows its name, plugin and key, and is not changed any more", () => {
    expect(PumpTuple).toMatchObject({ name: "peek_plugin_pumps.Pump", plugin: "peek_plugin_pumps", key: ["id"] });
    expect(SiteTuple.key).toEqual(["country", "code"]);
    expect(Object.isFrozen(SiteTuple) && Object.isFrozen(SiteTuple.key)).toBe(true);
  });

  it("checks tuples within tuples after their way", () => {
    const site = { country: "NZ", code: "AKL", pumps: [pump] };
    expect(checkData(SiteTuple.schema, decode(encode(site)), "the site")).toStrictEqual(site);
    expect(
      caught(() => checkData(SiteTuple.schema, { ...site, pumps: [{ ...pump, turns: 1 }] }, "the site")),
    ).toMatchObject({ code: "DATA_INVALID", fields: { path: "$.pumps[0].turns" } });
  });

  it("drops what a newer side has added, and fills in what an older one lacks", () => {
    const newer = { country: "NZ", code: "AKL", population: 5, pumps: [{ ...pump, colour: "red" }] };
    expect(checkData(SiteTuple.schema, newer, "the site")).toStrictEqual({ country: "NZ", code: "AKL", pumps: [pump] });
    expect(checkData(SiteTuple.schema, { country: "NZ", code: "AKL" }, "the site").pumps).toEqual([]);
  });

  it.each([
    ["StringInt", "peek_plugin_tutorial.StringInt"],
    ["peek_plugin_pumps", "peek_plugin_pumps.StringInt"],
    ["peek_plugin_pumps.pump_state", "peek_plugin_pumps.PumpState"],
    ["peek_plugin_pumps.PumpState.x", "peek_plugin_pumps.PumpStateX"],
    ["peek-plugin-pumps.Pump", "peek_plugin_tutorial.PeekPluginPumpsPump"],
    ["peek_plugin_pumps.Pump\n", "peek_plugin_pumps.Pump"],
    ["peek_plugin_pumps.1st", "peek_plugin_pumps.StringInt"],
    ["peek_plugin_pumps.Größe", "peek_plugin_pumps.GrE"],
    ["", "peek_plugin_tutorial.StringInt"],
    [".Pump", "peek_plugin_tutorial.Pump"],
    [`peek_plugin_pumps.${"P".repeat(183)}`, `of at most 200 characters: peek_plugin_pumps.${"P".repeat(182)}`],
  ])("refuses the name %j and says how it would be right", (name, right) => {
    const error = caught(() => defineTuple(name, { id: z.int() }, { key: "id" }));
    expect(error.code).toBe("CONTRACT_INVALID");
    expect(error.message.endsWith(right)).toBe(true);
  });

  it("takes a name of 200 letters, and those of the platform's own plugins", () => {
    const long = `peek_plugin_pumps.${"P".repeat(182)}`;
    expect(defineTuple(long, { id: z.int() }, { key: "id" }).name).toBe(long);
    expect(defineTuple("peek_core_user.User", { id: z.int() }, { key: "id" }).plugin).toBe("peek_core_user");
  });

  it.each<[string, unknown, unknown, string]>([
    ["a field __proto__", { ["__proto__"]: z.int() }, "__proto__", 'the name "__proto__"'],
    ["another prototype", { __proto__: z.int() }, "id", "no __proto__"],
    ["a field constructor", { constructor: z.int() }, "constructor", 'the name "constructor"'],
    ["a field without a name", { "": z.int() }, "", 'the name ""'],
    ["a symbol", { id: z.int(), [Symbol("x")]: z.int() }, "id", "the name Symbol(x)"],
    ["a field that is no schema", { id: "int" }, "id", 'the field "id" has to be a zod schema'],
    ["no fields", undefined, "id", "plain object"],
    ["no key", { id: z.int() }, undefined, "the key has to name"],
    ["an empty key", { id: z.int() }, [], "the key has to name"],
    ["a field twice in the key", { id: z.int() }, ["id", "id"], "the key has to name"],
    ["a key that is no field", { id: z.int() }, "name", 'it has no field "name"'],
    ["a key that every object has", { id: z.int() }, "toString", 'it has no field "toString"'],
  ])("refuses %s", (_, shape, key, message) => {
    const define = defineTuple as (name: string, shape: unknown, options: unknown) => unknown;
    const error = caught(() => define("peek_plugin_pumps.Pump", shape, { key }));
    expect(error.code).toBe("CONTRACT_INVALID");
    expect(error.message).toContain("peek_plugin_pumps.Pump");
    expect(error.message).toContain(message);
  });
});
