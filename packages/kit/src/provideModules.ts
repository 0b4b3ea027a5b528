import { existsSync } from "node:fs";
import { registerHooks } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The modules of the packages that no plugin's archive contains. */
const provided = /^(?:zod|@peek\/errors|@peek\/plugin-base)(?:\/|$)/;
/** The file at the root of each package that was installed from an archive. */
const archiveManifest = "peek-archive.json";

/**
 * Gives plugins that were installed from archives the platform's own copies of zod, `@peek/errors` and `@peek/plugin-base`, where Node
 * finds none from the plugin's folder.
 *
 * @param urls The URLs of these copies by the names of their modules. Default: the ones that this package depends on.
 * @returns What undoes it. It concerns the thread that calls it.
 */
export function provideModules(urls?: ReadonlyMap<string, string>): Disposable {
  const isArchived = archivedImporters();
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      try {
        return next(specifier, context);
      } catch (error) {
        const importer = context.parentURL;
        if (!isNotFound(error) || !provided.test(specifier) || importer === undefined || !isArchived(importer))
          throw error;
        if (urls === undefined) return next(specifier, { ...context, parentURL: import.meta.url });
        const url = urls.get(specifier);
        if (url === undefined) throw error;
        return { url, format: "module", shortCircuit: true };
      }
    },
  });
  return { [Symbol.dispose]: () => hooks.deregister() };
}

/** Whether a module belongs to a plugin from an archive, or to a package in it; looked up once for each. */
function archivedImporters(): (url: string) => boolean {
  const known = new Map<string, boolean>();
  return (url) => {
    const before = known.get(url);
    if (before !== undefined) return before;
    const isArchived = url.startsWith("file:") && isInArchive(url);
    known.set(url, isArchived);
    return isArchived;
  };
}

/** A package that an archive brings along is in the node_modules of the plugin. */
function isInArchive(url: string): boolean {
  for (let dir = dirname(fileURLToPath(url)); ; dir = dirname(dir)) {
    if (existsSync(join(dir, archiveManifest))) return true;
    if (dirname(dir) === dir) return false;
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
}
