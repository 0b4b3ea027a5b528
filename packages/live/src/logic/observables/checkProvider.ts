import { describeValue, PeekError } from "@peek/errors";
import type { ObservableProvider } from "@peek/plugin-base";
import type { TupleType } from "@peek/plugin-base/contracts";
import { z } from "zod";

const functions = ["affects", "authorize", "scope"] as const;

/**
 * Checks the provider that a plugin passes to `provide()`.
 *
 * @throws PeekError `CONTRACT_INVALID`, `OBSERVABLE_NEEDS_STORAGE`
 */
export function checkProvider(
  plugin: string,
  type: TupleType<unknown>,
  provider: ObservableProvider<unknown, z.ZodType>,
  hasStorage: boolean,
): void {
  const invalid = (what: string): PeekError =>
    new PeekError("CONTRACT_INVALID", `${plugin} cannot provide ${describeValue(type.name)}: ${what}.`, {
      fields: { plugin, observable: type.name },
    });
  if (type.plugin !== plugin || !type.name.startsWith(`${plugin}.`))
    throw invalid(`its name must begin with ${plugin}`);
  if (typeof provider !== "object" || provider === null) throw invalid("the provider must be an object with load()");
  if (typeof provider.load !== "function") throw invalid("the provider has no load()");
  const { selector, maxTuples } = provider;
  if (selector !== undefined && !(selector instanceof z.ZodType)) throw invalid("its selector must be a zod schema");
  for (const name of functions) {
    if (provider[name] !== undefined && typeof provider[name] !== "function")
      throw invalid(`${name} must be a function`);
  }
  if (maxTuples !== undefined && (!Number.isSafeInteger(maxTuples) || maxTuples < 1)) {
    throw invalid(`maxTuples must be a whole number of at least 1, not ${describeValue(maxTuples)}`);
  }
  let tables = 0;
  for (const name of ["tables", "rightsTables"] as const) {
    const list: unknown = provider[name] ?? [];
    if (!Array.isArray(list) || !list.every((each) => typeof each === "string" && each !== "")) {
      throw invalid(`${name} must be a list of table names`);
    }
    tables += list.length;
  }
  if (tables > 0 && !hasStorage) {
    throw new PeekError(
      "OBSERVABLE_NEEDS_STORAGE",
      `${plugin} cannot provide ${type.name}: it names tables, but requiresServices of its plugin_package.json does not include "storage". Add it, or remove the tables.`,
      { fields: { plugin, observable: type.name } },
    );
  }
}
