import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type PluginCommonEntryHookABC, packageNameOf } from "@peek/plugin-base";

/** A part of a plugin's life. */
export type Part = "entry" | "construct" | "load" | "start" | "stop" | "unload" | "api";
type Script = Partial<Record<Exclude<Part, "entry">, (hook: PluginCommonEntryHookABC) => unknown>> & {
  /** Given the class, returns what the package's function does. */
  readonly entry?: (entryHookClass: unknown) => unknown;
};

/** A plugin that a test writes down. */
export type TestPlugin = Script & {
  /** Default: 1.0.0. */
  readonly version?: string;
  /** Default: none. */
  readonly dependencies?: Readonly<Record<string, unknown>>;
  /** Default: logic. */
  readonly requiresServices?: readonly string[];
  /** What stands in plugin_package.json instead; null for no such file. */
  readonly manifest?: string | null;
  /** The plugin's code instead of the one that does what the other properties say. */
  readonly code?: string;
  readonly packageJson?: Readonly<Record<string, unknown>>;
};

const key = Symbol.for("peek.loader.test.scripts");
/** The scripts of the plugins, by the address of their folders. */
const scripts = new Map<string, Script>();
Reflect.set(globalThis, key, scripts);

const code = `
import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";

const script = globalThis[Symbol.for("peek.loader.test.scripts")].get(new URL(".", import.meta.url).href);

class LogicEntryHook extends PluginLogicEntryHookABC {
  constructor(...given) {
    super(...given);
    script.construct?.(this);
  }
  get publishedLogicApi() {
    return script.api?.(this);
  }
  load() {
    return script.load?.(this);
  }
  start() {
    return script.start?.(this);
  }
  stop() {
    return script.stop?.(this);
  }
  unload() {
    return script.unload?.(this);
  }
}

export function peekLogicEntryHook() {
  return script.entry === undefined ? LogicEntryHook : script.entry(LogicEntryHook);
}
`;

/** Writes a plugin's package into a folder, in the place of an earlier version, and gives the package's folder. */
export function writePlugin(base: string, name: string, plugin: TestPlugin = {}): string {
  const packageName = packageNameOf(name);
  const dir = join(base, packageName);
  mkdirSync(join(dir, "node_modules", "@peek"), { recursive: true });
  const link = join(dir, "node_modules/@peek/plugin-base");
  if (!existsSync(link)) symlinkSync(join(import.meta.dirname, "../../plugin-base"), link, "dir");
  const packageJson = { name: packageName, type: "module", exports: "./index.js", ...plugin.packageJson };
  writeFileSync(join(dir, "package.json"), JSON.stringify(packageJson));
  writeFileSync(join(dir, "index.js"), plugin.code ?? code);
  const manifest = plugin.manifest === undefined ? JSON.stringify(manifestOf(name, plugin)) : plugin.manifest;
  if (manifest !== null) writeFileSync(join(dir, "plugin_package.json"), manifest);
  scripts.set(pathToFileURL(`${dir}/`).href, plugin);
  return dir;
}

/** The plugin_package.json of a plugin. */
export function manifestOf(name: string, plugin: TestPlugin = {}): object {
  return {
    plugin: { title: `Title of ${name}`, packageName: name, version: plugin.version ?? "1.0.0" },
    requiresServices: plugin.requiresServices ?? ["logic"],
    dependencies: plugin.dependencies ?? {},
  };
}
