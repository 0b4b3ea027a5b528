import { z } from "zod";

/** Which transactions had ended at a moment. Numbers of transactions are texts of digits, as the server writes them. */
export interface Snapshot {
  /** The first that had not begun. */
  readonly next: string;
  /** Those before it that had not ended. */
  readonly running: readonly string[];
}

/** Before any transaction. */
export const beginning: Snapshot = { next: "0", running: [] };

const snapshotSchema = z
  .string()
  .regex(/^\d+:\d+:(?:\d+(?:,\d+)*)?$/)
  .transform((text): Snapshot => {
    const [, next = "", running = ""] = text.split(":");
    return { next, running: running === "" ? [] : running.split(",") };
  });

/** Reads what PostgreSQL writes for a `pg_snapshot`: `10:20:10,14`. */
export function parseSnapshot(value: unknown): Snapshot {
  return snapshotSchema.parse(value);
}
