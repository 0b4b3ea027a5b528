import type { TaskDatabase, TaskRows } from "@peek/plugin-base/internal";
import { ConnectionBudget } from "../access/ConnectionBudget.ts";
import { ConnectionPool } from "../access/ConnectionPool.ts";
import type { StorageHealth } from "../access/StorageHealth.ts";
import type { ConnectionTarget } from "../connection/ConnectionTarget.ts";
import type { StorageOptions } from "../Storage.ts";

/** How many connections tasks have at most: to queue, to take, to settle, and to supervise. */
const size = 4;

/** The connections of tasks: of the account that owns the database, and with `pg`'s own types of values, as pg-boss expects them. */
export class PooledTaskDatabase implements TaskDatabase {
  readonly #pool: ConnectionPool;
  readonly #health: StorageHealth;

  constructor(
    { title, config }: StorageOptions,
    { target, health }: { readonly target: ConnectionTarget; readonly health: StorageHealth },
  ) {
    const connectTimeoutMs = config.acquireTimeoutSeconds * 1000;
    this.#health = health;
    this.#pool = new ConnectionPool({
      target,
      title: "tasks",
      size,
      acquireTimeoutMs: connectTimeoutMs,
      budget: new ConnectionBudget(Infinity),
      health,
      prepares: true,
      settings: {
        applicationName: `${title} tasks`,
        connectTimeoutMs,
        statementTimeoutMs: config.statementTimeoutSeconds * 1000,
        values: "pg",
      },
    });
  }

  get available(): boolean {
    return this.#health.available;
  }

  async query(sql: string, values: readonly unknown[] = []): Promise<TaskRows> {
    const { rows } = await this.#pool.use((lent) => lent.query(sql, values));
    return { rows };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
  }
}
