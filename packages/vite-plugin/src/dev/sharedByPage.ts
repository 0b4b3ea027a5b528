import type { Plugin } from "vite";
import { isShared } from "../imports/importProblem.ts";
import { sharedUrl } from "./developmentPaths.ts";

/** Leaves the shell's modules to the page's import map. Vite would bundle a React of its own for the module. */
export function sharedByPage(): Plugin {
  return {
    name: "peek:shared-by-page",
    apply: "serve",
    enforce: "pre",
    resolveId: (specifier) => (isShared(specifier) ? { id: sharedUrl(specifier), external: true } : undefined),
  };
}
