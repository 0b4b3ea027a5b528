import { serviceConfigSchema, type ServiceConfigInput } from "@peek/config";
import { Storage, type StorageOptions } from "@peek/storage";
import { silentLogger } from "./silentLogger.ts";

/** Settings of a storage that a bench chooses; the others are the logic service's. */
export interface BenchStorageOptions extends Pick<StorageOptions, "embedded" | "embeddedDir" | "plugins" | "signal"> {
  readonly config?: ServiceConfigInput["storage"];
}

/** Opens a storage like the logic service's, without the service. */
export async function openStorage({ config = {}, ...options }: BenchStorageOptions): Promise<Storage> {
  return await Storage.open({
    ...options,
    title: "peek bench",
    config: serviceConfigSchema.parse({ storage: config }).storage,
    migrations: "apply",
    getLogger: () => silentLogger,
  });
}
