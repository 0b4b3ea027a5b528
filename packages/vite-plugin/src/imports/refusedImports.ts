import { relative } from "node:path";
import type { Plugin } from "vite";
import { importProblem } from "./importProblem.ts";

/**
 * Refuses imports that cannot work in the app. Libraries may try a module of Node and go without it: Vite gives them an empty one.
 */
export function refusedImports(): Plugin {
  let root = "";
  return {
    name: "peek:imports",
    enforce: "pre",
    configResolved(config) {
      root = config.root;
    },
    resolveId(specifier, importer) {
      if (importer === undefined || importer.includes("/node_modules/")) return;
      const problem = importProblem(specifier);
      if (problem !== undefined) this.error(`${relative(root, importer)}: ${problem}.`);
    },
  };
}
