import type { MigrationDatabase } from "@peek/plugin-base/storage";

export async function up(db: MigrationDatabase): Promise<void> {
  await db.schema
    .alterTable("string_int")
    .addColumn("unit", "text", (column) => column.notNull().defaultTo(""))
    .execute();
}

export async function down(db: MigrationDatabase): Promise<void> {
  await db.schema.alterTable("string_int").dropColumn("unit").execute();
}
