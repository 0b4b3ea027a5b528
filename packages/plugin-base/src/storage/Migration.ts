import type { Kysely } from "kysely";

/** Any tables: a migration works on tables as they were, not as the plugin's present types describe them. */
export type MigrationTables = Record<string, Record<string, unknown>>;

/**
 * The database for a migration: the schema builder, queries and `sql`, within the migration's transaction and the plugin's
 * schema. `transaction()` throws.
 */
export type MigrationDatabase = Kysely<MigrationTables>;

/**
 * A module in `storage.migrationsDir`: `0001_create_pumps.ts`. Migrations are applied in the order of their numbers, each once and in a separate transaction.
 *
 * A migration that has been applied is never changed again: a further migration makes the next change.
 *
 * @example
 * export async function up(db: MigrationDatabase): Promise<void> {
 *   await db.schema.createTable("pump").addColumn("id", "integer", (column) => column.primaryKey()).execute();
 * }
 */
export interface Migration {
  /** Migrates the schema one step forward. It imports nothing from the plugin: the plugin changes, a migration does not. */
  up(db: MigrationDatabase): Promise<void>;
  /** Reverts the step, for `peek storage rollback`. Default: it cannot be reverted. */
  down?(db: MigrationDatabase): Promise<void>;
}
