import type { PooledConnection } from "../pool/PooledConnection.ts";
import type { MigrationFile } from "./readMigrations.ts";

/** Records that the named migrations, and those after the last one of a package, allow versions without them. */
export async function allowOlder(
  { client }: PooledConnection,
  plugin: string,
  files: readonly MigrationFile[],
  names: readonly string[],
): Promise<void> {
  const last = files.at(-1)?.number ?? -1n;
  await client.query(
    "UPDATE peek_platform.migration SET allows_older = true WHERE plugin = $1 AND (number > $2 OR name = ANY($3))",
    [plugin, last.toString(), names],
  );
}
