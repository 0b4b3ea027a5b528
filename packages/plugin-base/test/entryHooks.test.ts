import { describe, expect, it } from "vitest";
import { PluginCommonEntryHookABC, serviceNames } from "@peek/plugin-base";
import { PluginAgentEntryHookABC } from "@peek/plugin-base/agent";
import { PluginFieldEntryHookABC } from "@peek/plugin-base/field";
import { ENTRY_HOOK_BRAND, PLUGIN_API_VERSION } from "@peek/plugin-base/internal";
import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import { PluginOfficeEntryHookABC } from "@peek/plugin-base/office";
import { PluginWorkerEntryHookABC } from "@peek/plugin-base/worker";
import { stubPlatform } from "./stubPlatform.ts";

class LogicEntryHook extends PluginLogicEntryHookABC {
  override load(): void {}
  override start(): void {}
  override stop(): void {}
  override unload(): void {}
}

const classes = [
  ["logic", PluginLogicEntryHookABC],
  ["field", PluginFieldEntryHookABC],
  ["office", PluginOfficeEntryHookABC],
  ["worker", PluginWorkerEntryHookABC],
  ["agent", PluginAgentEntryHookABC],
] as const;

it("every service has its class", () => {
  expect(classes.map(([service]) => service)).toEqual(serviceNames);
});

describe.each(classes)("the class of %s", (service, abstractClass) => {
  it("carries the service and the version of the plugin API, for any copy of the package to read", () => {
    expect(Reflect.get(abstractClass, Symbol.for("peek.plugin-base.entry-hook"))).toEqual({
      service,
      apiVersion: PLUGIN_API_VERSION,
    });
    expect(Object.hasOwn(abstractClass, ENTRY_HOOK_BRAND)).toBe(true);
  });

  it("extends what all services have in common, and publishes nothing of itself", () => {
    expect(abstractClass.prototype).toBeInstanceOf(PluginCommonEntryHookABC);
    const property = `published${service.charAt(0).toUpperCase()}${service.slice(1)}Api`;
    expect(Object.getOwnPropertyNames(abstractClass.prototype)).toContain(property);
    expect(Reflect.get(abstractClass.prototype, property)).toBeUndefined();
  });

  it("hands its brand down", () => {
    class Derived extends (abstractClass as typeof PluginLogicEntryHookABC) {
      override load(): void {}
      override start(): void {}
      override stop(): void {}
      override unload(): void {}
    }
    expect(Reflect.get(Derived, ENTRY_HOOK_BRAND)).toMatchObject({ service });
  });
});

describe("an entry hook", () => {
  it("gives what it was constructed with", () => {
    const platform = stubPlatform();
    const hook = new LogicEntryHook("peek_plugin_a", "/plugins/peek-plugin-a", platform);
    expect(hook.name).toBe("peek_plugin_a");
    expect(hook.rootDir).toBe("/plugins/peek-plugin-a");
    expect(hook.platform).toBe(platform);
    expect(hook.packageConfig).toBe(platform.packageConfig);
    expect(hook.title).toBe("Plugin A");
    expect(hook.disposables).toBe(platform.disposables);
    expect(hook.getLogger(import.meta)).toBe(platform.getLogger(import.meta));
  });

  it("cannot be given other parts by the plugin", () => {
    const hook = new LogicEntryHook("peek_plugin_a", "/plugins/peek-plugin-a", stubPlatform());
    for (const property of ["name", "title", "rootDir", "platform", "packageConfig", "disposables"]) {
      expect(Reflect.set(hook, property, "other")).toBe(false);
    }
  });
});
