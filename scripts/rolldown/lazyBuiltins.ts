import type { Plugin } from "rolldown";

/** Modules of Node that a service without TLS, compression and child processes never needs: together 6 MiB. */
const lazy: ReadonlySet<string> = new Set(["assert", "child_process", "https", "stream/web", "tls", "zlib"]);
const prefix = "\0lazy-builtin:";

/** Has some modules of Node loaded when one of their exports is first used, not when they are imported. */
export function lazyBuiltins(): Plugin {
  return {
    name: "lazy-builtins",
    resolveId(source) {
      const name = source.replace(/^node:/, "");
      return lazy.has(name) ? `${prefix}${name}` : undefined;
    },
    load: (id) => (id.startsWith(prefix) ? { code: stubOf(id.slice(prefix.length)), moduleType: "js" } : undefined),
  };
}

/** A CommonJS module whose exports are getters: imports of it read an export each time that they use it. */
function stubOf(name: string): string {
  const exports = Object.keys(process.getBuiltinModule(`node:${name}`) as object);
  return [
    `let loaded;`,
    `const load = () => (loaded ??= process.getBuiltinModule("node:${name}"));`,
    // A function may be called as a whole: require("assert")(…).
    `module.exports = ${name === "assert" ? "(...values) => load()(...values)" : "{}"};`,
    `for (const name of ${JSON.stringify(exports)}) {`,
    `  Object.defineProperty(module.exports, name, { get: () => load()[name], enumerable: true });`,
    `}`,
  ].join("\n");
}
