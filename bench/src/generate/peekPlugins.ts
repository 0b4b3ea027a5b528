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

/** @param dependants How many of them depend on the first one. Default: none. */
export async function generatePeekPlugins(softwareDir: string, count: number, dependants = 0): Promise<PeekPlugins> {
  const modulesDir = join(softwareDir, "node_modules");
  await mkdir(join(modulesDir, "@peek"), { recursive: true });
  await symlink(pluginBaseDir, join(modulesDir, "@peek", "plugin-base"));
  const names = Array.from({ length: count }, (_, index) => `peek_plugin_bench_${serial(index)}`);
  const [first = ""] = names;
  const files = await Promise.all(
    names.map((name, index) => generate(modulesDir, name, index > 0 && index <= dependants ? { [first]: "*" } : {})),
  );
  return { softwareDir, names, files };
}

function generate(modulesDir: string, name: string, dependencies: Readonly<Record<string, string>>): Promise<string> {
  const manifest = {
    plugin: { title: "Bench", packageName: name, version: "1.0.0", creator: "The Peek authors" },
    requiresServices: ["logic"],
    logic: {},
    dependencies,
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
