import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { pluginPackageSchema } from "@peek/plugin-base/manifest";

const plugin = { title: "Pump Log", packageName: "peek_plugin_pump_log", version: "1.2.3" };
const least = { plugin, requiresServices: ["logic"] };

/** The paths at which a value is refused. */
function refusals(value: unknown): readonly string[] {
  return (pluginPackageSchema.safeParse(value).error?.issues ?? []).map((issue) => issue.path.join("."));
}

describe("pluginPackageSchema", () => {
  it("accepts the least that a plugin has to say, and takes no dependencies for an empty object", () => {
    expect(pluginPackageSchema.parse(least)).toEqual({ ...least, dependencies: {} });
  });

  it("accepts everything that a plugin can say", () => {
    const services = [
      "logic",
      "field",
      "office",
      "worker",
      "agent",
      "storage",
      "admin",
      "admin-doc",
      "field-doc",
      "office-doc",
    ];
    const all = {
      $schema: "./node_modules/@peek/plugin-base/plugin_package.schema.json",
      plugin: {
        ...plugin,
        creator: "Example Ltd",
        website: "https://example.com",
        buildNumber: "7",
        buildDate: "2026-01-31",
      },
      requiresServices: services,
      dependencies: {
        peek_plugin_a: "^1.0.0",
        peek_core_user: { version: ">=1 <3", optional: true, services: ["logic", "agent"] },
      },
      ...Object.fromEntries(services.map((service) => [service, { own: [1, "two", null, { three: true }] }])),
    };
    expect(pluginPackageSchema.parse(all)).toEqual(all);
  });

  it("takes a dependency in its full form for one that is needed", () => {
    const parsed = pluginPackageSchema.parse({ ...least, dependencies: { peek_plugin_a: { version: "1" } } });
    expect(parsed.dependencies).toEqual({ peek_plugin_a: { version: "1", optional: false } });
  });

  it.each(["0.0.0", "1.2.3", "10.20.30", "1.0.0-alpha.1", "1.0.0+build.5", "1.0.0-rc.1+b"])(
    "accepts version %s",
    (version) => {
      expect(refusals({ ...least, plugin: { ...plugin, version } })).toEqual([]);
    },
  );

  it.each([
    "",
    "1",
    "1.2",
    "v1.2.3",
    "1.2.3.4",
    "01.2.3",
    "1.2.3-",
    "1.2.x",
    " 1.2.3",
    "1.2.3\n",
    "^1.2.3",
    `1.2.3-${"a".repeat(100)}`,
  ])("refuses version %j", (version) => {
    expect(refusals({ ...least, plugin: { ...plugin, version } })).toContain("plugin.version");
  });

  it.each([
    ["nothing", undefined, ""],
    ["a list", [], ""],
    ["no plugin", { requiresServices: ["logic"] }, "plugin"],
    ["no services", { plugin }, "requiresServices"],
    ["an empty list of services", { plugin, requiresServices: [] }, "requiresServices"],
    ["an unknown service", { plugin, requiresServices: ["logic", "server"] }, "requiresServices.1"],
    ["a service that is not in a list", { plugin, requiresServices: "logic" }, "requiresServices"],
    ["no title", { ...least, plugin: { ...plugin, title: undefined } }, "plugin.title"],
    ["an empty title", { ...least, plugin: { ...plugin, title: "" } }, "plugin.title"],
    ["an endless title", { ...least, plugin: { ...plugin, title: "x".repeat(501) } }, "plugin.title"],
    ["no name", { ...least, plugin: { ...plugin, packageName: undefined } }, "plugin.packageName"],
    [
      "an npm name for a plugin's",
      { ...least, plugin: { ...plugin, packageName: "peek-plugin-x" } },
      "plugin.packageName",
    ],
    ["a number for a version", { ...least, plugin: { ...plugin, version: 1 } }, "plugin.version"],
    ["an unknown key", { ...least, requireServices: [] }, ""],
    ["an unknown key of the plugin", { ...least, plugin: { ...plugin, nmae: "x" } }, "plugin"],
    ["a list of dependencies", { ...least, dependencies: ["peek_plugin_a"] }, "dependencies"],
    ["a dependency on what is no plugin", { ...least, dependencies: { lodash: "^4.0.0" } }, "dependencies.lodash"],
    ["a dependency without a range", { ...least, dependencies: { peek_plugin_a: "" } }, "dependencies.peek_plugin_a"],
    ["a number for a range", { ...least, dependencies: { peek_plugin_a: 1 } }, "dependencies.peek_plugin_a"],
    [
      "a dependency on no service",
      { ...least, dependencies: { peek_plugin_a: { version: "1", services: [] } } },
      "dependencies.peek_plugin_a",
    ],
    [
      "a dependency on an unknown service",
      { ...least, dependencies: { peek_plugin_a: { version: "1", services: ["storage"] } } },
      "dependencies.peek_plugin_a",
    ],
    ["settings that are no object", { ...least, logic: true }, "logic"],
    ["settings of a list", { ...least, storage: [] }, "storage"],
  ])("refuses %s", (_what, value, path) => {
    expect(refusals(value).some((each) => each.startsWith(path))).toBe(true);
  });
});

it("plugin_package.schema.json is what the schema says", () => {
  const text = readFileSync(join(import.meta.dirname, "../plugin_package.schema.json"), "utf8");
  expect(text).toBe(`${JSON.stringify(z.toJSONSchema(pluginPackageSchema, { io: "input" }), null, 2)}\n`);
});
