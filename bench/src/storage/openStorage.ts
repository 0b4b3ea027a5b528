import { serviceConfigSchema, type ServiceConfigInput } from "@peek/config";
import { Storage, type StorageOptions } from "@peek/storage";
import { silentLogger } from "./silentLogger.ts";

/** What a bench decides of a storage; the rest is as the logic service has it. */
export interface BenchStorageOptions extends Pick<StorageOptions, "embedded" | "embeddedDir" | "plugins" | "signal"> {
  readonly config?: ServiceConfigInput["storage"];
}

/** Opens a storage as the logic service does, without one. */
export async function openStorage({ config = {}, ...options }: BenchStorageOptions): Promise<Storage> {
  return await Storage.open({
    ...options,
    title: "peek bench",
    config: serviceConfigSchema.parse({ storage: config }).storage,
    migrations: "apply",
    getLogger: () => silentLogger,
  });
}
