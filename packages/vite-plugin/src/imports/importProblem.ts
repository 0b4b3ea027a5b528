import { sharedModules } from "@peek/web/protocol";
import { isBuiltin } from "node:module";

const shared: ReadonlySet<string> = new Set(sharedModules);

/** Whether the shell provides a module. */
export function isShared(specifier: string): boolean {
  return shared.has(specifier);
}

/** Why a web module may not import something, and what instead; undefined if it may. */
export function importProblem(specifier: string): string | undefined {
  if (specifier.startsWith("node:") || isBuiltin(specifier)) {
    return `"${specifier}" is a module of Node, which browsers do not have`;
  }
  if (!specifier.startsWith("@peek/") || isShared(specifier)) return undefined;
  if (specifier === "@peek/plugin-base") {
    return `"${specifier}" is for services. Import "@peek/plugin-base/contracts" instead`;
  }
  const provided = sharedModules.filter((name) => name.startsWith("@peek/"));
  return `"${specifier}" is not for web modules. Of Peek, they import ${provided.join(", ")}`;
}
