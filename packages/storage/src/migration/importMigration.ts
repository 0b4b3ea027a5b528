import { pathToFileURL } from "node:url";
import { messageOf, PeekError } from "@peek/errors";
import type { Migration } from "@peek/plugin-base/storage";
import type { MigrationFile } from "./readMigrations.ts";

/**
 * Imports the code of a migration.
 *
 * @throws PeekError `MIGRATIONS_UNREADABLE` when it cannot be imported, or exports no up().
 */
export async function importMigration({ file, checksum }: MigrationFile): Promise<Migration> {
  const module = await importModule(file, checksum);
  if (!isMigration(module)) {
    throw new PeekError(
      "MIGRATIONS_UNREADABLE",
      `The migration ${file} exports no function up(db), or its export down is not a function. Export async functions up(db) and, optionally, down(db).`,
      { fields: { file } },
    );
  }
  return module;
}

async function importModule(file: string, checksum: string): Promise<object> {
  try {
    // With the checksum in the URL, since Node caches a module under its URL.
    const module: object = await import(`${pathToFileURL(file).href}?${checksum}`);
    return module;
  } catch (cause) {
    throw new PeekError("MIGRATIONS_UNREADABLE", `Importing the migration ${file} failed: ${messageOf(cause)}`, {
      cause,
      fields: { file },
    });
  }
}

function isMigration(module: object): module is Migration {
  const down: unknown = Reflect.get(module, "down");
  return typeof Reflect.get(module, "up") === "function" && (down === undefined || typeof down === "function");
}
