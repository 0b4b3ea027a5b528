import { z } from "zod";
import type { LentClient } from "../access/LentClient.ts";
import { copyRefused } from "./copyRefused.ts";

/** The schema in which tasks are kept: pg-boss's, which makes it anew in the copy when it is first needed. */
export const tasksSchema = "peek_tasks";

const foundSchema = z.object({ found: z.boolean() });
const countSchema = z.object({ unfinished: z.number(), failed: z.number() });

/**
 * Sees that no task would be lost by a copy, which has none.
 *
 * @throws PeekError `STORAGE_COPY_REFUSED`
 */
export async function refuseTasks(lent: LentClient): Promise<void> {
  const { rows: tables } = await lent.query(`SELECT to_regclass('${tasksSchema}.job') IS NOT NULL AS found`);
  if (!foundSchema.parse(tables[0]).found) return;
  const { rows } = await lent.query(
    `SELECT count(*) FILTER (WHERE state IN ('created', 'retry', 'active'))::int AS unfinished,
      count(*) FILTER (WHERE state = 'failed')::int AS failed
     FROM ${tasksSchema}.job WHERE name LIKE '%.%'`,
  );
  const { unfinished, failed } = countSchema.parse(rows[0]);
  if (unfinished + failed === 0) return;
  throw copyRefused(
    `The database has ${unfinished} tasks that are not done and ${failed} that have failed, and tasks are not copied. Let workers do them, or drop them with peek tasks drop; or leave them behind with --without ${tasksSchema}.`,
  );
}
