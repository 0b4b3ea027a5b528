import { basename, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const buildFolder = /^(?:src|dist)[/\\]/;
const extension = /\.[cm]?[jt]sx?$/;

/**
 * The name of a module's logger: the dotted path of its file within the package, after the package's own name, with
 * `src` or `dist` and the extension left out. A folder's `index` is the folder, as `__init__` is in Python.
 *
 * @param rootName The name of the package: `peek_plugin_tutorial`.
 * @param rootDir The package's folder, absolute and without links.
 * @param url The module's `import.meta.url`.
 */
export function moduleLoggerName(rootName: string, rootDir: string, url: string): string {
  if (!url.startsWith("file:")) return rootName;
  const file = fileURLToPath(url);
  const inside = relative(rootDir, file);
  // The folders of a bundled file have no meaning.
  const path = inside.startsWith("..") ? basename(file) : inside.replace(buildFolder, "");
  const steps = path.replace(extension, "").split(sep);
  if (steps.at(-1) === "index") steps.pop();
  return [rootName, ...steps].join(".");
}
