import type { Generated } from "kysely";

/** The table of the queries. */
export interface ItemTables {
  readonly item: {
    readonly id: Generated<number>;
    readonly name: string;
    readonly amount: number;
  };
}

/** The number of rows to select from. */
export const itemCount = 1000;

/** The migration that makes it, like a plugin's. */
export const itemMigration = `export async function up(db) {
  await db.schema
    .createTable("item")
    .addColumn("id", "integer", (column) => column.generatedByDefaultAsIdentity().primaryKey())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("amount", "integer", (column) => column.notNull())
    .execute();
  const items = Array.from({ length: ${itemCount} }, (_, index) => ({ name: "item " + index, amount: index }));
  await db.insertInto("item").values(items).execute();
}
`;
