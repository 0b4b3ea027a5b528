import { existsSync } from "node:fs";
import { homeLockHolder } from "@peek/config";
import type { ServiceName } from "@peek/plugin-base";
import { type LocalService, configOf, localServices } from "../../LocalService.ts";
import { changeEnabled } from "./changeEnabled.ts";

/** The outcome of a change on a service that is not connected. */
export interface AwayService {
  readonly service: ServiceName;
  /** Whether its config.json was changed, or is already as wanted; else it has to be changed on its machine. */
  readonly isSaved: boolean;
  readonly sentence: string;
}

/** Enables or disables a plugin in the config.json of services that do not run on this machine; names the others. */
export function changeAway(
  kind: "enable" | "disable",
  plugin: string,
  away: readonly ServiceName[],
  dryRun: boolean,
): readonly AwayService[] {
  return localServices(away).map((service) => changeOne(kind, plugin, service, dryRun));
}

function changeOne(kind: "enable" | "disable", plugin: string, local: LocalService, dryRun: boolean): AwayService {
  const { name: service, home } = local;
  const isHere = existsSync(home.configFile) && homeLockHolder(home) === undefined;
  if (!isHere) {
    const where = `Run peek plugin ${kind} ${plugin} --service ${service} on its machine, before it starts`;
    return {
      service,
      isSaved: false,
      sentence: `${service}: not connected, so that nothing was changed there. ${where}`,
    };
  }
  if (configOf(local).plugin.enabled.includes(plugin) === (kind === "enable")) {
    return { service, isSaved: true, sentence: `${service}: does not run; ${plugin} was already ${kind}d` };
  }
  if (!dryRun) changeEnabled(local, kind, plugin);
  return {
    service,
    isSaved: true,
    sentence: `${service}: does not run; ${plugin} ${dryRun ? "would be " : ""}${kind}d for its next start`,
  };
}
