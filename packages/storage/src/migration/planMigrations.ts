import { PeekError } from "@peek/errors";
import type { MigrationFile } from "./MigrationFile.ts";

/** A migration that has been applied to the database. */
export interface AppliedMigration {
  readonly name: string;
  readonly checksum: string;
  /** ISO 8601, UTC. */
  readonly appliedAt: string;
  /** The version that the plugin had then. */
  readonly pluginVersion: string;
}

/**
 * The migrations that are still to be applied, in their order.
 *
 * @param plugin The plugin's name.
 * @param files What its package has, in order.
 * @param applied What the database has, in order.
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
    if (!names.has(migration.name)) throw absent(plugin, migration, numberOf(migration.name) > last);
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

function absent(plugin: string, { name, appliedAt, pluginVersion }: AppliedMigration, isNewer: boolean): PeekError {
  const what = `The database has the migration ${name} of ${plugin}, applied ${appliedAt} by version ${pluginVersion}, and the installed package does not`;
  return isNewer
    ? new PeekError(
        "MIGRATION_NEWER",
        `${what}: it is older than the database. Install version ${pluginVersion} or later, or put the file back if it was lost; to go back, roll back with that version first: peek storage rollback ${plugin}.`,
        { fields: { plugin, migration: name } },
      )
    : new PeekError("MIGRATION_MISSING", `${what}. Put the file back as it was.`, {
        fields: { plugin, migration: name },
      });
}

function outOfOrder(plugin: string, { name, file }: MigrationFile, newest: bigint): PeekError {
  return new PeekError(
    "MIGRATION_OUT_OF_ORDER",
    `The migration ${name} of ${plugin} (${file}) is new, but number ${newest} has been applied before it. Give it a number after ${newest}.`,
    { fields: { plugin, migration: name } },
  );
}

function edited(plugin: string, { name, file }: MigrationFile, { appliedAt, checksum }: AppliedMigration): PeekError {
  return new PeekError(
    "MIGRATION_EDITED",
    `The migration ${name} of ${plugin} (${file}) is not what was applied ${appliedAt}. Put it back as it was, and make the change in a new migration; or, where it is your own and nobody else has applied it, take it back first: peek storage rollback ${plugin} --edited.`,
    { fields: { plugin, migration: name, checksum } },
  );
}
