import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "rolldown";

/** Packages of which a service and its plugins use one copy, with the modules that plugins import from them. */
const sharedPackages: Readonly<Record<string, readonly string[]>> = {
  zod: ["zod"],
  "@peek/errors": ["@peek/errors"],
  "@peek/plugin-base": [
    "",
    "/logic",
    "/field",
    "/office",
    "/worker",
    "/agent",
    "/contracts",
    "/storage",
    "/internal",
  ].map((path) => `@peek/plugin-base${path}`),
};

/** The package that has all shared packages among its dependencies. */
export const sharedDependent: string = fileURLToPath(
  new URL("../../packages/plugin-base/package.json", import.meta.url),
);
const prefix = "\0shared:";

/** The entries of a bundle by which plugins get the service's own copies of shared modules. */
export const sharedEntries: Readonly<Record<string, string>> = Object.fromEntries(
  Object.values(sharedPackages).flatMap((names) => names.map((name) => [entryOf(name), `${prefix}${name}`])),
);

/** Makes {@link sharedEntries}, and the list `sharedModules.json` by which `@peek/loader` finds their files. */
export function sharedModules(): Plugin {
  return {
    name: "shared-modules",
    resolveId(source, importer) {
      if (source.startsWith(prefix)) return source;
      if (importer?.startsWith(prefix) === true) return this.resolve(source, sharedDependent, { skipSelf: true });
      return undefined;
    },
    load(id) {
      if (!id.startsWith(prefix)) return undefined;
      const name = JSON.stringify(id.slice(prefix.length));
      return `export * from ${name};${name === '"zod"' ? ` export { default } from ${name};` : ""}`;
    },
    async generateBundle() {
      const modules = Object.entries(sharedPackages).map(async ([packageName, names]) => {
        const manifest = await this.resolve(`${packageName}/package.json`, sharedDependent);
        if (manifest === null) throw new Error(`${packageName} is not a dependency of @peek/plugin-base`);
        const { version } = JSON.parse(readFileSync(manifest.id, "utf8")) as { readonly version: string };
        return names.map((name) => [name, { version, file: `${entryOf(name)}.js` }]);
      });
      const list = Object.fromEntries((await Promise.all(modules)).flat());
      this.emitFile({
        type: "asset",
        fileName: "sharedModules.json",
        source: `${JSON.stringify(list, undefined, 2)}\n`,
      });
    },
  };
}

function entryOf(name: string): string {
  return `shared.${name.replace("@", "").replaceAll("/", ".")}`;
}
