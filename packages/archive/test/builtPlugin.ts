import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { pluginPackageSchema, type PluginPackage } from "@peek/plugin-base/manifest";
import type { Files } from "./crafted.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const pluginBaseDir = fileURLToPath(new URL("../../plugin-base", import.meta.url));

/** Writes files into a folder. */
export function writeFiles(dir: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
}

/** Writes a built plugin whose code is `dist`, with plugin-base installed. */
export function builtPlugin(
  files: Files,
  json: object = {},
): { readonly dir: string; readonly manifest: PluginPackage } {
  const dir = temporaryFolder();
  const declared = { plugin: { title: "Pump", packageName: "peek_plugin_pump" }, requiresServices: ["logic"] };
  const packageJson = {
    name: "peek-plugin-pump",
    version: "1.0.0",
    type: "module",
    files: ["dist", "plugin_package.json"],
    exports: { ".": { "@peek/source": "./src/index.ts", default: "./dist/index.js" } },
    dependencies: { "@peek/plugin-base": "workspace:*" },
    ...json,
  };
  mkdirSync(join(dir, "node_modules", "@peek"), { recursive: true });
  symlinkSync(pluginBaseDir, join(dir, "node_modules", "@peek", "plugin-base"));
  writeFiles(dir, {
    "package.json": JSON.stringify(packageJson),
    "plugin_package.json": JSON.stringify(declared),
    ...files,
  });
  const checked = pluginPackageSchema.parse(declared);
  return { dir, manifest: { ...checked, plugin: { ...checked.plugin, version: packageJson.version } } };
}
