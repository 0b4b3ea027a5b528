import { relative } from "node:path";
import type { Plugin } from "vite";
import type { WebTarget } from "../manifest/WebTarget.ts";
import { declarationProblems } from "./declarationProblems.ts";
import { definedKeys } from "./definedKeys.ts";
import { evaluationsIn, mayEvaluate } from "./evaluations.ts";

/** Compares the entry with plugin_package.json, and finds code that the policy of the site forbids. A build fails; a dev server warns. */
export function moduleChecks(target: () => WebTarget): Plugin {
  let building = true;
  return {
    name: "peek:checks",
    enforce: "post",
    configResolved({ command }) {
      building = command === "build";
    },
    transform: {
      filter: { id: /\.[cm]?[jt]sx?(?:\?|$)/ },
      handler(code, id) {
        const { entry, root, declared } = target();
        const file = id.replace(/\?.*$/, "");
        const report = (problem: string): void => (building ? this.error(problem) : this.warn(problem));
        if (file === entry) {
          const keys = definedKeys(this.parse(code));
          if (keys === undefined) {
            report(
              `${relative(root, file)} does not call definePluginWeb with an object. Export its result as default.`,
            );
          } else {
            const problems = declarationProblems(declared, keys);
            if (problems.length > 0) report(problems.join("\n"));
          }
        }
        // Vite's own files on a dev server are never built.
        const isLibrary = file.includes("/node_modules/");
        if (!mayEvaluate(code) || (isLibrary && !building)) return;
        for (const { call } of evaluationsIn(this.parse(code))) {
          const message = `${relative(root, file)} calls ${call}: the site's policy forbids code that is made of text`;
          // Libraries often use it as a fallback only.
          if (isLibrary) this.warn(`${message}. The library has to work without it.`);
          else report(`${message}. Remove the call.`);
        }
      },
    },
  };
}
