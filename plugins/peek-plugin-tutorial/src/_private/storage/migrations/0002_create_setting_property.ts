import { type MigrationDatabase, sql } from "@peek/plugin-base/storage";

export async function up(db: MigrationDatabase): Promise<void> {
  await db.schema
    .createTable("setting_property")
    .addColumn("key", "text", (column) => column.primaryKey())
    .addColumn("value", "jsonb", (column) => column.notNull())
    .addColumn("changed_at", "timestamptz", (column) => column.notNull().defaultTo(sql`now()`))
    .execute();
}

export async function down(db: MigrationDatabase): Promise<void> {
  await db.schema.dropTable("setting_property").execute();
}
