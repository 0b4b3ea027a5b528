import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { pluginBaseDir } from "../paths.ts";
import { generatePackage } from "./packages.ts";
import { pluginBody, serial } from "./pluginBody.ts";

/** Packages of Peek plugins. */
export interface PeekPlugins {
  /** For `plugin.softwarePath` in config.json. */
  readonly softwareDir: string;
  /** For `plugin.enabled` in config.json. */
  readonly names: readonly string[];
  /** The main modules of the packages. */
  readonly files: readonly string[];
}

export async function generatePeekPlugins(softwareDir: string, count: number): Promise<PeekPlugins> {
  const modulesDir = join(softwareDir, "node_modules");
  await mkdir(join(modulesDir, "@peek"), { recursive: true });
  await symlink(pluginBaseDir, join(modulesDir, "@peek", "plugin-base"));
  const names = Array.from({ length: count }, (_, index) => `peek_plugin_bench_${serial(index)}`);
  const files = await Promise.all(names.map((name) => generate(modulesDir, name)));
  return { softwareDir, names, files };
}

function generate(modulesDir: string, name: string): Promise<string> {
  const manifest = {
    plugin: { title: "Bench", packageName: name, version: "1.0.0", creator: "The Peek authors" },
    requiresServices: ["logic"],
    logic: {},
  };
  return generatePackage(modulesDir, {
    name: name.replaceAll("_", "-"),
    source,
    json: { "plugin_package.json": manifest },
  });
}

const source = `import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";

class LogicEntryHook extends PluginLogicEntryHookABC {
${pluginBody}  stop() {}
  unload() {}
}

export function peekLogicEntryHook() {
  return LogicEntryHook;
}
`;
