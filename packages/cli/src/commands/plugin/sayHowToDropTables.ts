import { schemaNameOf } from "@peek/storage";

/** Says that the tables of a removed plugin remain, and how to delete them. */
export function sayHowToDropTables(plugin: string): void {
  const schema = schemaNameOf(plugin);
  console.log(
    `Kept: its tables, the schema ${schema} of the database, if it has any. Delete them with DROP SCHEMA ${schema} CASCADE.`,
  );
}
