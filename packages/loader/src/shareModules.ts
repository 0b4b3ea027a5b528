import { withoutJit } from "@peek/config";
import { readFileSync } from "node:fs";
import { findPackageJSON, registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";

/** The list that the build of a service writes beside its files: for each module that it shares, its version and file. */
const listName = "sharedModules.json";

const listSchema = z.record(z.string(), z.object({ version: z.string(), file: z.string() }));
const manifestSchema = z.object({ version: z.string() });

interface SharedModule {
  readonly version: string;
  readonly url: string;
}

/**
 * Gives plugins the service's own copies of zod and plugin-base. A built service has them in its bundle already; a second
 * copy from the plugin's node_modules costs 30 ms and 20 MiB. A plugin that brings another version keeps its own copy.
 *
 * @param dir The folder of the built service. Without a list of shared modules there, such as when it runs from
 *   source, nothing changes: Node finds one copy for all then.
 * @returns What undoes it; undefined where nothing is shared.
 */
export function shareModules(dir: string): Disposable | undefined {
  const modules = readList(dir);
  if (modules === undefined) return undefined;
  const ownFiles = `${pathToFileURL(dir).href}/`;
  const versionOf = cachedVersion();
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      const shared = modules.get(specifier);
      const isShared =
        shared !== undefined &&
        context.conditions.includes("import") &&
        context.parentURL?.startsWith(ownFiles) !== true &&
        versionOf(found.url) === shared.version;
      return isShared ? { ...found, url: shared.url, format: "module" } : found;
    },
  });
  return { [Symbol.dispose]: () => hooks.deregister() };
}

/**
 * The URLs of the modules that a built service shares, by their names.
 *
 * @param dir The folder of the built service.
 * @returns undefined without a list of shared modules there, such as when it runs from source.
 */
export function sharedModuleUrls(dir: string): ReadonlyMap<string, string> | undefined {
  const modules = readList(dir);
  return modules && new Map([...modules].map(([name, { url }]) => [name, url]));
}

function readList(dir: string): ReadonlyMap<string, SharedModule> | undefined {
  const text = tryRead(join(dir, listName));
  if (text === undefined) return undefined;
  const list = Object.entries(listSchema.parse(JSON.parse(text), withoutJit));
  return new Map(
    list.map(([name, { version, file }]) => [name, { version, url: pathToFileURL(join(dir, file)).href }] as const),
  );
}

/** The version of the package that a module belongs to; read once for each module. */
function cachedVersion(): (url: string) => string | undefined {
  const known = new Map<string, string | undefined>();
  return (url) => {
    if (!known.has(url)) known.set(url, url.startsWith("file:") ? versionOfPackage(url) : undefined);
    return known.get(url);
  };
}

function versionOfPackage(url: string): string | undefined {
  const manifest = findPackageJSON(url);
  const text = manifest === undefined ? undefined : tryRead(manifest);
  return text === undefined ? undefined : manifestSchema.safeParse(JSON.parse(text), withoutJit).data?.version;
}

function tryRead(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
