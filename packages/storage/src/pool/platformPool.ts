import type { OpenDatabase } from "../openDatabase.ts";
import type { StorageOptions } from "../StorageOptions.ts";
import { ConnectionBudget } from "./ConnectionBudget.ts";
import { ConnectionPool } from "./ConnectionPool.ts";

/** The options of {@link platformPool}. */
export interface PlatformPoolOptions {
  /** The owner, as messages name it. */
  readonly title: string;
  /** The end of its name in pg_stat_activity, behind the service's: `tasks`. */
  readonly suffix: string;
  readonly size: number;
  /** As in `ClientSettings`. */
  readonly values?: "peek" | "pg";
}

/**
 * A pool of the account that owns the database, for one part of the platform. Its connections are among those that the
 * budget of the plugins leaves free.
 */
export function platformPool(
  { title: service, config }: StorageOptions,
  { target, health }: Pick<OpenDatabase, "target" | "health">,
  { title, suffix, size, values = "peek" }: PlatformPoolOptions,
): ConnectionPool {
  const connectTimeoutMs = config.acquireTimeoutSeconds * 1000;
  return new ConnectionPool({
    target,
    title,
    size,
    acquireTimeoutMs: connectTimeoutMs,
    budget: new ConnectionBudget(Infinity),
    health,
    prepares: true,
    settings: {
      applicationName: `${service} ${suffix}`,
      connectTimeoutMs,
      statementTimeoutMs: config.statementTimeoutSeconds * 1000,
      values,
    },
  });
}
