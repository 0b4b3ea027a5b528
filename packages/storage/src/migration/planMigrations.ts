import { PeekError } from "@peek/errors";
import type { AppliedMigration } from "../catalogue/readCatalogue.ts";
import type { MigrationFile } from "./readMigrations.ts";

/**
 * Compares a plugin's migrations with those that were applied.
 *
 * @param plugin The plugin's name.
 * @param files The migrations of its package, in order.
 * @param applied The migrations of the database, in order.
 * @returns The migrations that are not applied yet, in order.
 * @throws PeekError `MIGRATION_EDITED`, `MIGRATION_MISSING`, `MIGRATION_NEWER` or `MIGRATION_OUT_OF_ORDER`.
 */
export function planMigrations(
  plugin: string,
  files: readonly MigrationFile[],
  applied: readonly AppliedMigration[],
): readonly MigrationFile[] {
  const recorded = new Map(applied.map((migration) => [migration.name, migration]));
  const last = files.at(-1)?.number ?? -1n;
  const names = new Set(files.map(({ name }) => name));
  for (const migration of applied) {
    if (!names.has(migration.name)) throw missingFile(plugin, migration, numberOf(migration.name) > last);
  }
  const newest = applied.reduce((highest, { name }) => max(highest, numberOf(name)), -1n);
  return files.filter((file) => {
    const record = recorded.get(file.name);
    if (record === undefined) {
      if (file.number < newest) throw outOfOrder(plugin, file, newest);
      return true;
    }
    if (record.checksum !== file.checksum) throw edited(plugin, file, record);
    return false;
  });
}

function numberOf(name: string): bigint {
  return BigInt(/^\d+/.exec(name)?.[0] ?? 0);
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function missingFile(
  plugin: string,
  { name, appliedAt, pluginVersion }: AppliedMigration,
  isNewer: boolean,
): PeekError {
  const finding = `The database has the migration ${name} of ${plugin}, applied ${appliedAt} by version ${pluginVersion}, and the installed package does not have it`;
  return isNewer
    ? new PeekError(
        "MIGRATION_NEWER",
        `${finding}: the package is older than the database. Install version ${pluginVersion} or later, or restore the file if it was lost. To downgrade, roll back with that version first: peek storage rollback ${plugin}.`,
        { fields: { plugin, migration: name } },
      )
    : new PeekError("MIGRATION_MISSING", `${finding}. Restore the file without changes.`, {
        fields: { plugin, migration: name },
      });
}

function outOfOrder(plugin: string, { name, file }: MigrationFile, newest: bigint): PeekError {
  return new PeekError(
    "MIGRATION_OUT_OF_ORDER",
    `The migration ${name} of ${plugin} (${file}) is new, but number ${newest} has been applied already. Give it a number after ${newest}.`,
    { fields: { plugin, migration: name } },
  );
}

function edited(plugin: string, { name, file }: MigrationFile, { appliedAt, checksum }: AppliedMigration): PeekError {
  return new PeekError(
    "MIGRATION_EDITED",
    `The migration ${name} of ${plugin} (${file}) was edited after it was applied ${appliedAt}. Restore the file, and make the change in a new migration. If no other database has applied it, you can revert it instead: peek storage rollback ${plugin} --edited.`,
    { fields: { plugin, migration: name, checksum } },
  );
}
