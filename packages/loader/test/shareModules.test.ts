import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { shareModules } from "../src/index.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

/** A built service that shares `valve` 1.2.0, and a plugin that has a version of its own. */
function serviceAndPlugin(pluginVersion: string): { readonly service: string; readonly plugin: string } {
  const root = temporaryFolder();
  const list = { valve: { version: "1.2.0", file: "shared.valve.js" } };
  const files = {
    "service/sharedModules.json": JSON.stringify(list),
    "service/shared.valve.js": `export const owner = "service";`,
    "service/main.js": `export { owner } from "valve";`,
    "plugin/index.js": `export { owner } from "valve";`,
    "node_modules/valve/package.json": JSON.stringify({
      version: pluginVersion,
      type: "module",
      exports: "./lib/a.js",
    }),
    "node_modules/valve/lib/a.js": `export const owner = "plugin";`,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return { service: join(root, "service"), plugin: join(root, "plugin") };
}

const shareModulesUrl = new URL("../src/shareModules.ts", import.meta.url).href;

/** Whose copy a module imports, in a process of its own: vitest imports modules in its own way. */
async function ownerOf(dir: string, file: string, shares: string): Promise<string> {
  const program = `import { shareModules } from ${JSON.stringify(shareModulesUrl)};
    const dir = process.argv[1];
    ${shares}
    console.log((await import(process.argv[2])).owner);`;
  const args = ["--conditions=@peek/source", "--input-type=module", "-e", program, dir, pathToFileURL(file).href];
  return (await promisify(execFile)(process.execPath, args)).stdout.trim();
}

describe("a module that a service shares", () => {
  it("is the service's own copy in a plugin that has the same version", async () => {
    const { service, plugin } = serviceAndPlugin("1.2.0");
    expect(await ownerOf(service, join(plugin, "index.js"), "shareModules(dir);")).toBe("service");
  });

  it("is the plugin's own copy in a plugin that has another version", async () => {
    const { service, plugin } = serviceAndPlugin("1.2.1");
    expect(await ownerOf(service, join(plugin, "index.js"), "shareModules(dir);")).toBe("plugin");
  });

  it("is resolved as usual for the files of the service", async () => {
    const { service } = serviceAndPlugin("1.2.0");
    expect(await ownerOf(service, join(service, "main.js"), "shareModules(dir);")).toBe("plugin");
  });

  it("is resolved as usual when sharing has ended", async () => {
    const { service, plugin } = serviceAndPlugin("1.2.0");
    const file = join(plugin, "index.js");
    expect(await ownerOf(service, file, "shareModules(dir)[Symbol.dispose]();")).toBe("plugin");
  });

  it("is not looked for where a service has no list of them", () => {
    expect(shareModules(temporaryFolder())).toBeUndefined();
  });
});
