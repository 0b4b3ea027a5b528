import { addEnabledPlugin, createServiceHome, loadConfig, removeEnabledPlugin } from "@peek/config";
import type { LocalService } from "../../LocalService.ts";

/**
 * Adds or removes a name in `plugin.enabled` of a service; its home and config.json are created where they are missing.
 *
 * @returns Whether the name was added or removed.
 * @throws PeekError as `loadConfig`
 */
export function changeEnabled({ home }: LocalService, kind: "enable" | "disable", name: string): boolean {
  createServiceHome(home);
  loadConfig(home.configFile);
  return (kind === "enable" ? addEnabledPlugin : removeEnabledPlugin)(home.configFile, name);
}
