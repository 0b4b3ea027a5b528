import { messageOf, PeekError, toError } from "@peek/errors";

/**
 * What a plugin failed with when it was Node that did not take one of its files: a syntax error, a module or export that is not
 * there, TypeScript that Node does not run. undefined for what the plugin's own code threw.
 *
 * @param what What was done, for the message: `importing file:///srv/index.js`.
 */
export function importError(thrown: unknown, what: string): PeekError | undefined {
  // A plugin may throw what throws when it is looked at; this copies such.
  const cause = toError(thrown);
  if (!isOfModuleLoader(cause)) return undefined;
  if ("code" in cause && cause.code === "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING") {
    return new PeekError(
      "ENTRY_UNRESOLVED",
      `${what} failed: it is TypeScript in an installed package, or imports such, which Node does not run. Install the plugin as it is built: its "exports" name a file of dist.`,
      { cause },
    );
  }
  const place = placeOf(cause);
  const where = place === undefined ? "" : ` at ${place}`;
  return new PeekError("IMPORT_FAILED", `${what} failed${where}: ${messageOf(cause)}${hint(cause, place)}`, {
    cause,
  });
}

/** Whether the innermost frame of the stack is of Node's loader of modules. */
function isOfModuleLoader({ stack = "" }: Error): boolean {
  const frame = /^ {4}at .*$/m.exec(stack)?.[0];
  return frame?.includes("node:internal/modules/") === true;
}

/** `/srv/plugin/index.ts:12`, with which Node begins the stack of most syntax errors. */
function placeOf({ stack = "" }: Error): string | undefined {
  return /^(?:file:\/\/)?(\/.*:\d+|[A-Za-z]:\\.*:\d+)$/.exec(stack.split("\n", 1)[0] ?? "")?.[1];
}

/** Of a JavaScript module, Node keeps the place to itself. */
function hint(error: Error, place: string | undefined): string {
  return error.name === "SyntaxError" && place === undefined
    ? ". It is in that file or one that it imports; node --check FILE tells where."
    : "";
}
