import type { PluginPackage } from "@peek/plugin-base/manifest";

/** The facts about a plugin that are known before any of its code runs. */
export interface PluginInfo {
  /** `peek_plugin_<name>`, or `peek_core_<name>`. */
  readonly name: string;
  /** The real folder of its package. */
  readonly rootDir: string;
  readonly manifest: PluginPackage;
}
