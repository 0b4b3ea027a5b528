import { createRequire } from "node:module";
import type { Plugin } from "vite";

const prefix = "peek-shared:";
/** CommonJS modules: their names are known only after they were loaded. */
const commonJs: ReadonlySet<string> = new Set(["react", "react/jsx-runtime", "react-dom", "react-dom/client"]);
/** ES modules with a default export. */
const withDefault: ReadonlySet<string> = new Set(["zod"]);

/** The name of the entry file of a shared module: `shared-react-dom-client`. */
export function entryNameOf(specifier: string): string {
  return `shared-${specifier.replaceAll(/[^a-z]+/g, "-").replace(/^-/, "")}`;
}

/** The shared module that an entry file has; undefined for other files. */
export function sharedModuleOf(moduleId: string | null): string | undefined {
  const id = moduleId?.replace(/^\0/, "");
  return id?.startsWith(prefix) === true ? id.slice(prefix.length) : undefined;
}

/** Makes each shared module an entry of the build, which exports all names of the module. */
export function sharedEntries(mode: string): Plugin {
  return {
    name: "peek:shared-entries",
    resolveId: (id) => (id.startsWith(prefix) ? `\0${id}` : undefined),
    load(id) {
      const specifier = sharedModuleOf(id);
      if (specifier === undefined) return undefined;
      return commonJs.has(specifier) ? commonJsEntry(specifier, mode) : moduleEntry(specifier);
    },
  };
}

function moduleEntry(specifier: string): string {
  const name = JSON.stringify(specifier);
  const all = `export * from ${name};\n`;
  return withDefault.has(specifier) ? `${all}export { default } from ${name};\n` : all;
}

function commonJsEntry(specifier: string, mode: string): string {
  const before = process.env["NODE_ENV"];
  process.env["NODE_ENV"] = mode === "production" ? "production" : "development";
  try {
    const exported: unknown = createRequire(import.meta.url)(specifier);
    const names = Object.keys(Object(exported)).filter((name) => name !== "default" && /^[A-Za-z_$][\w$]*$/.test(name));
    return [
      `import shared from ${JSON.stringify(specifier)};`,
      "export default shared;",
      ...names.map((name) => `export const ${name} = shared.${name};`),
      "",
    ].join("\n");
  } finally {
    process.env["NODE_ENV"] = before;
  }
}
