import { z } from "zod";
import { editConfigValue } from "./ConfigFile.ts";

/**
 * Adds a name to `plugin.enabled` of a config.json.
 *
 * @returns Whether it was not there before.
 * @throws PeekError as {@link editConfigValue}; the file is unchanged then.
 */
export function addEnabledPlugin(file: string, name: string): boolean {
  return edit(file, (enabled) => (enabled.includes(name) ? enabled : [...enabled, name]));
}

/**
 * Removes a name from `plugin.enabled` of a config.json.
 *
 * @returns Whether it was there before.
 * @throws PeekError as {@link editConfigValue}; the file is unchanged then.
 */
export function removeEnabledPlugin(file: string, name: string): boolean {
  return edit(file, (enabled) => enabled.filter((each) => each !== name));
}

function edit(file: string, change: (enabled: readonly string[]) => readonly string[]): boolean {
  let changed = false;
  editConfigValue(file, ["plugin", "enabled"], (before) => {
    const enabled = z.array(z.string()).parse(before);
    const wanted = change(enabled);
    changed = wanted.length !== enabled.length;
    return wanted;
  });
  return changed;
}
