import type { ClientBase } from "pg";
import { z } from "zod";
import type { AppliedMigration } from "../migration/planMigrations.ts";

const query = `
  SELECT
    name,
    checksum,
    to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "appliedAt",
    plugin_version AS "pluginVersion"
  FROM peek_platform.migration
  WHERE plugin = $1
  ORDER BY number
`;

const rowSchema = z.object({
  name: z.string(),
  checksum: z.string(),
  appliedAt: z.string(),
  pluginVersion: z.string(),
});

/** Reads the applied migrations of one plugin, in the order of their numbers. */
export async function readApplied(client: ClientBase, plugin: string): Promise<readonly AppliedMigration[]> {
  const { rows } = await client.query<Record<string, unknown>>(query, [plugin]);
  return z.array(rowSchema).parse(rows);
}
