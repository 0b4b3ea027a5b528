import { withoutJit } from "@peek/config";
import { describeValue, PeekError } from "@peek/errors";
import type { PluginCommonEntryHookABC, ServiceName } from "@peek/plugin-base";
import { ENTRY_HOOK_BRAND, PLUGIN_API_VERSION } from "@peek/plugin-base/internal";
import { z } from "zod";

/** A class that the loader may construct. */
export type EntryHookClass = new (
  pluginName: string,
  pluginRootDir: string,
  platform: object,
) => PluginCommonEntryHookABC;

const brandSchema = z.object({
  service: z.string(),
  apiVersion: z.string().regex(/^\d+\.\d+$/),
});
const hookMethods = ["load", "start", "stop", "unload"] as const;

/**
 * Checks that a plugin's hook function returned the class that the service needs.
 *
 * @param returned The value that `functionName` returned.
 * @throws PeekError `ENTRY_HOOK_NOT_A_CLASS`, `ENTRY_HOOK_WRONG_CLASS` or `ENTRY_HOOK_INCOMPATIBLE`.
 */
export function checkEntryHookClass(returned: unknown, functionName: string, service: ServiceName): EntryHookClass {
  const base = `Plugin${capitalize(service)}EntryHookABC`;
  if (!isConstructor(returned)) {
    throw new PeekError(
      "ENTRY_HOOK_NOT_A_CLASS",
      `${functionName}() returned ${describeValue(returned)}. It has to return a class that extends ${base}.`,
    );
  }
  const brand = brandSchema.safeParse(Reflect.get(returned, ENTRY_HOOK_BRAND), withoutJit).data;
  if (brand === undefined) {
    throw wrongClass(functionName, returned, `does not extend ${base} of @peek/plugin-base/${service}`);
  }
  if (brand.service !== service) {
    throw wrongClass(functionName, returned, `is for the ${brand.service} service. Extend ${base}`);
  }
  if (!isCompatible(brand.apiVersion)) {
    throw new PeekError(
      "ENTRY_HOOK_INCOMPATIBLE",
      `The plugin was built for plugin API ${brand.apiVersion}, and this platform has ${PLUGIN_API_VERSION}. ${
        isNewer(brand.apiVersion)
          ? "Upgrade the platform, or install an older version of the plugin"
          : "Install a version of the plugin that was built for this platform"
      }.`,
      { fields: { plugin: brand.apiVersion, platform: PLUGIN_API_VERSION } },
    );
  }
  return returned;
}

/**
 * Checks that an instance has all four hooks, as methods or as properties, and returns it.
 *
 * @throws PeekError `ENTRY_HOOK_WRONG_CLASS`
 */
export function requireHooks(
  instance: PluginCommonEntryHookABC,
  functionName: string,
  entryHookClass: EntryHookClass,
): PluginCommonEntryHookABC {
  const missing = hookMethods.filter((method) => typeof Reflect.get(instance, method) !== "function");
  if (missing.length === 0) return instance;
  const hooks = missing.map((method) => `${method}()`).join(", ");
  throw wrongClass(functionName, entryHookClass, `does not define ${hooks}`);
}

/** Turns `logic` into `Logic`, as in the names of classes and functions. */
export function capitalize<Text extends string>(text: Text): Capitalize<Text> {
  // TypeScript does not compute the result of the two calls for a literal type.
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}` as Capitalize<Text>;
}

function isConstructor(value: unknown): value is EntryHookClass & { readonly prototype: object } {
  return typeof value === "function" && typeof value.prototype === "object" && value.prototype !== null;
}

function wrongClass(functionName: string, returned: { readonly name: string }, why: string): PeekError {
  return new PeekError(
    "ENTRY_HOOK_WRONG_CLASS",
    `${functionName}() returned the class ${returned.name}, which ${why}.`,
  );
}

function isCompatible(apiVersion: string): boolean {
  const [major, minor] = numbers(apiVersion);
  const [platformMajor, platformMinor] = numbers(PLUGIN_API_VERSION);
  return major === platformMajor && minor <= platformMinor;
}

function isNewer(apiVersion: string): boolean {
  const [major, minor] = numbers(apiVersion);
  const [platformMajor, platformMinor] = numbers(PLUGIN_API_VERSION);
  return major > platformMajor || (major === platformMajor && minor > platformMinor);
}

function numbers(version: string): readonly [number, number] {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return [major, minor];
}
