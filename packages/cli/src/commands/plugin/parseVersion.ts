import { isPluginName } from "@peek/plugin-base";

/** A version of a plugin that was installed before. */
export interface NamedVersion {
  readonly plugin: string;
  readonly version: string;
}

/** Reads `peek_plugin_pump@1.1.0`; undefined for any other text, such as the name of a file. */
export function parseVersion(text: string): NamedVersion | undefined {
  const [plugin = "", version = ""] = text.split("@");
  return isPluginName(plugin) && version !== "" && text === `${plugin}@${version}` ? { plugin, version } : undefined;
}
