import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { resolveEntry } from "../src/hooks/resolveEntry.ts";
import { caught } from "./caught.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const both = { "@peek/source": "./src/index.ts", types: "./dist/index.d.ts", default: "./dist/index.js" };

/** A package with this in its package.json, and these files. */
function packageWith(content: object | string, files: readonly string[]): string {
  const dir = join(temporaryFolder(), "a package");
  for (const file of files) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), "");
  }
  mkdirSync(dir, { recursive: true });
  const text = typeof content === "string" ? content : JSON.stringify({ name: "peek-plugin-a", ...content });
  writeFileSync(join(dir, "package.json"), text);
  return dir;
}

describe("the entry of a package", () => {
  it.each([
    ["a text", { exports: "./lib/main.js" }, [], "lib/main.js"],
    ["a path for the package's name", { exports: { ".": "./lib/main.js" } }, [], "lib/main.js"],
    ["conditions for the package's name", { exports: { ".": both } }, [], "dist/index.js"],
    ["conditions alone", { exports: both }, [], "dist/index.js"],
    ["conditions, of which one is set", { exports: { ".": both } }, ["@peek/source"], "src/index.ts"],
    ["an import condition", { exports: { ".": { require: "./a.cjs", import: "./a.mjs" } } }, [], "a.mjs"],
    ["a node condition", { exports: { ".": { browser: "./b.js", node: "./n.js", default: "./d.js" } } }, [], "n.js"],
    ["the condition that comes first", { exports: { ".": { default: "./d.js", import: "./i.js" } } }, [], "d.js"],
    [
      "conditions within conditions",
      { exports: { ".": { browser: "./b.js", node: { require: "./r.cjs", import: { default: "./deep.js" } } } } },
      [],
      "deep.js",
    ],
    ["exports before main", { main: "./main.js", exports: { ".": "./exported.js" } }, [], "exported.js"],
    ["main", { main: "./lib/main.js" }, [], "lib/main.js"],
    ["main without ./", { main: "lib/main.js" }, [], "lib/main.js"],
    ["nothing", {}, [], "index.js"],
    ["a file with spaces and other letters", { exports: "./lib/ä b#c?.js" }, [], "lib/ä b#c?.js"],
  ])("is found by %s", (_what, content, conditions, file) => {
    const dir = packageWith(content, [file]);
    expect(resolveEntry(dir, conditions)).toBe(pathToFileURL(join(dir, file)).href);
  });

  it.each([
    ["no path for the package's name", { exports: { "./other": "./other.js" } }],
    ["no condition that holds", { exports: { ".": { browser: "./b.js" } } }],
    ["null for the package's name", { exports: { ".": null } }],
    ["an empty object", { exports: {} }],
    ["a path without ./", { exports: { ".": "lib/main.js" } }],
    ["an absolute path", { exports: { ".": "/lib/main.js" } }],
    ["a path that leads out of it", { exports: { ".": "../other/main.js" } }],
    ["a path that leads out of it by and by", { exports: { ".": "./lib/../../other/main.js" } }],
    ["a text that leads out of it", { exports: "./../other/main.js" }],
    ["a number for exports", { exports: 7 }],
    ["a number for main", { main: 7 }],
    ["a main that leads out of it", { main: "../other/main.js" }],
  ])("is refused where package.json has %s", (_what, content) => {
    const dir = packageWith(content, ["lib/main.js", "other.js", "b.js", "../other/main.js"]);
    const error = caught(() => resolveEntry(dir, []));
    expect(error).toMatchObject({ code: "ENTRY_UNRESOLVED", exitCode: 78 });
    expect(error.message).toContain(join(dir, "package.json"));
    expect(error.message).not.toContain("\n");
  });

  it.each([
    ["exports names", { exports: "./dist/index.js" }, "./dist/index.js"],
    ["main names", { main: "dist/index.js" }, "dist/index.js"],
    ["nothing but custom says", {}, "index.js"],
  ])("is refused when the file does not exist that %s", (_what, content, file) => {
    const error = caught(() => resolveEntry(packageWith(content, []), []));
    expect(error.code).toBe("ENTRY_UNRESOLVED");
    expect(error.message).toContain(`names ${file} as the entry, which does not exist. Build the package.`);
  });

  it.each([
    ["is no JSON", "{"],
    ["is no object", "[]"],
    ["has a wrong type", '{"main": 7}'],
  ])("is refused where package.json %s", (_what, text) => {
    expect(caught(() => resolveEntry(packageWith(text, ["index.js"]), [])).code).toBe("ENTRY_UNRESOLVED");
  });

  it("is refused where there is no package.json", () => {
    expect(caught(() => resolveEntry(temporaryFolder(), [])).code).toBe("ENTRY_UNRESOLVED");
  });
});
