import { z } from "zod";

/** The set of transactions that had ended at a moment. Transaction ids are decimal texts, as the server writes them. */
export interface TransactionSnapshot {
  /** The lowest id that was not assigned yet. */
  readonly next: string;
  /** The ids below `next` whose transactions had not ended. */
  readonly running: readonly string[];
}

/** The snapshot before any transaction. */
export const emptySnapshot: TransactionSnapshot = { next: "0", running: [] };

const snapshotSchema = z
  .string()
  .regex(/^\d+:\d+:(?:\d+(?:,\d+)*)?$/)
  .transform((text): TransactionSnapshot => {
    const [, next = "", running = ""] = text.split(":");
    return { next, running: running === "" ? [] : running.split(",") };
  });

/** Parses PostgreSQL's text of a `pg_snapshot`: `10:20:10,14`. */
export function parseSnapshot(value: unknown): TransactionSnapshot {
  return snapshotSchema.parse(value);
}
