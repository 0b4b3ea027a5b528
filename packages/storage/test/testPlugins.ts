import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packageNameOf } from "@peek/plugin-base";
import type { PluginStorage } from "@peek/plugin-base/storage";
import { migrations, pluginFolder } from "./support.ts";

/** Any tables. */
export type AnyTables = Record<string, Record<string, unknown>>;

/** The part of a plugin's hook that tests use. */
export interface TestHook {
  readonly platform: { readonly storage: PluginStorage<AnyTables>; readonly signal: AbortSignal };
}

/** The definition of a test's plugin. */
export interface TestPlugin {
  readonly start?: (hook: TestHook) => unknown;
  readonly stop?: (hook: TestHook) => unknown;
  readonly unload?: (hook: TestHook) => unknown;
  /** Files by their names. Default: it has none, and no folder for them. */
  readonly migrations?: Readonly<Record<string, string>>;
  /** Default: `migrations`, if it has any. */
  readonly migrationsDir?: string;
  /** Default: 1.0.0. */
  readonly version?: string;
}

const key = Symbol.for("peek.storage.test.plugins");
/** The definitions of the plugins, by the URLs of their folders. */
const plugins = new Map<string, TestPlugin>();
Reflect.set(globalThis, key, plugins);

const code = `
import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import { PluginWorkerEntryHookABC } from "@peek/plugin-base/worker";

const plugin = globalThis[Symbol.for("peek.storage.test.plugins")].get(new URL(".", import.meta.url).href);

const hooked = (Base) =>
  class EntryHook extends Base {
    load() {}
    start() {
      return plugin.start?.(this);
    }
    stop() {
      return plugin.stop?.(this);
    }
    unload() {
      return plugin.unload?.(this);
    }
  };

export const peekLogicEntryHook = () => hooked(PluginLogicEntryHookABC);
export const peekWorkerEntryHook = () => hooked(PluginWorkerEntryHookABC);
`;

/** Writes the package of a plugin with storage, for logic and worker. @returns Its folder, which is removed after the test. */
export function writePlugin(name: string, plugin: TestPlugin = {}): string {
  const dir = join(pluginFolder(), packageNameOf(name));
  mkdirSync(dir);
  const packageJson = { name: packageNameOf(name), type: "module", exports: "./index.js" };
  writeFileSync(join(dir, "package.json"), JSON.stringify(packageJson));
  writeFileSync(join(dir, "index.js"), code);
  const hasMigrations = plugin.migrations !== undefined || plugin.migrationsDir !== undefined;
  if (plugin.migrations !== undefined) migrations(plugin.migrations, dir);
  const manifest = {
    plugin: { title: `Title of ${name}`, packageName: name, version: plugin.version ?? "1.0.0" },
    requiresServices: ["logic", "worker", "storage"],
    ...(hasMigrations && { storage: { migrationsDir: plugin.migrationsDir ?? "migrations" } }),
  };
  writeFileSync(join(dir, "plugin_package.json"), JSON.stringify(manifest));
  plugins.set(pathToFileURL(`${dir}/`).href, plugin);
  return dir;
}
