import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { workspaceDir } from "./workspace.ts";

/** A plugin to write. The defaults are a plain plugin on logic. */
export interface PluginPackageOptions {
  /** `peek_plugin_<name>`. */
  readonly name: string;
  /** plugin_package.json: an object to merge over the plain one, a text to write unchanged, or null for none. */
  readonly manifest?: Readonly<Record<string, unknown>> | string | null;
  /** The body of the class on logic; default: four hooks that log their name. */
  readonly body?: string;
  /** The whole index.js instead. */
  readonly index?: string;
  readonly version?: string;
  /** Further files, by their path in the package. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Whether a plugin has a database. */
export function requiresStorage({ manifest }: PluginPackageOptions): boolean {
  const services: unknown = Reflect.get(Object(manifest), "requiresServices");
  return Array.isArray(services) && services.includes("storage");
}

const plainBody = `
  #logger = this.getLogger(import.meta);
  load() { this.#logger.info("Loaded"); }
  start() { this.#logger.info("Started"); }
  stop() { this.#logger.info("Stopped"); }
  unload() { this.#logger.info("Unloaded"); }`;

/**
 * Writes plugins into the place where an administrator installs them: `node_modules` of the folder in plugin.softwarePath.
 */
export async function writePlugins(softwareDir: string, plugins: readonly PluginPackageOptions[]): Promise<void> {
  const modules = join(softwareDir, "node_modules");
  await mkdir(join(modules, "@peek"), { recursive: true });
  await symlink(join(workspaceDir, "packages", "plugin-base"), join(modules, "@peek", "plugin-base"));
  await Promise.all(plugins.map((plugin) => writePlugin(modules, plugin)));
}

async function writePlugin(modules: string, plugin: PluginPackageOptions): Promise<void> {
  const { name, version = "1.0.0", manifest = {}, body = plainBody } = plugin;
  const packageName = name.replaceAll("_", "-");
  const dir = join(modules, packageName);
  await mkdir(dir, { recursive: true });
  await writeFile(
    join(dir, "package.json"),
    JSON.stringify({ name: packageName, version, type: "module", exports: "./index.js" }),
  );
  await writeFile(join(dir, "index.js"), plugin.index ?? entry(body));
  for (const [path, content] of Object.entries(plugin.files ?? {})) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), content);
  }
  if (manifest === null) return;
  const plain = { plugin: { title: name, packageName: name, version }, requiresServices: ["logic"] };
  const text = typeof manifest === "string" ? manifest : JSON.stringify({ ...plain, ...manifest });
  await writeFile(join(dir, "plugin_package.json"), text);
}

function entry(body: string): string {
  return `import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
class LogicEntryHook extends PluginLogicEntryHookABC {
  load() {}
  start() {}
  stop() {}
  unload() {}
  ${body}
}
export function peekLogicEntryHook() { return LogicEntryHook; }
`;
}
