import { messageOf, PeekError, toError } from "@peek/errors";

/**
 * The error of a plugin one of whose files Node could not load: a syntax error, a missing module or export, TypeScript
 * that Node does not run. undefined for an error that the plugin's own code threw.
 *
 * @param what The attempted import, for the message: `importing file:///srv/index.js`.
 */
export function importError(thrown: unknown, what: string): PeekError | undefined {
  // A plugin may throw an object whose properties throw when they are read; this makes a copy.
  const cause = toError(thrown);
  if (!isOfModuleLoader(cause)) return undefined;
  if ("code" in cause && cause.code === "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING") {
    return new PeekError(
      "ENTRY_UNRESOLVED",
      `${what} failed: Node does not run TypeScript in an installed package, and this file is TypeScript or imports it. Install the built plugin, whose "exports" name a file in dist.`,
      { cause },
    );
  }
  const place = placeOf(cause);
  const where = place === undefined ? "" : ` at ${place}`;
  return new PeekError("IMPORT_FAILED", `${what} failed${where}: ${messageOf(cause)}${hint(cause, place)}`, {
    cause,
  });
}

/** Whether the innermost frame of the stack belongs to the module loader of Node. */
function isOfModuleLoader({ stack = "" }: Error): boolean {
  const frame = /^ {4}at .*$/m.exec(stack)?.[0];
  return frame?.includes("node:internal/modules/") === true;
}

/**
 * The file and line with which Node begins the stack of most syntax errors: `/srv/plugin/index.ts:12`; without the query of a
 * module's URL.
 */
function placeOf({ stack = "" }: Error): string | undefined {
  const [, file, line] =
    /^(?:file:\/\/)?(\/.*?|[A-Za-z]:\\.*?)(?:\?[^:]*)?:(\d+)$/.exec(stack.split("\n", 1)[0] ?? "") ?? [];
  return file === undefined ? undefined : `${file}:${line}`;
}

/** Node does not say where the syntax error of a JavaScript module is. */
function hint(error: Error, place: string | undefined): string {
  return error.name === "SyntaxError" && place === undefined
    ? ". The error is in that file or in one that it imports; node --check FILE shows where."
    : "";
}
