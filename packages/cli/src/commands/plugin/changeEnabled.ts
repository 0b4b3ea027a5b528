import { createServiceHome, editConfigValue, loadConfig } from "@peek/config";
import { z } from "zod";
import type { LocalService } from "../../LocalService.ts";

/**
 * Changes `plugin.enabled` of a service; its home and config.json are created where they are missing.
 *
 * @returns Whether a name was added or removed.
 * @throws PeekError as `loadConfig`
 */
export function changeEnabled(
  { home }: LocalService,
  edit: (enabled: readonly string[]) => readonly string[],
): boolean {
  createServiceHome(home);
  loadConfig(home.configFile);
  let changed = false;
  editConfigValue(home.configFile, ["plugin", "enabled"], (before) => {
    const enabled = z.array(z.string()).parse(before);
    const wanted = edit(enabled);
    changed = wanted.length !== enabled.length;
    return wanted;
  });
  return changed;
}

/** The names with one more, if it is not among them. */
export function withName(name: string): (enabled: readonly string[]) => readonly string[] {
  return (enabled) => (enabled.includes(name) ? enabled : [...enabled, name]);
}

/** The names without one. */
export function withoutName(name: string): (enabled: readonly string[]) => readonly string[] {
  return (enabled) => enabled.filter((each) => each !== name);
}
