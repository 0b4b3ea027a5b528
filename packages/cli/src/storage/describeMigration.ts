/** A migration that was tried. */
export interface TriedMigration {
  readonly name: string;
  readonly isReversible: boolean;
  readonly statements: readonly string[];
}

/** The lines that show a migration that was tried: whether it can be undone, and its SQL. */
export function describeMigration(
  where: string,
  { name, isReversible, statements }: TriedMigration,
): readonly string[] {
  const limit = isReversible ? "" : "; it has no down(), so that no version without it can run afterwards";
  const sql = statements.map((statement) => `  ${statement.trim().replaceAll("\n", "\n  ")};`);
  return [`${where}: ${name} would be applied${limit}:`, ...sql];
}
