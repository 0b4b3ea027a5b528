import { manifestFile } from "../manifest/readTarget.ts";
import type { WebDeclaration } from "../manifest/WebTarget.ts";
import type { DefinedKeys } from "./definedKeys.ts";

/** The differences between plugin_package.json and the module, as sentences. */
export function declarationProblems(declared: WebDeclaration, defined: DefinedKeys): readonly string[] {
  return [
    ...differences("route", "component", declared.routes, defined.routes),
    ...differences("command", "function", declared.commands, defined.commands),
    ...settingsProblems(declared.settings, defined.settings),
  ];
}

function differences(
  kind: "route" | "command",
  part: string,
  declared: ReadonlySet<string>,
  defined: readonly string[] | undefined,
): readonly string[] {
  if (defined === undefined) return [];
  const missing = [...declared].filter((key) => !defined.includes(key));
  const unknown = defined.filter((key) => !declared.has(key));
  return [
    ...missing.map(
      (key) =>
        `${manifestFile} declares the ${kind} "${key}", but the module has no ${part} for it. Add it to "${kind}s" of definePluginWeb.`,
    ),
    ...unknown.map(
      (key) =>
        `The module has a ${part} for the ${kind} "${key}", which ${manifestFile} does not declare. Declare it there, or remove it.`,
    ),
  ];
}

function settingsProblems(declared: boolean, defined: boolean | undefined): readonly string[] {
  if (defined === undefined || declared === defined) return [];
  return [
    declared
      ? `${manifestFile} declares settings, but the module has none. Add "settings" to definePluginWeb.`
      : `The module has settings, which ${manifestFile} does not declare. Add "settings": true there.`,
  ];
}
