import type { Logger } from "@peek/plugin-base";
import type { ClientBase } from "pg";
import { z } from "zod";

const query = `
  SELECT pg_catalog.pg_has_role(nspowner, 'USAGE') AS owned
  FROM pg_catalog.pg_namespace
  WHERE nspname = 'public'
    AND EXISTS (SELECT FROM pg_catalog.aclexplode(nspacl) WHERE grantee = 0 AND privilege_type = 'CREATE')
`;

const rowsSchema = z.array(z.object({ owned: z.boolean() }));

const revoke = "REVOKE CREATE ON SCHEMA public FROM PUBLIC";

/** Prevents plugins from creating objects in the schema public, which PostgreSQL before 15 allowed every role. */
export async function revokePublicCreate(client: ClientBase, logger: Logger): Promise<void> {
  const { rows } = await client.query<Record<string, unknown>>(query);
  const [open] = rowsSchema.parse(rows);
  if (open === undefined) return;
  if (open.owned) await client.query(revoke);
  else logger.warning("Every role may create tables in the schema public. Have its owner run %s", revoke);
}
