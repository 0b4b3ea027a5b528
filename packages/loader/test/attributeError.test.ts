import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { attributeError } from "../src/attributeError.ts";

const plugins = ["a", "ab", "user"].map((name) => ({ name, rootDir: `/plugins/peek plugin-${name}` }));
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
    expect(attributeError(text, current, plugins, strangers)).toBe(guilty);
  });

  it("is attributed to the plugin that called the API which threw", () => {
    expect(attributeError(stack(url("a"), url("user")), "user", plugins, userDependsOnA)).toBe("user");
  });

  it("is attributed to the plugin whose listener threw, although another plugin's code was running", () => {
    expect(attributeError(stack(url("user"), url("a")), "a", plugins, userDependsOnA)).toBe("user");
  });

  it("is attributed to no plugin without a stack frame or a running plugin", () => {
    expect(
      attributeError(stack("    at /plugins/peek plugin-abc/x.js:1:1"), undefined, plugins, strangers),
    ).toBeUndefined();
    expect(attributeError("", undefined, plugins, strangers)).toBeUndefined();
  });
});
