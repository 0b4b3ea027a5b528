import type { Plugin, RenderedChunk } from "rolldown";

/** One import of a module of Node in a bundled file, on a line of its own. */
const builtinImport = /^import (?<names>[^"]+) from "(?<name>node:[^"]+)";$/gm;

/**
 * Takes modules of Node by `process.getBuiltinModule()` in place of `import`. An import reads every export of the module
 * for its namespace object, also those that are made on first use: importing `node:http` loads all of undici.
 *
 * The files that the entry `launch` imports statically keep their imports: they run before the version of Node is checked,
 * and an old Node has no `getBuiltinModule()`.
 */
export function builtinModules(): Plugin {
  return {
    name: "builtin-modules",
    renderChunk: (code, chunk, _options, { chunks }) => (runsFirst(chunk.fileName, chunks) ? undefined : rewrite(code)),
  };
}

function rewrite(code: string): string {
  return code.replace(builtinImport, (_statement, names: string, name: string) =>
    patternsOf(names)
      .map((pattern) => `const ${pattern} = process.getBuiltinModule("${name}");`)
      .join(" "),
  );
}

/** The names that an import takes, each as the left side of a declaration: `x`, `* as x` and `{ a as b }`. */
function patternsOf(names: string): readonly string[] {
  const [, whole, named] = /^(?:(?:\* as )?([\w$]+)(?:, )?)?(\{.*\})?$/.exec(names.trim()) ?? [];
  if (whole === undefined && named === undefined) throw new Error(`The import of ${names} cannot be rewritten`);
  return [...(whole === undefined ? [] : [whole]), ...(named === undefined ? [] : [named.replaceAll(" as ", ": ")])];
}

/** Whether a file is the entry `launch`, or is imported statically by it. */
function runsFirst(fileName: string, chunks: Readonly<Record<string, RenderedChunk>>): boolean {
  const first = new Set(Object.values(chunks).flatMap((chunk) => (chunk.name === "launch" ? [chunk.fileName] : [])));
  for (const each of first) for (const imported of chunks[each]?.imports ?? []) first.add(imported);
  return first.has(fileName);
}
