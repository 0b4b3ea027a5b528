import type { PeekErrorCode } from "@peek/errors";
import type { InstalledPlugin } from "./installedPlugin.ts";
import type { PluginState } from "./PluginState.ts";

/** The steps of a plugin's life that take time and can fail. */
export type HookName = "migrate" | "import" | "load" | "start" | "stop" | "unload";

/** The status of a plugin on a service: data, safe to send or print. */
export interface PluginStatus {
  /** `peek_plugin_<name>`, or the invalid name in plugin.enabled. */
  readonly name: string;
  /** 1 for the first generation of the plugin since the service was started; each change makes a new one. */
  readonly generation: number;
  readonly state: PluginState;
  /** When it came into that state; ISO 8601, UTC. */
  readonly since: string;
  /** From plugin_package.json, once that has been read. */
  readonly title?: string;
  /** From plugin_package.json, once that has been read. */
  readonly version?: string;
  /** The folder that holds plugin_package.json, once it has been found. */
  readonly rootDir?: string;
  /** The title of the source that the package came from. */
  readonly source?: string;
  /** How long each step took, in milliseconds. */
  readonly durations: Readonly<Partial<Record<HookName, number>>>;
  /** Why it failed, is blocked or was skipped. */
  readonly error?: {
    readonly code: PeekErrorCode;
    readonly message: string;
    /** The step in which it happened. */
    readonly hook?: HookName;
  };
  /** The plugin because of which it is blocked. */
  readonly blockedBy?: string;
  /** The installed package that a restart would run instead; absent where it is the running one, or was not looked up. */
  readonly installed?: InstalledPlugin;
}
