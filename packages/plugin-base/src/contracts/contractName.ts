import { describeValue, PeekError } from "@peek/errors";
import { isPluginName } from "../common/pluginName.ts";

/** The maximum length of the name of a tuple type, an RPC contract or a selector. */
const maxNameLength = 200;
const ownName = /^[A-Z][A-Za-z0-9]*$/;

/** The plugin in a name of the form `<plugin>.<PascalName>`; undefined for any other text. */
export function pluginOfContract(name: unknown): string | undefined {
  if (typeof name !== "string" || name.length > maxNameLength) return undefined;
  const dot = name.indexOf(".");
  const plugin = name.slice(0, Math.max(dot, 0));
  return isPluginName(plugin) && ownName.test(name.slice(dot + 1)) ? plugin : undefined;
}

/**
 * Checks the name of a new contract.
 *
 * @param kind The kind of contract for messages: `a tuple type`.
 * @returns The plugin in the name.
 * @throws PeekError `CONTRACT_INVALID`
 */
export function checkContractName(kind: string, name: unknown): string {
  const plugin = pluginOfContract(name);
  if (plugin !== undefined) return plugin;
  const length =
    typeof name === "string" && name.length > maxNameLength ? `, of at most ${maxNameLength} characters` : "";
  throw new PeekError(
    "CONTRACT_INVALID",
    `${describeValue(name)} cannot be the name of ${kind}. It has to be the plugin's name, a dot, and a name that begins with a capital${length}: ${corrected(name)}`,
    { fields: { name: describeValue(name, maxNameLength) } },
  );
}

/** The most similar valid name. */
function corrected(name: unknown): string {
  const [first = "", ...rest] = typeof name === "string" ? name.slice(0, maxNameLength).split(".") : [];
  const plugin = isPluginName(first) ? first : "peek_plugin_tutorial";
  const own = (isPluginName(first) ? rest : [first, ...rest])
    .join(" ")
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("")
    .slice(0, maxNameLength - plugin.length - 1);
  return `${plugin}.${ownName.test(own) ? own : "StringInt"}`;
}
