import { withoutJit } from "@peek/config";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf, PeekError } from "@peek/errors";
import { exports as resolveExports } from "resolve.exports";
import { z } from "zod";

// "exports" is checked where it is resolved.
const packageSchema = z.looseObject({
  name: z.string().default(""),
  main: z.string().optional(),
  exports: z.unknown().optional(),
});

/**
 * Finds the entry module of a package as Node does: by "exports" in package.json, or else by "main".
 *
 * Node's own resolution cannot be used: it resolves a name only from the importing file, and the plugin is not a dependency
 * of the code that imports it.
 *
 * @param rootDir The package.
 * @param conditions Which conditions of "exports" hold beside `node`, `import` and `default`.
 * @returns A file: URL.
 * @throws PeekError `ENTRY_UNRESOLVED`
 */
export function resolveEntry(rootDir: string, conditions: readonly string[]): string {
  const packageFile = join(rootDir, "package.json");
  const entry = entryOf(packageFile, conditions);
  const file = withEnding(join(rootDir, entry));
  if (relative(rootDir, file).split(sep)[0] === "..") {
    throw new PeekError(
      "ENTRY_UNRESOLVED",
      `${packageFile} names ${entry} as the entry, which is outside the package. Name a file inside it.`,
      {
        fields: { file },
      },
    );
  }
  if (!existsSync(file)) {
    throw new PeekError(
      "ENTRY_UNRESOLVED",
      `${packageFile} names ${entry} as the entry, which does not exist. Build the package.`,
      {
        fields: { file },
      },
    );
  }
  return pathToFileURL(file).href;
}

/** Adds the extension, or the `index.js` of a folder, which "main" may omit. */
function withEnding(file: string): string {
  const candidates = [file, `${file}.js`, join(file, "index.js")];
  return candidates.find((each) => statSync(each, { throwIfNoEntry: false })?.isFile() === true) ?? file;
}

function entryOf(packageFile: string, conditions: readonly string[]): string {
  try {
    const parsed = packageSchema.parse(JSON.parse(readFileSync(packageFile, "utf8")), withoutJit);
    if (parsed.exports === undefined) return parsed.main ?? "index.js";
    const target =
      typeof parsed.exports === "string"
        ? parsed.exports
        : resolveExports(parsed, ".", { conditions: [...conditions, "node", "import", "default"], unsafe: true })?.[0];
    if (target?.startsWith("./") === true) return target;
    throw new Error('"exports" has no "." whose path begins with ./');
  } catch (cause) {
    throw new PeekError(
      "ENTRY_UNRESOLVED",
      `${packageFile} does not say which file is the entry: ${why(cause)}. Set "exports": { ".": "./dist/index.js" }.`,
      { cause, fields: { file: packageFile } },
    );
  }
}

function why(cause: unknown): string {
  return cause instanceof z.ZodError ? z.prettifyError(cause).replaceAll("\n", " ") : messageOf(cause);
}
