import type pg from "pg";
import { notedTable } from "./loadPlugin.ts";

/** The key of the advisory lock for which what is held back waits. */
const key = 5;

/** Has the database hold back actions once so many have been noted: whatever is quick, some are still to come until it is disposed of. */
export class HeldBack implements AsyncDisposable {
  readonly #holder: pg.PoolClient;

  private constructor(holder: pg.PoolClient) {
    this.#holder = holder;
  }

  /** @param count From how many on. Actions that are under way by then in other lanes may still be noted. */
  static async from(db: pg.Pool, count: number): Promise<HeldBack> {
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
    return new HeldBack(holder);
  }

  /** Lets them go on. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#holder.query("SELECT pg_advisory_unlock($1)", [key]);
    this.#holder.release();
  }
}
