import { describe, expect, it } from "vitest";
import { serviceNames } from "@peek/plugin-base";
import { PluginFieldEntryHookABC } from "@peek/plugin-base/field";
import { PLUGIN_API_VERSION } from "@peek/plugin-base/internal";
import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import { checkEntryHookClass, requireHooks } from "../src/hooks/checkEntryHookClass.ts";
import { caught } from "./caught.ts";

const [major = 0, minor = 0] = PLUGIN_API_VERSION.split(".").map(Number);
const check = (returned: unknown) => checkEntryHookClass(returned, "peekLogicEntryHook", "logic");

class LogicEntryHook extends PluginLogicEntryHookABC {
  override load(): void {}
  override start(): void {}
  override stop(): void {}
  override unload(): void {}
}

class FieldEntryHook extends PluginFieldEntryHookABC {
  override load(): void {}
  override start(): void {}
  override stop(): void {}
  override unload(): void {}
}

const brandOfAnyCopy: unique symbol = Symbol.for("peek.plugin-base.entry-hook");

/** A class as it would come of another copy of plugin-base, which says this of itself. */
function foreign(brand: unknown): unknown {
  return class ForeignEntryHook {
    static readonly [brandOfAnyCopy] = brand;
    load(): void {}
    start(): void {}
    stop(): void {}
    unload(): void {}
  };
}

describe("checkEntryHookClass", () => {
  it("accepts a class that extends the abstract class of the service", () => {
    expect(check(LogicEntryHook)).toBe(LogicEntryHook);
  });

  it("accepts a class that inherits the hooks from a class in between", () => {
    class Derived extends LogicEntryHook {}
    expect(check(Derived)).toBe(Derived);
  });

  it.each(serviceNames)("accepts a class of another copy of plugin-base on %s", (service) => {
    const returned = foreign({ service, apiVersion: PLUGIN_API_VERSION });
    expect(checkEntryHookClass(returned, "peekEntryHook", service)).toBe(returned);
  });

  it.each([
    ["nothing", undefined, "undefined"],
    ["null", null, "null"],
    ["a text", "LogicEntryHook", '"LogicEntryHook"'],
    ["an object", { load: 1 }, '{"load":1}'],
    ["an arrow function", () => LogicEntryHook, "a function"],
    ["an async function", async function hook() {}, "the function hook"],
    ["a method", Object.getOwnPropertyDescriptor(LogicEntryHook.prototype, "load")?.value, "the function load"],
    ["a circle", circle(), "a value of type object"],
  ])("refuses %s", (_what, returned, shown) => {
    const error = caught(() => check(returned));
    expect(error).toMatchObject({ code: "ENTRY_HOOK_NOT_A_CLASS", exitCode: 78 });
    expect(error.message).toContain(`peekLogicEntryHook() returned ${shown}`);
    expect(error.message).toContain("PluginLogicEntryHookABC");
  });

  it.each([
    [
      "an instance",
      new LogicEntryHook("peek_plugin_a", "/", {} as never),
      "ENTRY_HOOK_NOT_A_CLASS",
      "PluginLogicEntryHookABC",
    ],
    [
      "a class that extends nothing",
      class Plain {},
      "ENTRY_HOOK_WRONG_CLASS",
      "the class Plain, which does not extend PluginLogicEntryHookABC of @peek/plugin-base/logic",
    ],
    ["a class without a name", (() => class {})(), "ENTRY_HOOK_WRONG_CLASS", "does not extend"],
    ["a generator function", function* hooks() {}, "ENTRY_HOOK_WRONG_CLASS", "does not extend"],
    [
      "the class of another service",
      FieldEntryHook,
      "ENTRY_HOOK_WRONG_CLASS",
      "the class FieldEntryHook, which is for the field service. Extend PluginLogicEntryHookABC",
    ],
    ["a brand that is none", foreign("logic"), "ENTRY_HOOK_WRONG_CLASS", "does not extend"],
    ["a brand without a version", foreign({ service: "logic" }), "ENTRY_HOOK_WRONG_CLASS", "does not extend"],
    [
      "a brand with half a version",
      foreign({ service: "logic", apiVersion: "1" }),
      "ENTRY_HOOK_WRONG_CLASS",
      "does not extend",
    ],
    [
      "a brand with a service that is none",
      foreign({ service: "server", apiVersion: "1.0" }),
      "ENTRY_HOOK_WRONG_CLASS",
      "is for the server service",
    ],
  ])("refuses %s", (_what, returned, code, part) => {
    const error = caught(() => check(returned));
    expect(error.code).toBe(code);
    expect(error.message).toContain(part);
  });

  it.each([
    ["a newer minor version", `${major}.${minor + 1}`, "Upgrade the platform"],
    ["a newer minor version of two digits", `${major}.${minor + 10}`, "Upgrade the platform"],
    ["a newer major version", `${major + 1}.0`, "Upgrade the platform"],
    ["an older major version", `${major - 1}.9`, "Install a version of the plugin that was built for this platform"],
  ])("refuses a class of %s of the plugin API, and names both versions", (_what, apiVersion, cure) => {
    const error = caught(() => check(foreign({ service: "logic", apiVersion })));
    expect(error).toMatchObject({
      code: "ENTRY_HOOK_INCOMPATIBLE",
      fields: { plugin: apiVersion, platform: PLUGIN_API_VERSION },
    });
    expect(error.message).toContain(`plugin API ${apiVersion}, and this platform has ${PLUGIN_API_VERSION}`);
    expect(error.message).toContain(cure);
  });
});

describe("requireHooks", () => {
  const require = (instance: object) =>
    requireHooks(instance as LogicEntryHook, "peekLogicEntryHook", checkEntryHookClass(LogicEntryHook, "f", "logic"));
  const hook = (): void => undefined;

  it("accepts hooks that are methods, and hooks that are properties", () => {
    class Methods {
      load(): void {}
      start(): void {}
      stop(): void {}
      unload(): void {}
    }
    for (const instance of [new Methods(), { load: hook, start: hook, stop: hook, unload: hook }]) {
      expect(require(instance)).toBe(instance);
    }
  });

  it.each([
    [{}, "does not define load(), start(), stop(), unload()"],
    [{ load: hook, start: hook, stop: 7, unload: hook }, "does not define stop()"],
  ])("refuses an instance that lacks a hook", (instance, says) => {
    const error = caught(() => require(instance));
    expect(error.code).toBe("ENTRY_HOOK_WRONG_CLASS");
    expect(error.message).toContain(says);
  });
});

function circle(): object {
  const self: Record<string, unknown> = {};
  self["self"] = self;
  return self;
}
