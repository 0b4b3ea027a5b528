import type { HealthStatus } from "./health/StorageHealth.ts";
import type { PoolStatus } from "./pool/ConnectionPool.ts";

/** The status of a service's storage: plain data without secrets. */
export interface StorageStatus extends HealthStatus {
  readonly kind: "embedded" | "server";
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** The server's: `"15.20"`. */
  readonly serverVersion: string;
  /** Whether each plugin has a role of its own; otherwise nothing isolates the plugins' schemas from each other. */
  readonly rolePerPlugin: boolean;
  /** The connections of each plugin that has any. */
  readonly pools: Readonly<Record<string, PoolStatus>>;
}
