import { sep } from "node:path";
import { pathToFileURL } from "node:url";
import { type PeekError, toError } from "@peek/errors";

/**
 * The innermost place in a plugin's own code where an error was thrown: `/srv/plugin/index.js:12`.
 *
 * @param rootDir The folder of the plugin's package.
 * @returns undefined where the stack names none of its files.
 */
export function errorPlace(error: PeekError, rootDir: string): string | undefined {
  // A plugin may throw an object whose properties throw when they are read; this makes a copy.
  const { stack = "" } = error.cause === undefined ? error : toError(error.cause);
  const roots = [`${pathToFileURL(rootDir).href}/`, rootDir + sep];
  for (const frame of stack.split("\n").filter((line) => /^\s+at /.test(line))) {
    const root = roots.find((each) => frame.includes(each));
    if (root === undefined) continue;
    const own = frame.slice(frame.indexOf(root) + root.length);
    // The query of a module's URL is omitted.
    const [, file, line] = /^([^?:]+)(?:\?[^:]*)?:(\d+):\d+\)?$/.exec(own) ?? [];
    if (file !== undefined && !`/${file}`.includes("/node_modules/")) return `${rootDir}${sep}${file}:${line}`;
  }
  return undefined;
}
