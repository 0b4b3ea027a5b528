import type { DatabaseLocation, DatabaseLocationOptions } from "./DatabaseLocation.ts";
import type { StoragePlugin } from "./StoragePlugin.ts";
import type { StorageTiming } from "./StorageTiming.ts";

/** The options of a `Storage`. */
export interface StorageOptions extends DatabaseLocationOptions {
  /** The process that opens it, as the server's administrator sees it in pg_stat_activity: `peek logic`. */
  readonly title: string;
  /** Whether this process creates and migrates schemas, or waits until another process has. */
  readonly migrations: "apply" | "await";
  /** Whether a database may be opened while a copy into it is running or was interrupted. Default: `"refuse"`. */
  readonly unfinishedCopy?: "accept" | "refuse";
  /** The plugins that require storage. */
  readonly plugins: readonly StoragePlugin[];
  /** The database's location, where the caller has started it already; disposed with the storage. Default: by these options. */
  readonly location?: DatabaseLocation;
  /** The timing of background work that differs from that of services, for tests. */
  readonly timing?: Partial<StorageTiming>;
}
