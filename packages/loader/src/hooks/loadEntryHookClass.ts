import { messageOf, PeekError } from "@peek/errors";
import type { ServiceName } from "@peek/plugin-base";
import { capitalize, checkEntryHookClass, type EntryHookClass } from "./checkEntryHookClass.ts";
import { importError } from "./importError.ts";
import { resolveEntry } from "./resolveEntry.ts";

/**
 * Imports a plugin's package and calls its hook function for a service.
 *
 * @param importModule Imports the module of a URL.
 * @returns undefined when the package has no hook function for the service.
 * @throws PeekError `ENTRY_UNRESOLVED`, `IMPORT_FAILED`, `HOOK_THREW`, or one of {@link checkEntryHookClass}.
 */
export async function loadEntryHookClass(
  rootDir: string,
  service: ServiceName,
  conditions: readonly string[],
  importModule: (url: string) => Promise<object>,
): Promise<EntryHookClass | undefined> {
  const url = resolveEntry(rootDir, conditions);
  const module = await importEntry(url, importModule);
  const functionName = entryHookFunctionName(service);
  const hook: unknown = Reflect.get(module, functionName);
  if (typeof hook !== "function") return undefined;
  return checkEntryHookClass(await callHook(hook, functionName), functionName, service);
}

/** The function that a plugin's package exports for a service: `peekLogicEntryHook`. */
export function entryHookFunctionName(service: ServiceName): string {
  return `peek${capitalize(service)}EntryHook`;
}

async function importEntry(url: string, importModule: (url: string) => Promise<object>): Promise<object> {
  try {
    return await importModule(url);
  } catch (cause) {
    throw (
      importError(cause, `importing ${url}`) ??
      new PeekError("IMPORT_FAILED", `importing ${url} failed: ${messageOf(cause)}`, { cause })
    );
  }
}

async function callHook(hook: Function, functionName: string): Promise<unknown> {
  try {
    return await hook();
  } catch (cause) {
    throw (
      importError(cause, `an import in ${functionName}()`) ??
      new PeekError("HOOK_THREW", `${functionName}() threw: ${messageOf(cause)}`, { cause })
    );
  }
}
