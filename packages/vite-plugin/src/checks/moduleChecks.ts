import { relative } from "node:path";
import type { ESTree, Plugin } from "vite";
import type { WebDeclaration, WebTarget } from "../manifest/WebTarget.ts";
import { declarationProblems } from "./declarationProblems.ts";
import { definedKeys } from "./definedKeys.ts";
import { evaluationsIn, mayEvaluate } from "./evaluations.ts";
import { htmlTextsIn, mayMakeHtml } from "./htmlTexts.ts";

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
        const path = id.replace(/\?.*$/, "");
        const file = relative(root, path);
        const report = (problem: string): void => (building ? this.error(problem) : this.warn(problem));
        const isLibrary = path.includes("/node_modules/");
        // Vite's own files on a dev server are never built.
        if (isLibrary && !building) return;
        if (path === entry) for (const problem of entryProblems(file, this.parse(code), declared)) report(problem);
        if (mayEvaluate(code)) {
          for (const call of evaluationsIn(this.parse(code))) {
            const message = `${file} calls ${call}: the site's policy forbids code that is made of text`;
            // Libraries often use it as a fallback only.
            if (isLibrary) this.warn(`${message}. The library has to work without it.`);
            else report(`${message}. Remove the call.`);
          }
        }
        if (isLibrary || !mayMakeHtml(code)) return;
        for (const way of htmlTextsIn(this.parse(code))) {
          this.warn(
            `${file} uses ${way}: browsers with Trusted Types refuse texts as HTML. Render elements, or clean the text in a policy of trustedTypes.`,
          );
        }
      },
    },
  };
}

/** Why the entry does not fit plugin_package.json: one text with all reasons, or none. */
function entryProblems(file: string, program: ESTree.Program, declared: WebDeclaration): readonly string[] {
  const keys = definedKeys(program);
  if (keys === undefined)
    return [`${file} does not call definePluginWeb with an object. Export its result as default.`];
  const problems = declarationProblems(declared, keys);
  return problems.length === 0 ? [] : [problems.join("\n")];
}
