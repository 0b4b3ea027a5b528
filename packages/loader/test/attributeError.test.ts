import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import type { GenerationId } from "../src/hooks/PluginContext.ts";
import { type AttributableGeneration, attributeError } from "../src/attributeError.ts";

const folder = (plugin: string): string => `/plugins/peek plugin-${plugin}`;
const rootUrl = (plugin: string): string => `${pathToFileURL(folder(plugin)).href}/`;
const generationOf = (name: string, generation = 1, moduleVersion?: string): AttributableGeneration => ({
  name,
  generation,
  rootDir: folder(name),
  rootUrl: rootUrl(name),
  moduleVersion,
});
const plugins = ["a", "ab", "user"].map((name) => generationOf(name));
const first = (name: string | undefined): GenerationId | undefined =>
  name === undefined ? undefined : { name, generation: 1 };
const userDependsOnA = (name: string, on: string): boolean => name === "user" && on === "a";
const strangers = (): boolean => false;

const url = (plugin: string): string => `    at f (${pathToFileURL(`/plugins/peek plugin-${plugin}/x.js`).href}:1:2)`;
const path = (plugin: string): string => `    at f (/plugins/peek plugin-${plugin}/x.cjs:1:2)`;
const stack = (...frames: readonly string[]): string =>
  ["Error: x", ...frames, "    at node:internal/timers:1:1"].join("\n");

describe("an uncaught error", () => {
  it.each([
    ["whose file is innermost in the stack", stack(url("ab"), url("a")), undefined, "ab"],
    ["whose file is in the stack by its path", stack(path("a")), undefined, "a"],
    ["whose file is in the stack, while code of any plugin is running", stack(url("a")), "ab", "a"],
    ["whose code is running, when no file of a plugin is in the stack", stack(), "ab", "ab"],
    [
      "whose code is running, when the message alone names a file",
      `Error: see ${pathToFileURL("/plugins/peek plugin-a/x.js").href}`,
      "ab",
      "ab",
    ],
  ])("is attributed to the plugin %s", (_what, text, current, guilty) => {
    expect(attributeError(text, first(current), plugins, strangers)).toEqual(first(guilty));
  });

  it("is attributed to the plugin that called the API which threw", () => {
    expect(attributeError(stack(url("a"), url("user")), first("user"), plugins, userDependsOnA)).toEqual(first("user"));
  });

  it("is attributed to the plugin whose listener threw, although another plugin's code was running", () => {
    expect(attributeError(stack(url("user"), url("a")), first("a"), plugins, userDependsOnA)).toEqual(first("user"));
  });

  it("is attributed to no plugin without a stack frame or a running plugin", () => {
    expect(
      attributeError(stack("    at /plugins/peek plugin-abc/x.js:1:1"), undefined, plugins, strangers),
    ).toBeUndefined();
    expect(attributeError("", undefined, plugins, strangers)).toBeUndefined();
  });

  describe("of a plugin with several generations", () => {
    // The first two have the same files; the third has others, and the fourth the same as the third.
    const generations = [
      generationOf("a"),
      generationOf("a", 2),
      generationOf("a", 3, "f00d"),
      generationOf("a", 4, "f00d"),
    ];
    const frame = (file: string): string => `    at f (${rootUrl("a")}${file}:1:2)`;
    const cause = (file: string, generation?: number): number | undefined => {
      const current = generation === undefined ? undefined : { name: "a", generation };
      return attributeError(stack(frame(file)), current, generations, strangers)?.generation;
    };

    it("is attributed to the last generation with the module in the stack", () => {
      expect([cause("x.js"), cause("x.js?v=f00d")]).toEqual([2, 4]);
    });

    it("is attributed to the generation whose code was running, among those with the module", () => {
      expect([cause("x.js", 1), cause("x.js?v=f00d", 3)]).toEqual([1, 3]);
    });

    it("is attributed by the module, where the running generation has another one", () => {
      expect([cause("x.js", 4), cause("x.js?v=f00d", 1)]).toEqual([2, 4]);
    });

    it("is attributed to the running generation, or else the last one, where a dependency threw", () => {
      expect([cause("node_modules/x/y.js", 2), cause("node_modules/x/y.js")]).toEqual([2, 4]);
    });
  });
});
