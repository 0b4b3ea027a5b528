import { readConfig } from "@peek/config";
import { PeekError } from "@peek/errors";
import type { EnablementDrift, PluginLoader } from "@peek/loader";

/** The difference between the plugins of a running service and its config.json. */
export interface ConfigDrift extends EnablementDrift {
  /** Why config.json cannot be read now. */
  readonly problem?: string;
}

/** Reads which plugins config.json enables now. @returns undefined when the service runs these. */
export async function readDrift(configFile: string, loader: PluginLoader): Promise<ConfigDrift | undefined> {
  try {
    const enabled = readConfig(configFile)?.config.plugin.enabled;
    if (enabled === undefined) return undefined;
    const drift = await loader.drift(enabled);
    // config.json is written at the end of a change.
    const isSame = drift.enable.length === 0 && drift.disable.length === 0;
    return isSame || loader.runningChange !== undefined ? undefined : drift;
  } catch (error) {
    if (!PeekError.is(error)) throw error;
    return { enable: [], disable: [], problem: error.message };
  }
}
