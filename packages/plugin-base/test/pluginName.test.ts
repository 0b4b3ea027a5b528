import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isPluginName, packageNameOf, pluginNameOf } from "@peek/plugin-base";

const word = fc.stringMatching(/^[a-z0-9]+$/, { maxLength: 8 });
const pluginName = fc
  .tuple(fc.constantFrom("peek_plugin", "peek_core"), fc.array(word, { minLength: 1, maxLength: 4 }))
  .map(([prefix, words]) => [prefix, ...words].join("_"));

describe("isPluginName", () => {
  it.each([
    "peek_plugin_a",
    "peek_plugin_pump_log",
    "peek_plugin_2",
    "peek_core_user",
    `peek_plugin_${"a".repeat(88)}`,
  ])("accepts %s", (name) => {
    expect(isPluginName(name)).toBe(true);
  });

  it.each([
    "",
    "peek_plugin",
    "peek_plugin_",
    "peek_plugin__a",
    "peek_plugin_a_",
    "peek_plugin_A",
    "peek-plugin-a",
    "peek_other_a",
    "my_peek_plugin_a",
    "peek_plugin_a.b",
    "peek_plugin_a/../b",
    "peek_plugin_ä",
    "peek_plugin_a\n",
    " peek_plugin_a",
    `peek_plugin_${"a".repeat(89)}`,
  ])("refuses %j", (name) => {
    expect(isPluginName(name)).toBe(false);
  });

  it("accepts every name that is put together right", () => {
    fc.assert(fc.property(pluginName, isPluginName));
  });
});

describe("a plugin's package", () => {
  it("is called as the plugin, with hyphens", () => {
    expect(packageNameOf("peek_plugin_pump_log")).toBe("peek-plugin-pump-log");
    expect(pluginNameOf("peek-plugin-pump-log")).toBe("peek_plugin_pump_log");
  });

  it("leads back to the plugin, and is its alone", () => {
    fc.assert(
      fc.property(pluginName, pluginName, (name, other) => {
        expect(packageNameOf(name)).toMatch(/^[a-z0-9-]+$/);
        expect(pluginNameOf(packageNameOf(name))).toBe(name);
        expect(packageNameOf(name) === packageNameOf(other)).toBe(name === other);
      }),
    );
  });
});
