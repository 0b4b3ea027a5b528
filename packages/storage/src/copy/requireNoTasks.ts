import { z } from "zod";
import type { PooledConnection } from "../pool/PooledConnection.ts";
import { copyRefused } from "./copyRefused.ts";

/** The schema of tasks, which belongs to pg-boss and is created in the copy on first use. */
export const tasksSchema = "peek_tasks";

const foundSchema = z.object({ found: z.boolean() });
const countSchema = z.object({ unfinished: z.number(), failed: z.number() });

/**
 * Makes sure that there are no tasks, since a copy would lose them.
 *
 * @throws PeekError `STORAGE_COPY_REFUSED`
 */
export async function requireNoTasks(connection: PooledConnection): Promise<void> {
  const { rows: tables } = await connection.query(`SELECT to_regclass('${tasksSchema}.job') IS NOT NULL AS found`);
  if (!foundSchema.parse(tables[0]).found) return;
  const { rows } = await connection.query(
    `SELECT count(*) FILTER (WHERE state IN ('created', 'retry', 'active'))::int AS unfinished,
      count(*) FILTER (WHERE state = 'failed')::int AS failed
     FROM ${tasksSchema}.job WHERE name LIKE '%.%'`,
  );
  const { unfinished, failed } = countSchema.parse(rows[0]);
  if (unfinished + failed === 0) return;
  throw copyRefused(
    `The database has ${unfinished} unfinished and ${failed} failed tasks, and tasks are not copied. Wait until workers have finished them, or drop them with peek tasks drop; or leave them behind with --without ${tasksSchema}.`,
  );
}
