import type { Plugin } from "rolldown";

/** One import of a module of Node in a bundled file, on a line of its own. */
const builtinImport = /^import (?<names>[^"]+) from "(?<name>node:[^"]+)";$/gm;
const header =
  'import { createRequire as createBuiltinRequire } from "node:module";\nconst requireBuiltin = createBuiltinRequire(import.meta.url);';

/**
 * Takes modules of Node by `require()` in place of `import`. An import reads every export of the module for its namespace
 * object, also those that are made on first use: importing `node:http` loads all of undici, `node:fs` all streams of files.
 */
export function builtinModules(): Plugin {
  return {
    name: "builtin-modules",
    renderChunk(code) {
      const rewritten = code.replace(builtinImport, (_statement, names: string, name: string) =>
        patternsOf(names)
          .map((pattern) => `const ${pattern} = requireBuiltin("${name}");`)
          .join(" "),
      );
      return rewritten === code ? undefined : `${header}\n${rewritten}`;
    },
  };
}

/** The names that an import takes, each as the left side of a declaration: `x`, `* as x` and `{ a as b }`. */
function patternsOf(names: string): readonly string[] {
  const [, whole, named] = /^(?:(?:\* as )?([\w$]+)(?:, )?)?(\{.*\})?$/.exec(names.trim()) ?? [];
  if (whole === undefined && named === undefined) throw new Error(`The import of ${names} cannot be rewritten`);
  return [...(whole === undefined ? [] : [whole]), ...(named === undefined ? [] : [named.replaceAll(" as ", ": ")])];
}
