import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { PluginPackageOptions } from "./pluginPackage.ts";
import { workspaceDir } from "./workspace.ts";

const dir = join(workspaceDir, "docs", "kit");

/** The plugin of the office service whose pages show every component of the UI kit. `pnpm build` builds it. */
export async function kitPlugin(): Promise<PluginPackageOptions> {
  const found = await readdir(join(dir, "web", "dist"), { recursive: true, withFileTypes: true });
  const paths = found.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const files = await Promise.all(
    paths.map(async (path) => [relative(dir, path), await readFile(path, "utf8")] as const),
  );
  return {
    name: "peek_plugin_kit",
    manifest: await readFile(join(dir, "plugin_package.json"), "utf8"),
    index: `import { PluginOfficeEntryHookABC } from "@peek/plugin-base/office";
      export const peekOfficeEntryHook = () => class OfficeEntryHook extends PluginOfficeEntryHookABC {
        load() {}
        start() {}
        stop() {}
        unload() {}
      };`,
    files: Object.fromEntries(files),
  };
}
