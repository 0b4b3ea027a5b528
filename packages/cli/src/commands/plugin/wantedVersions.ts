import { WantedVersions } from "@peek/archive";
import { localServices } from "../../LocalService.ts";
import { type SoftwareFolder, softwareFolders } from "./SoftwareFolder.ts";

/** Whether logic uses a folder. */
export function isOfLogic({ services }: SoftwareFolder): boolean {
  return services.some(({ name }) => name === "logic");
}

/** Has logic forget which version of a plugin services are to run, since the files say it from now on. */
export function forgetWanted(plugin: string): void {
  for (const { dir } of softwareFolders(localServices(["logic"]))) new WantedVersions(dir).set(plugin, undefined);
}
