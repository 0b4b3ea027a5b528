import type { TaskDatabase, TaskRows } from "@peek/plugin-base/internal";
import type { StorageHealth } from "../health/StorageHealth.ts";
import type { OpenDatabase } from "../openDatabase.ts";
import type { ConnectionPool } from "./ConnectionPool.ts";
import { platformPool } from "./platformPool.ts";
import type { StorageOptions } from "../StorageOptions.ts";

/** The maximum number of connections: to queue, to fetch, to settle, and to supervise tasks. */
const size = 4;

/**
 * The connections of tasks: of the account that owns the database, with the value parsers of `pg`, which pg-boss
 * expects.
 */
export class PooledTaskDatabase implements TaskDatabase {
  readonly #pool: ConnectionPool;
  readonly #health: StorageHealth;

  constructor(options: StorageOptions, database: Pick<OpenDatabase, "target" | "health">) {
    this.#health = database.health;
    this.#pool = platformPool(options, database, { title: "tasks", suffix: "tasks", size, values: "pg" });
  }

  get available(): boolean {
    return this.#health.available;
  }

  async query(sql: string, values: readonly unknown[] = []): Promise<TaskRows> {
    const { rows } = await this.#pool.use((connection) => connection.query(sql, values));
    return { rows };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
  }
}
