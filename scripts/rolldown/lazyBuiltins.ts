import type { Plugin } from "rolldown";

/** Modules of Node that a service without TLS, compression, child processes and threads never needs: together 6 MiB. */
const lazy: ReadonlySet<string> = new Set([
  "assert",
  "child_process",
  "https",
  "stream/web",
  "tls",
  "worker_threads",
  "zlib",
]);
const prefix = "\0lazy-builtin:";
/** The line by which pino and its thread-stream would load the module for threads, which they do not start here. */
const threadsImport = /const \{ (\w+) \} = require\('worker_threads'\)/;

/** Has some modules of Node loaded when one of their exports is first used, not when they are imported. */
export function lazyBuiltins(): Plugin {
  return {
    name: "lazy-builtins",
    resolveId(source) {
      const name = source.replace(/^node:/, "");
      return lazy.has(name) ? `${prefix}${name}` : undefined;
    },
    transform(code) {
      const name = threadsImport.exec(code)?.[1];
      if (name === undefined) return undefined;
      const uses = new RegExp(`(?<![.\\w])${name}\\b`, "g");
      const rewritten = code
        .replace(threadsImport, "const threads = require('worker_threads')")
        .replace(uses, `threads.${name}`);
      return { code: rewritten };
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
