import type pg from "pg";
import { notedTable } from "./loadPlugin.ts";

/** The key of the advisory lock for which blocked actions wait. */
const key = 5;

/** Makes the database block actions after the first `count`, so that some stay unexecuted until it is disposed, at any speed. */
export class BlockedActions implements AsyncDisposable {
  readonly #holder: pg.PoolClient;

  private constructor(holder: pg.PoolClient) {
    this.#holder = holder;
  }

  /** @param count The number of actions before the first blocked one. Running actions of other lanes may still be executed. */
  static async from(db: pg.Pool, count: number): Promise<BlockedActions> {
    const holder = await db.connect();
    try {
      await holder.query("SELECT pg_advisory_lock($1)", [key]);
      await holder.query(`
        CREATE FUNCTION hold_back() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF (SELECT count(*) FROM ${notedTable}) >= ${count} THEN
            PERFORM pg_advisory_xact_lock_shared(${key});
          END IF;
          RETURN NEW;
        END $$;
        CREATE TRIGGER hold_back BEFORE INSERT ON ${notedTable} FOR EACH ROW EXECUTE FUNCTION hold_back()`);
    } catch (error) {
      holder.release(true);
      throw error;
    }
    return new BlockedActions(holder);
  }

  /** Unblocks the actions. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#holder.query("SELECT pg_advisory_unlock($1)", [key]);
    this.#holder.release();
  }
}
