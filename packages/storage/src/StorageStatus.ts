import type { HealthStatus } from "./access/StorageHealth.ts";
import type { PoolStatus } from "./access/ConnectionPool.ts";

/** What is known of a service's storage: data, safe to send or print. */
export interface StorageStatus extends HealthStatus {
  readonly kind: "embedded" | "server";
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** The server's: `"15.20"`. */
  readonly serverVersion: string;
  /** Whether each plugin has a role of its own; otherwise schemas are kept apart by good manners only. */
  readonly rolePerPlugin: boolean;
  /** The connections of each plugin that has any. */
  readonly pools: Readonly<Record<string, PoolStatus>>;
}
