import { PeekError } from "@peek/errors";
import type { AppliedMigration } from "../catalogue/readCatalogue.ts";
import type { MigrationFile } from "./readMigrations.ts";

/**
 * Compares a plugin's migrations with those that were applied. Later migrations that the package lacks are accepted where they allow
 * older versions.
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
  const missing = applied.find(({ name }) => !names.has(name) && numberOf(name) <= last);
  if (missing !== undefined) throw missingFile(plugin, missing);
  const barring = laterMigrations(files, applied).filter(({ allowsOlder }) => !allowsOlder);
  if (barring.length > 0) throw tooOld(plugin, barring);
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

/** The applied migrations after the last one of a package, in order. */
export function laterMigrations(
  files: readonly MigrationFile[],
  applied: readonly AppliedMigration[],
): readonly AppliedMigration[] {
  const last = files.at(-1)?.number ?? -1n;
  return applied.filter(({ name }) => numberOf(name) > last);
}

function numberOf(name: string): bigint {
  return BigInt(/^\d+/.exec(name)?.[0] ?? 0);
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function missingFile(plugin: string, { name, appliedAt, pluginVersion }: AppliedMigration): PeekError {
  return new PeekError(
    "MIGRATION_MISSING",
    `The database has the migration ${name} of ${plugin}, applied ${appliedAt} by version ${pluginVersion}, and the installed package does not have it. Restore the file without changes.`,
    { fields: { plugin, migration: name } },
  );
}

/** @param barring The later migrations that allow no older version. */
function tooOld(plugin: string, barring: readonly AppliedMigration[]): PeekError {
  const { appliedAt, pluginVersion } = barring.at(-1) ?? { appliedAt: "", pluginVersion: "" };
  const names = barring.map(({ name }) => name).join(", ");
  return new PeekError(
    "MIGRATION_NEWER",
    `The package of ${plugin} is older than the database, which has ${names}, applied until ${appliedAt} by version ${pluginVersion}. Without down(), a migration does not allow older versions. Install version ${pluginVersion} or later, or restore the file if it was lost. To downgrade, restore a backup; migrations that have down() can be reverted with that version: peek storage rollback ${plugin}.`,
    { fields: { plugin, migrations: names } },
  );
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
