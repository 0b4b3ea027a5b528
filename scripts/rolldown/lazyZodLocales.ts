import { readFileSync } from "node:fs";
import type { Plugin } from "rolldown";
import { sharedDependent } from "./sharedModules.ts";

const entry = "\0zod-locales";
const stub = "\0lazy-zod-locales:";
const localesFile = /[/\\]zod[/\\]v4[/\\]locales[/\\]index\.js$/;
const localeExport = /default as (\w+)/g;

/** The entry of a bundle that holds zod's messages in all languages. */
export const zodLocalesEntry: Readonly<Record<string, string>> = { zodLocales: entry };

/** Has zod load its messages in other languages, more code than all the rest of it, when the first of them is asked for. */
export function lazyZodLocales(): Plugin {
  return {
    name: "lazy-zod-locales",
    async resolveId(source, importer) {
      if (source === entry) return await this.resolve("zod/v4/locales", sharedDependent, { skipSelf: true });
      if (importer === undefined || !source.endsWith("/locales/index.js")) return undefined;
      const resolved = await this.resolve(source, importer, { skipSelf: true });
      return resolved !== null && localesFile.test(resolved.id) ? `${stub}${resolved.id}` : resolved;
    },
    load: (id) => (id.startsWith(stub) ? stubOf(readFileSync(id.slice(stub.length), "utf8")) : undefined),
  };
}

function stubOf(locales: string): string {
  const names = [...locales.matchAll(localeExport)].map(([, name]) => name);
  return [
    'import { createRequire } from "node:module";',
    "const load = createRequire(import.meta.url);",
    ...names.map((name) => `const ${name} = () => load("./zodLocales.js").${name}();`),
    `export { ${names.join(", ")} };`,
  ].join("\n");
}
