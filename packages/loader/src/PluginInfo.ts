import type { PluginPackage } from "@peek/plugin-base/manifest";

/** The facts about a plugin that are known before any of its code runs. */
export interface PluginInfo {
  /** `peek_plugin_<name>`, or `peek_core_<name>`. */
  readonly name: string;
  /** The real folder of its package. */
  readonly rootDir: string;
  readonly manifest: PluginPackage;
}

/** The facts about one generation of a plugin: one run of one version in this process. */
export interface PluginGeneration extends PluginInfo {
  /** 1 for the first generation of the plugin since the service was started. A number is never used twice. */
  readonly generation: number;
  /** Whether the version is brought back because a later one failed: it runs on the tables that the later one has left. */
  readonly isBroughtBack: boolean;
}
