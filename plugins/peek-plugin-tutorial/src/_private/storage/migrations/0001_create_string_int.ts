import type { MigrationDatabase } from "@peek/plugin-base/storage";

export async function up(db: MigrationDatabase): Promise<void> {
  await db.schema
    .createTable("string_int")
    .addColumn("id", "integer", (column) => column.generatedAlwaysAsIdentity().primaryKey())
    .addColumn("string1", "text", (column) => column.notNull())
    .addColumn("int1", "integer", (column) => column.notNull())
    .execute();
}

export async function down(db: MigrationDatabase): Promise<void> {
  await db.schema.dropTable("string_int").execute();
}
