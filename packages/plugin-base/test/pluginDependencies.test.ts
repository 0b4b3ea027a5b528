import { describe, expect, it } from "vitest";
import { serviceNames } from "@peek/plugin-base";
import { pluginDependencies, pluginPackageSchema } from "@peek/plugin-base/manifest";

function manifest(dependencies: unknown) {
  return pluginPackageSchema.parse({
    plugin: { title: "A", packageName: "peek_plugin_a", version: "1.0.0" },
    requiresServices: ["logic"],
    dependencies,
  });
}

describe("pluginDependencies", () => {
  it.each(serviceNames)("is nothing on %s where nothing is declared", (service) => {
    expect(pluginDependencies(manifest(undefined), service)).toEqual([]);
  });

  it.each(serviceNames)("counts a bare range on %s, as one that is needed", (service) => {
    expect(pluginDependencies(manifest({ peek_plugin_b: "^1.2.0" }), service)).toEqual([
      { name: "peek_plugin_b", range: "^1.2.0", optional: false },
    ]);
  });

  it("keeps the order, and whether one is optional", () => {
    const declared = { peek_plugin_c: { version: "1", optional: true }, peek_plugin_b: { version: "2" } };
    expect(pluginDependencies(manifest(declared), "worker")).toEqual([
      { name: "peek_plugin_c", range: "1", optional: true },
      { name: "peek_plugin_b", range: "2", optional: false },
    ]);
  });

  it("leaves out what counts on other services alone", () => {
    const declared = manifest({ peek_plugin_b: { version: "1", services: ["logic", "agent"] } });
    expect(serviceNames.filter((service) => pluginDependencies(declared, service).length > 0)).toEqual([
      "logic",
      "agent",
    ]);
  });
});
