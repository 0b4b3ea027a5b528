import { cutText, PeekError } from "@peek/errors";
import type { PlannedMigration } from "@peek/loader";
import type { Storage, StoragePlugin } from "@peek/storage";

/** How long the migrations may take, in milliseconds: the tables that they change are locked for the running version. */
const tryMs = 30_000;
/** How long one of them may wait for a table that the running version uses: others wait behind it. */
const lockTimeoutMs = 2000;
/** The maximum number of statements of one migration, and of characters of all, that are shown. */
const maxStatements = 200;
const maxCharacters = 200_000;

/**
 * Tries the pending migrations of a version in a transaction that is rolled back, while another version runs.
 *
 * @throws PeekError `MIGRATION_…` when one fails; `MIGRATION_FAILED` when they take too long.
 */
export async function tryMigrations(
  storage: Storage,
  version: StoragePlugin,
  signal: AbortSignal,
): Promise<readonly PlannedMigration[]> {
  const timeout = AbortSignal.timeout(tryMs);
  try {
    const tried = await storage.dryRun(version, AbortSignal.any([signal, timeout]), { lockTimeoutMs });
    return withinLimits(tried);
  } catch (error) {
    if (!timeout.aborted || signal.aborted) throw error;
    throw new PeekError(
      "MIGRATION_FAILED",
      `The migrations of ${version.name} ${version.version} were not tried to their end within ${tryMs / 1000} s, and were undone. Stop logic, and try them with peek storage migrate --dry-run.`,
      { cause: error, fields: { plugin: version.name } },
    );
  }
}

function withinLimits(tried: readonly PlannedMigration[]): readonly PlannedMigration[] {
  let left = maxCharacters;
  return tried.map(({ statements, ...migration }) => {
    const shown: string[] = [];
    for (const statement of statements.slice(0, maxStatements)) {
      if (left <= 0) break;
      shown.push(cutText(statement, left));
      left -= statement.length;
    }
    const omitted = statements.length - shown.length;
    if (omitted > 0) shown.push(`-- ${omitted} further statements`);
    return { ...migration, statements: shown };
  });
}
