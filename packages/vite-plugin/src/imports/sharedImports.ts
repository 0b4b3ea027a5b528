import { sharedModules } from "@peek/web/protocol";
import { relative } from "node:path";
import { esmExternalRequirePlugin, type Plugin } from "vite";
import { importProblem } from "./importProblem.ts";

/**
 * Leaves the modules that the shell provides as imports by their names, also those of libraries in CommonJS, and refuses imports that
 * cannot work in the app.
 */
export function sharedImports(): readonly Plugin[] {
  return [refusedImports(), esmExternalRequirePlugin({ external: [...sharedModules] })];
}

/** Libraries may try a module of Node and go without; Vite gives them an empty one. */
function refusedImports(): Plugin {
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
