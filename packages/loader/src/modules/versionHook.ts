import { createRequire, registerHooks } from "node:module";
import { sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { versionedUrl, versionIn } from "./moduleUrl.ts";

/**
 * Passes the version of a plugin's module on to the own modules that it imports, so that Node imports them anew. Modules of other
 * packages have no version: they stay shared.
 *
 * @param versionOf The version that was imported last, by the folder of a plugin's package; undefined where there is none, or the
 *   folder is not a plugin's.
 * @param rootOf The folder of the plugin's package to which the file of a URL belongs as its own.
 */
export function installVersionHook(
  rootOf: (url: string) => string | undefined,
  versionOf: (rootDir: string) => string | undefined,
): Disposable {
  const commonJs = commonJsCache();
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      const { parentURL } = context;
      if (parentURL === undefined || !found.url.startsWith("file:") || versionIn(found.url) !== undefined) return found;
      const root = rootOf(parentURL);
      if (root === undefined || rootOf(found.url) !== root) return found;
      // A CommonJS module has no query in its URL. Only the last version is in the cache of such modules.
      const isCommonJs = fileURLToPath(parentURL) in commonJs;
      const version = versionIn(parentURL) ?? (isCommonJs ? versionOf(root) : undefined);
      return version === undefined ? found : { ...found, url: versionedUrl(found.url, version) };
    },
  });
  return { [Symbol.dispose]: () => hooks.deregister() };
}

/** Makes Node forget the own CommonJS modules of a package, so that it reads them anew. Their URLs have no version. */
export function forgetCommonJs(isOwn: (url: string) => boolean, rootDir: string): void {
  const cache = commonJsCache();
  for (const file of Object.keys(cache)) {
    if (file.startsWith(rootDir + sep) && isOwn(pathToFileURL(file).href)) Reflect.deleteProperty(cache, file);
  }
}

function commonJsCache(): NodeJS.Dict<NodeModule> {
  return createRequire(import.meta.url).cache;
}
