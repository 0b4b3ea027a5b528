import type { Kysely } from "kysely";

/** Any tables: what a migration works on is not what the plugin's types say today. */
export type MigrationTables = Record<string, Record<string, unknown>>;

/**
 * What a migration works with: the schema builder, queries and `sql`, all within the migration's own transaction and
 * the plugin's own schema. `transaction()` throws.
 */
export type MigrationDatabase = Kysely<MigrationTables>;

/**
 * A module in `storage.migrationsDir`: `0001_create_pumps.ts`. They are applied in the order of their numbers, each
 * once and each in a transaction of its own.
 *
 * One that has been applied somewhere is never changed again: what is to be different is a further migration.
 *
 * @example
 * export async function up(db: MigrationDatabase): Promise<void> {
 *   await db.schema.createTable("pump").addColumn("id", "integer", (column) => column.primaryKey()).execute();
 * }
 */
export interface Migration {
  /** Takes the schema one step further. It imports nothing of the plugin's: that changes, a migration does not. */
  up(db: MigrationDatabase): Promise<void>;
  /** Takes that step back, for `peek storage rollback`. Default: there is no way back. */
  down?(db: MigrationDatabase): Promise<void>;
}
