import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { PluginStatus } from "@peek/loader";
import { writePlugin } from "./pluginFolders.ts";
import { temporaryFolder } from "./temporaryFolder.ts";
import { TestLoader } from "./TestLoader.ts";

const name = "peek_plugin_a";

function installedOf({ loader }: TestLoader): PluginStatus["installed"] {
  return loader.statusWithInstalled()[0]?.installed;
}

it("findReplaced() returns undefined while nothing has been installed", async () => {
  const test = await new TestLoader(temporaryFolder(), { [name]: {} }).started();
  expect(installedOf(test)).toBeUndefined();
});

it("findReplaced() returns the new version of a plugin that was replaced", async () => {
  const base = temporaryFolder();
  const test = await new TestLoader(base, { [name]: {} }).started();
  rmSync(join(base, "peek-plugin-a"), { recursive: true });
  writePlugin(base, name, { version: "1.1.0" });
  expect(installedOf(test)).toEqual({ version: "1.1.0" });
  expect(test.status(name)).toMatchObject({ state: "started", version: "1.0.0" });
});

it("findReplaced() returns the same version when only the build of a plugin was replaced", async () => {
  const base = temporaryFolder();
  const test = await new TestLoader(base, { [name]: {} }).started();
  const entry = join(base, "peek-plugin-a", "index.js");
  writeFileSync(`${entry}.new`, "// another");
  renameSync(`${entry}.new`, entry);
  expect(installedOf(test)).toEqual({ version: "1.0.0" });
});

it("findReplaced() returns the problem of a plugin that was removed or damaged", async () => {
  const base = temporaryFolder();
  const test = await new TestLoader(base, { [name]: {} }).started();
  writeFileSync(join(base, "peek-plugin-a", "plugin_package.json"), "{");
  expect(installedOf(test)).toEqual({ problem: expect.stringContaining("is not JSON") });
  rmSync(join(base, "peek-plugin-a"), { recursive: true });
  expect(installedOf(test)?.problem).toContain("has no plugin_package.json");
});

it("findReplaced() returns the version of a plugin that was missing and has been installed", async () => {
  const base = temporaryFolder();
  let dir: string | undefined;
  const source = { title: "here", find: () => dir, packageNames: () => [] };
  const test = await new TestLoader(base, {}, { enabled: [name], sources: [source] }).started();
  expect(installedOf(test)).toBeUndefined();
  dir = writePlugin(base, name);
  expect(installedOf(test)).toEqual({ version: "1.0.0" });
});
